"""Fields keep what is typed, whatever is pasted, undone and resized in whatever order."""

from __future__ import annotations

import random

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input

from screen import lines, settled, shows, until
from studyapp.tui.widgets.answer import AnswerBox
from studyapp.tui.widgets.field import LineField, TextField

PASTED = ["x\n" * 16, "word " * 40, "\n", "a\x1b[31mb", "日本語\n" * 3, "x" * 300]


class Fields(App[None]):
    def compose(self) -> ComposeResult:
        yield LineField(id="line")
        box = AnswerBox(id="box")
        box.placeholder = "what stands here while nothing is written"
        yield box
        yield TextField(id="text", soft_wrap=True)


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_of_pasting_undoing_and_resizing(seed: int) -> None:
    draw, app = random.Random(seed), Fields()
    async with app.run_test(size=(100, 30)) as pilot:
        for name in ("box", "text"):
            field = app.query_one(f"#{name}", TextField)
            field.focus()
            for _ in range(30):
                match draw.randrange(6):
                    case 0 | 1:
                        app.post_message(events.Paste(draw.choice(PASTED)))
                    case 2:
                        await pilot.press(*["ctrl+z"] * draw.randint(1, 3))
                    case 3:
                        await pilot.press("ctrl+y")
                    case 4:
                        await pilot.press(*draw.choices(["enter", "a", "backspace", "up"], k=3))
                    case 5:
                        width, height = draw.choice([(1, 1), (4, 3), (20, 8), (100, 30), (40, 5)])
                        await pilot.resize_terminal(width, height)
            await settled(pilot)
            for _ in range(200):
                field.undo()
            await settled(pilot)
            assert field.text == ""


async def test_a_paste_is_undone_at_once() -> None:
    app = Fields()
    async with app.run_test(size=(100, 30)) as pilot:
        for field in app.query(TextField):
            field.focus()
            await until(pilot, lambda field=field: app.focused is field)
            app.post_message(events.Paste("x\n" * 16))
            await until(pilot, lambda field=field: field.text == "x\n" * 16)
            await pilot.press("ctrl+z")
            await until(pilot, lambda field=field: field.text == "")


async def test_lines_that_are_pasted_into_one_line_are_joined() -> None:
    app = Fields()
    async with app.run_test() as pilot:
        field = app.query_one(LineField)
        field.focus()
        await settled(pilot)
        app.post_message(events.Paste("one\n two\r\n\tthree\x1b[2J\n"))
        await until(pilot, lambda: field.value)
        assert field.value == "one two three[2J"


async def test_every_one_line_field_shows_what_is_typed(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_today(pilot)
        for keys in (("slash",), ("n",), ("c", "d")):
            await pilot.press(*keys)
            await until(pilot, lambda: isinstance(app.focused, Input))
            await pilot.press(*"zebra")
            await shows(pilot, "zebra")
            assert isinstance(app.focused, LineField)
            await pilot.press("escape")
            await until(pilot, lambda: "zebra" not in lines(app))


async def test_a_text_that_is_not_wrapped_anew_yet_is_painted_as_far_as_it_goes() -> None:
    app = Fields()
    async with app.run_test(size=(100, 30)) as pilot:
        field = app.query_one("#text", TextField)
        field.text = "one\ntwo\nthree"
        await settled(pilot)
        field.document.replace_range((0, 3), (2, 5), "")
        assert [field.get_line(row).plain for row in range(3)] == ["one", "", ""]
        field.wrapped_document.wrap(field.wrap_width)
