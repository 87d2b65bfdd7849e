"""What `check` would complain of is refused with its line, whichever way it is written here; what
was wrong before keeps nobody from changing something else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select

from studyapp.config import Current, Settings
from studyapp.errors import StudyError
from studyapp.lab import reference
from studyapp.notes import check, markdown
from studyapp.notes.note import FileKind
from studyapp.store import tables
from studyapp.study import capture, contrast, library, split
from studyapp.study.capture import Caught, DraftEdit
from studyapp.study.card import CardView, load
from studyapp.study.desk import Desk
from tests_support import Clock, questionnaire

OWN = "## What is here? {#own}\n\nIt is so.\n"
OTHER = "## What is there? {#other}\n\nOf before ![x](lost.png).\n"
FAULTS = (
    "![x](nope.png)",
    "[x](fact:nope.z)",
    "[x](lesson:nope)",
    "[y](note:q00)",
    "![x](../../away.png)",
)
TEMPLATE = (
    "<!-- template\n```python\na = 1\n```\n\n### What is {{a}}?\n\n```python\nprint({{a}})\n```\n\n"
    "It is {{a}}.\n\n- [ ] {{a}}\n-->"
)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "data" / "studyapp" / "packs" / "mine"


@pytest.fixture
def desk(
    tmp_path: Path, only_pack: Path, mine: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setattr(reference, "facts", cache(reference.facts))
    mine.mkdir(parents=True)
    (mine / "a.md").write_text(questionnaire(OWN, OTHER))
    desk, _ = library.open_study(str(tmp_path / "a.db"), Current(Settings()), clock, None)
    yield desk
    desk.close()


def view_of(desk: Desk, name: str) -> CardView:
    card, note = tables.card, tables.note
    with desk.reading() as connection:
        found = select(card.c.id).join(note).where(note.c.name == name)
        return load(connection, connection.scalars(found).first() or 0, learner=1)


def told(mine: Path, text: str) -> list[str]:
    """What `check` says of a note that stands in the learner's own pack."""
    (mine / "b.md").write_text(questionnaire(text))
    found = check.check([mine], Clock()().date(), facts=reference.facts(), own=[mine])
    (mine / "b.md").unlink()
    return [one.message for one in found.problems if one.path.name == "b.md"]


def edited(desk: Desk, name: str, change: Callable[[str], str]) -> None:
    view = view_of(desk, name)
    said, now = library.read_edit(desk, view)
    library.write_edit(desk, view, said, change(said), now, 0.0)
    library.edited(desk, view)


def answered(desk: Desk, name: str, fault: str) -> None:
    edited(desk, name, lambda said: re.sub(r"(\n\n.*)", rf"\1\n\n{fault}", said, count=1))


def split_in_two(desk: Desk, fault: str) -> None:
    text = f"## One? {{#one}}\n\n{fault}\n\nSo.\n\n## Two? {{#two}}\n\nThus."
    split.save(desk, view_of(desk, "q01"), text)


def accepted(desk: Desk, fault: str, asks: str = "What is new?") -> None:
    text = f"## {asks} {{#draft}}\n\nIt is.\n\n{fault}"
    note, _ = markdown.alone(text, FileKind.QUESTIONNAIRE, Path("a.md"))
    assert note is not None
    capture.add_native(desk, [(note, text)])
    capture.accept(desk, capture.read(desk).kept)


def draft_edited(desk: Desk, fault: str) -> None:
    (kept,) = capture.add(desk, [Caught("What is it?", "That.")])
    edit = DraftEdit(kept)
    said, text = edit.read(desk)
    edit.write(desk, said, f"{text}\n\n{fault}", text, 1.0)
    edit.finish(desk)


WAYS: list[tuple[str, Callable[[Desk, str], object]]] = [  # with what the refusal begins with
    ("Line 5", lambda desk, fault: answered(desk, "own", fault)),
    ("Line 5", lambda desk, fault: answered(desk, "q00", fault)),
    (
        "Line 3 of the answer",
        lambda desk, fault: library.new_question(desk, "New?", f"It is.\n\n{fault}"),
    ),
    ("Line 3", split_in_two),
    ("“What is new?”, line 5", accepted),
    ("Line 5", draft_edited),
    (
        "Line 3 of the answer",
        lambda desk, fault: capture.add(desk, [Caught("Why?", f"So.\n\n{fault}")]),
    ),
    ("Line 3", lambda desk, fault: capture.add_written(desk, f"## Why?\n\n{fault}\n\nSo.")),
]


