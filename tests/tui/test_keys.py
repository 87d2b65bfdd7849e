"""The table of keys: laws that hold for it, and other keys that a learner wants."""

from __future__ import annotations

import importlib
import pkgutil
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pressing import PLACES, PressedApp, play, post, press
from textual.binding import Binding, BindingsMap
from textual.command import CommandPalette
from textual.keys import format_key
from textual.widget import Widget

from labpack import install
from screen import NARROW, PATIENCE, arrives, hides, lines, settled, shows, tells, until
from studyapp.config import Settings
from studyapp.errors import SettingError
from studyapp.lab import runner
from studyapp.study import today
from studyapp.tui.keys import CHANGING, TABLE, keymap, together
from studyapp.tui.screens.page import Page
from tests_support import Clock, question, questionnaire

CHANGES = ("bury", "suspend", "know", "edit", "rewrite", "ask", "flag", "sure", "done")


def test_no_two_actions_of_a_page_have_a_key_in_common() -> None:
    assert keymap({}) == {}


def test_a_key_means_the_same_on_all_pages() -> None:
    """Letters that tick, which they do only beside points, are no keys of the table."""
    owners: dict[str, list[str]] = {}
    for name, key in TABLE.items():
        for one in key.keys.split(","):
            owners.setdefault(one, []).append(name)
    assert {one: names for one, names in owners.items() if len(names) > 1} == {}


def test_the_hand_of_vim_changes_no_card() -> None:
    """Not with the shift key held down a moment too long either."""
    moves = {*"hjklgHJKLG"}
    assert {name for name in CHANGING if moves & set(TABLE[name].keys.split(","))} == set()


def test_no_small_letter_changes_a_card() -> None:
    assert [
        name for name in CHANGES if TABLE[name].keys.islower() and len(TABLE[name].keys) == 1
    ] == []


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ({"bury": "Z"}, {"bury": "Z"}),
        ({"bury": "!"}, {"bury": "exclamation_mark"}),
        ({"undo": "ctrl+z, f5"}, {"undo": "ctrl+z,f5"}),
        ({"undo": "M", "maths": "u"}, {"undo": "M", "maths": "u"}),  # changed over
        ({"plot": "u", "undo": "p"}, {"plot": "u", "undo": "p"}),
        ({"watch": "v"}, {"watch": "v"}),  # no page has both
        ({"knobs": "Y"}, {"knobs": "Y"}),  # an experiment is no card
        ({"lesson": "s"}, {"lesson": "s"}),  # what leads to the experiments is not on their page
        ({"plot": "O"}, None),  # both are on the page of an experiment
        ({"whole": "L"}, None),  # both are in a questionnaire
        ({"start": "a"}, None),  # a letter ticks in a section's text
    ],
)
def test_keys_that_can_be_had(wanted: dict[str, str], keys: dict[str, str] | None) -> None:
    if keys is None:
        with pytest.raises(SettingError):
            keymap(wanted)
    else:
        assert keymap(wanted) == keys


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"bury": "u"}, "bury and undo cannot both have the key 'u'"),
        ({"bury": "a"}, "bury and ticking a point cannot both have the key 'a'"),
        ({"burry": "B"}, "there is no action 'burry'; did you mean bury"),
        ({"bury": "spacee"}, "'spacee' is no key; give one such as"),
        ({"bury": ""}, "'' is no key"),
        ({"bury": "\x1b"}, "is no key"),
    ],
)
def test_keys_that_cannot_be_had_are_refused_with_a_sentence(
    wanted: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingError, match=sentence) as refused:
        keymap(wanted)
    assert "\x1b" not in str(refused.value)


async def test_another_key_is_the_one_that_works_and_is_shown(make_app, open_today) -> None:
    app = make_app(settings=Settings(keys=(("bury", "Z"), ("write", "y"))))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "minus", "t")
        await shows(pilot, "1 of 10", "Z bury", "y type")
        await hides(pilot, "- bury")
        await pilot.press("Z")
        await tells(pilot, "Buried until tomorrow")
        await shows(pilot, "What does Term 1 mean?")