def test_what_check_would_say_is_said_before_it_is_saved(desk: Desk, mine: Path) -> None:
    before = {path: path.read_text() for path in mine.rglob("*")}
    messages = told(mine, "## New? {#new}\n\nIt is.\n\n" + "\n\n".join(FAULTS))
    for fault, message in zip(FAULTS, messages, strict=True):
        for begins, way in WAYS:
            with pytest.raises(StudyError) as refused:
                way(desk, fault)
            assert str(refused.value).startswith(f"{begins}: {message}")
            for kept in capture.read(desk).kept:
                capture.delete(desk, [kept])
    assert {path: path.read_text() for path in mine.rglob("*")} == before


def test_what_another_note_asks_already_is_told_with_its_place(desk: Desk, mine: Path) -> None:
    (message,) = told(mine, "## What is THERE {#new}\n\nSo.\n")
    assert message == f"the same question is already at {mine / 'a.md'}:14"
    ways: list[Callable[[], object]] = [
        lambda: edited(desk, "own", lambda said: said.replace("here?", "there?")),
        lambda: edited(desk, "q00", lambda said: said.replace("What is q00?", "What is there?")),
        lambda: library.new_question(desk, "What is there?", "So."),
        lambda: split.save(desk, view_of(desk, "q01"), "## What is there? {#one}\n\nSo."),
        lambda: accepted(desk, "", "What is there?"),
    ]
    for way in ways:
        with pytest.raises(StudyError, match=re.escape(message)):
            way()


def test_what_a_section_asks_stays_a_question_that_it_can_ask(desk: Desk, mine: Path) -> None:
    asks = "## 1.2 Here\n\nSo.\n\n[Why?](note:own)\n\nAnd.\n\n[How?](note:other)\n"
    page = mine / "reading.md"
    page.write_text(questionnaire(asks).replace("questionnaire", "reading"))
    (mine / "a.md").write_text(questionnaire(OWN, f"{OTHER}\n<!-- family: one -->\n"))
    library.refresh(desk)
    for comment, told in (
        ("depth: more", "the prompt note:own is no core question, but more"),
        ("card: do", "the prompt note:own is no question with one card"),
        ("family: one", "the prompt note:other is of the family one, as one before it is"),
    ):
        with pytest.raises(StudyError) as refused:
            answered(desk, "own", f"<!-- {comment} -->")
        assert str(refused.value).startswith(f"Line 1: {told} (reading.md:9)")
    with pytest.raises(
        StudyError, match=r"section: 1\.9 is not in the chapter's table of contents"
    ):
        answered(desk, "own", "<!-- section: 1.9 -->")
    answered(desk, "own", "<!-- section: 1.2 -->")


def test_of_new_ones_that_ask_the_same_the_second_is_told(desk: Desk) -> None:
    twice = "## New? {#one}\n\nSo.\n\n## New? {#two}\n\nThus."
    with pytest.raises(StudyError, match=r"^Line 5: the same question is already at line 1\."):
        split.save(desk, view_of(desk, "q01"), twice)
    capture.add(desk, [Caught("New?", "So."), Caught("New?", "Thus.")])
    with pytest.raises(StudyError, match="the same question is already at another draft"):
        capture.accept(desk, capture.read(desk).kept)