async def test_no_key_changes_a_card_but_those_that_the_table_names(
    only_pack: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """300 keys over all screens; `benchmarks/keys.py` presses 100,000."""
    install(tmp_path, monkeypatch, "probe", "amount")
    monkeypatch.setattr(runner, "start", play)
    monkeypatch.setattr("studyapp.tui.app.HELD", 0.0)
    monkeypatch.setattr("studyapp.tui.app.BURST", 0.0)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.chdir(tmp_path)
    app = PressedApp(str(tmp_path / "app.db"), Settings(), clock=clock)
    async with app.run_test(size=(60, 20)) as pilot:
        await until(pilot, lambda: app.desk)
        found = await press(app, 300, seed=8)
    assert found.faults == []
    assert len(found.screens) > 5
    assert found.entries


@pytest.mark.parametrize("keys", ["Z", "Z,asterisk"])
def test_what_leaves_a_box_is_no_letter_alone(keys: str) -> None:
    with pytest.raises(SettingError, match="give it a second key, as in"):
        keymap({"back": keys})
    assert keymap({"back": f"{keys},escape"})


async def test_a_box_takes_all_letters_whatever_keys_were_chosen(make_app, open_today) -> None:
    app = make_app(
        settings=Settings(keys=(("back", "Z,escape"), ("down", "asterisk"), ("undo", "f5")))
    )
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", "j", "asterisk", *"kqZ")
        await shows(pilot, "j*kqZ")
        await pilot.press("escape", "enter", "t", *"UqZ", "asterisk")
        await shows(pilot, "UqZ*", "leave the box")


async def test_sentences_name_the_keys_that_the_learner_has_chosen(make_app, open_today) -> None:
    app = make_app(settings=Settings(keys=(("undo", "Z"), ("aside", "T"), ("quiz", "5"))))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "minus")
        await tells(pilot, "Buried until tomorrow; Z takes it back.")
        await pilot.press("enter", "3", "escape", "escape")
        await shows(pilot, "Questionnaire, chapter 1      5 ", "Set aside                     T ")
        await pilot.press("T", "B")
        await tells(pilot, "Brought back; Z takes it back.")


# Actions that have other keys, and walks in which they are told of; other words of these are keys.
MOVED = {
    name: f"f{number}"
    for number, name in enumerate(
        (
            *("go_on", "back", "undo", "save", "write", "new", "lesson", "quiz", "course", "more"),
            *("start", "aside", "repeat", "restore", "done", "rewrite", "pause", "know"),
        ),
        1,
    )
}
TOLD_OF = (
    "",
    "go_on rewrite go_on",  # the answer first, and before that a prediction
    "go_on bury write I",
    "aside restore",
    "new I save",
    "quiz d",
    "quiz go_on",
    "course down start",
    "course down write I",
    "lesson go_on up go_on back",
    "lesson down go_on up go_on",
)
USUAL = {format_key(one) for name in MOVED for one in TABLE[name].keys.split(",")} - {"space", "a"}
NAMED = re.compile(
    rf"(?<![\w'’.^-])(?:{'|'.join(map(re.escape, USUAL | {'ctrl+s'}))})(?![\w'’-]| \[| 30)"
)