def test_what_was_wrong_before_keeps_nobody_from_changing_something_else(
    desk: Desk, mine: Path
) -> None:
    long = "word " * 130
    faults = "\n\n".join(FAULTS)
    notes = (
        f"## Wrong? {{#wrong}}\n\n{faults}\n\nIn version 1.2: {long}\n\n<!-- section: 1.9 -->\n",
        "## Wrong? {#twice}\n\nSo.\n",
        "## Of when? {#aged}\n\nOf then.\n\n<!-- as-of: 2026 -->\n",
    )
    (mine / "b.md").write_text(questionnaire(*notes))
    library.refresh(desk)
    edited(desk, "own", lambda said: said.replace("so", "thus"))
    edited(desk, "twice", lambda said: said.replace("So", "Thus"))
    edited(desk, "wrong", lambda said: said.replace("In ", "Since "))
    edited(desk, "wrong", lambda said: said.replace("word ", "", 5))  # which says another number
    edited(desk, "aged", lambda said: said.replace("2026", "2020"))  # a warning, which is no fault
    text = (mine / "b.md").read_text()
    assert text.count("Thus") == text.count("Since") == text.count("as-of: 2020") == 1
    for fault in FAULTS[:3]:  # one more of what is there
        with pytest.raises(StudyError):
            edited(desk, "wrong", lambda said, fault=fault: said.replace(fault, f"{fault} {fault}"))


def test_what_is_proposed_of_two_notes_is_saved_as_it_is(desk: Desk, only_pack: Path) -> None:
    """With what they show, the years of which they are, and all of their words."""
    (only_pack / "1" / "a.png").write_bytes(b"PNG")
    page = only_pack / "1" / "questionnaire.md"
    text = page.read_text()
    for name in ("q00", "q01"):
        said = f"first of {name} ![x](a.png) in PyTorch 1.2, second {'word ' * 80}"
        text = re.sub(rf"({{#{name}}}\n\n)[^\n]*", rf"\1{said}", text)
        text = re.sub(rf"({{#{name}}}.*?<!-- )", r"\1as-of: 2026, ", text, count=1, flags=re.DOTALL)
    page.write_text(text)
    library.refresh(desk)
    one, other = view_of(desk, "q00"), view_of(desk, "q01")
    asks, _, says = contrast.proposed(one, other).partition("\n")
    library.new_question(desk, asks, says, library.home_of(one), (one, other))
    split.save(desk, one, split.named(desk, split.read_draft(one, learner=1)))
    assert (library.own_packs() / "mine" / "a.png").read_bytes() == b"PNG"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (TEMPLATE, "a template is of a question that is one card and tagged compute"),
        (
            "<!-- template\nx\n-->\n\n<!-- tags: compute -->",
            "a template begins with a python block",
        ),
        (
            TEMPLATE.replace("- [ ] {{a}}\n", "") + "\n\n<!-- tags: compute -->",
            "a template has a core point: - [ ] …",
        ),
    ],
)
def test_a_template_that_check_would_refuse_is_not_saved(
    desk: Desk, mine: Path, template: str, message: str
) -> None:
    before = {path: path.read_text() for path in mine.rglob("*")}
    for begins, way in WAYS:
        with pytest.raises(StudyError) as refused:
            way(desk, template)
        assert str(refused.value).startswith(f"{begins}: {message}")
        for kept in capture.read(desk).kept:
            capture.delete(desk, [kept])
    assert {path: path.read_text() for path in mine.rglob("*")} == before
    assert message in told(mine, f"## New? {{#new}}\n\nIt is.\n\n{template}")[0]


def test_a_card_with_a_template_is_taken_back(desk: Desk, mine: Path) -> None:
    before = {path: path.read_text() for path in mine.rglob("*")}
    answer = f"It is.\n\n{TEMPLATE}\n\n<!-- tags: compute -->"

    written = library.new_question(desk, "New?", answer)
    assert TEMPLATE in "".join(path.read_text() for path in mine.rglob("*"))
    assert library.unwrite(desk, written, "", lambda *_: "").startswith("Undone: the new card.")
    assert {path: path.read_text() for path in mine.rglob("*")} == before

    made = split.save(desk, view_of(desk, "q01"), f"## One? {{#one}}\n\n{answer}")
    assert split.take_back(desk, made).startswith("Undone: the split.")
    assert {path: path.read_text() for path in mine.rglob("*")} == before

    first, _ = capture.add(
        desk, [Caught("Why?", f"So.\n\n{TEMPLATE}", tags=("compute",)), Caught("Who?", "I.")]
    )
    moved = capture.accept(desk, [first])
    assert [one.note.prompt for one in capture.read(desk).kept] == ["Who?"]
    assert capture.take_back(desk, moved) == "Undone: 1 is a draft again."
    assert {path: path.read_text() for path in mine.rglob("*")} == before