async def test_no_sentence_names_a_key_that_the_learner_has_moved(
    make_app, open_today, only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On no page, in no help, in nothing that is told in passing."""
    install(tmp_path, monkeypatch, "probe", "broken")
    monkeypatch.setattr(runner, "start", play)
    cites = "Yes: [it rose](fact:probe.gap)."
    (only_pack / "1" / "questionnaire.md").write_text(questionnaire(question("why", text=cites)))
    app = make_app(settings=Settings(keys=tuple(MOVED.items())))
    found: set[str] = set()
    async with app.run_test(size=(100, 60)) as pilot:
        await open_today(pilot)
        for walk in TOLD_OF:
            while app.screen is not app.today:
                await pilot.press(MOVED["back"])
                await settled(pilot)
            for step in walk.split():
                await pilot.press(MOVED.get(step) or TABLE[step].keys if step in TABLE else step)
                await settled(pilot)
            read = lines(pilot)
            await pilot.press("question_mark")
            await settled(pilot)
            read += "\n" + "\n".join(re.findall("│(.*?)│", lines(pilot)))
            found |= {line.strip() for line in read.splitlines() if NAMED.search(line)}
            await pilot.press("question_mark")
    found |= {one for one in app.heard if NAMED.search(one)}
    print(*found, sep="\n")
    assert sorted(found) == []


async def test_an_export_of_the_palette_keeps_what_was_there(
    make_app, open_today, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("c")
        await shows(pilot, "Begin the questionnaire")
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Export  X", "Settings"} <= titles
        await pilot.press("X")
        await tells(pilot, f"Written to {tmp_path / 'chapter-1.md'}.")
        (tmp_path / "chapter-1.md").write_text("mine")
        await pilot.press("X")
        await tells(pilot, "chapter-1.md is there already and no post of chapter 1")
        assert (tmp_path / "chapter-1.md").read_text() == "mine"


def bindings(kind: type[Widget]) -> list[Binding]:
    """All that a page or a widget binds, what it has from others as well."""
    made = kind._merge_bindings() if "BINDINGS" in vars(kind) else kind._merged_bindings
    return [one for _, one in made or ()]


def kinds(of: type[Widget] = Widget) -> Iterator[type[Widget]]:
    """All pages and widgets of the app."""
    pages()
    for kind in of.__subclasses__():
        if kind.__module__.startswith("studyapp."):
            yield kind
        yield from kinds(kind)


def test_the_table_names_the_pages_that_have_an_action() -> None:
    """All of them and no other, or keys would be refused that can be had, or the other way."""
    found: dict[str, set[str]] = {name: set() for name, key in TABLE.items() if key.on}
    for kind in set(kinds()):
        for one in bindings(kind):
            if one.id in found and kind.__name__ not in ("CoursePage", "CardsPage"):
                found[one.id].add(PLACES[kind.__name__])
    assert found == {name: set(TABLE[name].on.split()) for name in found}


def test_each_key_has_something_to_do_where_it_is_bound() -> None:
    """So no key is named in footer or help that does nothing."""
    missing = [
        f"{kind.__name__}: {one.key} {one.action}"
        for kind in set(kinds())
        for one in bindings(kind)
        if one.id is not None and not one.action.startswith("app.")
        if not hasattr(kind, f"action_{one.action.partition('(')[0]}")
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("keys", "read"),
    [
        (["a"], "a"),
        (["a", "b"], "a-b"),
        (["a", "b", "c"], "a-c"),
        (["1", "2", "3", "4"], "1-4"),
        (["1", "2", "G"], "1 2 G"),
        (["→", "←"], "←→"),
        (["→"], "→"),
        (["+", "-"], "+ -"),
        (["home", "end"], "home end"),
    ],
)
def test_keys_beside_each_other_read_as_one(keys: list[str], read: str) -> None:
    assert together(keys) == read


async def test_rates_that_a_learner_has_moved_are_named_one_by_one(make_app, open_today) -> None:
    app = make_app(settings=Settings(keys=(("good", "G"),)))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "enter")
        await shows(pilot, "1 2 G 4 rate")


async def test_the_footer_says_what_going_on_does(make_app, open_today, only_pack: Path) -> None:
    """Each time: scroll, ask for a tick, or which rating it gives."""
    path = only_pack / "1" / "jargon.md"
    long = "\n\n".join(f"Paragraph {number}." for number in range(20))
    path.write_text(path.read_text().replace("Meaning number 1.", long))
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await shows(pilot, "⏎ show answer")
        await pilot.press("enter")
        await shows(pilot, "⏎ good")
        await pilot.press("enter", "enter")
        await shows(pilot, "⏎ more")
        for _ in range(2):
            await settled(pilot)  # what scrolls does so with the next frame
            await pilot.press("pagedown")
        await shows(pilot, "⏎ good")
        await pilot.press("4", "enter", "4")
        await shows(pilot, "What is q00?")
        await pilot.press("enter")
        await shows(pilot, "⏎ how to rate")
        await pilot.press("enter")
        await tells(pilot, "1-4, or tick what you said.")
        await pilot.press("a")
        await shows(pilot, "⏎ good")
        await pilot.press("a", "b")
        await shows(pilot, "⏎ again")


async def test_help_says_where_the_footer_has_left_keys_out(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await shows(pilot, "- bury esc back ? help")
        await pilot.resize_terminal(45, 20)
        await shows(pilot, "esc back ? more")
        await hides(pilot, "- bury")
        await pilot.press("question_mark")
        await shows(pilot, "Not today: back tomorrow")


async def test_help_has_the_keys_of_a_page_that_is_still_being_read(
    make_app, open_today, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = threading.Event()

    def late(*of: Any, **options: Any) -> today.Overview:
        assert counted.wait(PATIENCE)
        return found(*of, **options)

    found = today.overview
    monkeypatch.setattr("studyapp.study.today.overview", late)
    async with make_app().run_test(size=NARROW) as pilot:
        await pilot.press("question_mark")
        await shows(pilot, "Keys that work here")
        assert "Find a note" not in lines(pilot)
        counted.set()
        await shows(pilot, "Do what is chosen", "Find a note")
        await settled(pilot)


async def test_what_two_keys_do_is_named_once(make_app, open_today) -> None:
    async with make_app().run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await shows(pilot, "⏎ show answer")
        await hides(pilot, "^s")
        await pilot.press("t")
        await shows(pilot, "^s show answer")
        await hides(pilot, "⏎ show answer")


async def test_letters_right_behind_a_key_go_where_it_leads(make_app, open_today) -> None:
    """All of them are there before the first is taken, as over a slow line or from a macro."""
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        post(app, "n", *"Why", "tab", *"Because", "shift+tab", *"not", "escape")
        await tells(pilot, "Kept as a draft")
        await pilot.press("n")
        await shows(pilot, "Whynot", "Because")
        post(app, "escape", "slash", *"q01")
        await shows(pilot, "It is q01.")
        post(app, "escape", "c", "d", *"2027-01-31", "enter")
        await until(pilot, lambda: str(app.desk.settings.exam_on) == "2027-01-31")


def pages() -> list[type[Page]]:
    """All screens that there are."""
    import studyapp.tui.screens as screens

    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"{screens.__name__}.{module.name}")
    found, new = [], [Page]
    while new:
        found += (new := [one for kind in new for one in kind.__subclasses__()])
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.__name__)
def test_a_key_of_the_table_means_on_a_page_what_the_table_says(page: type[Page]) -> None:
    """However the page came by its binding: a card cannot be changed by a key of something else."""
    owners = {one: name for name in CHANGES for one in TABLE[name].keys.split(",")}
    for binding in BindingsMap(page.BINDINGS).key_to_bindings.values():
        for one in binding:
            if one.id is not None:
                assert one.key in TABLE[one.id].keys.split(",")
            elif one.key in owners:
                pytest.fail(f"{one.key} is {one.action}, elsewhere {owners[one.key]}")


async def test_the_palette_has_each_action_once_with_its_key(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        for keys in ((), ("C",), ("escape", "enter", "enter")):
            await pilot.press(*keys)
            await settled(pilot)
            titles = [command.title for command in app.get_system_commands(app.screen)]
            assert len(titles) == len(set(titles))
            assert not {title.split("  ")[0] for title in titles} & {"Choose", "Move", "Page down"}
            assert len([title for title in titles if title.startswith("Quit")]) == 1
            assert {"Quiz  c", "Done  x", "Bury  -"} & set(titles)


async def test_a_palette_opens_while_the_last_one_is_still_going(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("ctrl+p")
        await arrives(pilot, CommandPalette)
        app.pop_screen()  # its parts go behind the next key
        post(app, "ctrl+p")
        await shows(pilot, "Search for commands")
