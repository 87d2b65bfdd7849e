"""What is caught on the way waits as a draft, and is a card only once it is accepted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from studyapp.commands.main import main
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.notes import check
from studyapp.store import tables
from studyapp.store.database import open_database
from studyapp.study import capture, library, today
from studyapp.study.capture import Caught, Kept
from studyapp.study.desk import Desk
from studyapp.study.find import find
from tests_support import Clock, desk_of

WHY = Caught("Why is the sky blue?", "Short waves are\nscattered more.", "https://a.b/c", ("sky",))


@pytest.fixture
def desk(tmp_path: Path, only_pack: Path, clock: Clock) -> Iterator[Desk]:
    """A study that the commands open, too."""
    made = open_database(str(tmp_path / "data" / "studyapp" / "studyapp.db"))
    desk = desk_of(made, clock)
    library.refresh(desk)
    yield desk
    made.dispose()


def run(*given: str, piped: str | None = None) -> Result:
    return CliRunner().invoke(main, ["add", *given], input=piped)


def waiting(desk: Desk) -> list[str]:
    return [one.note.prompt for one in capture.read(desk).kept]


def counted(desk: Desk) -> Any:
    """What is due, found and held of all notes and cards."""
    with desk.reading() as connection:
        due = today.due(connection, desk.now(), Settings(), learner=1)
        found = find(connection, "sky", desk.now(), Settings(), limit=9, learner=1)
        notes = connection.execute(select(tables.note.c.name, tables.note.c.missing_since)).all()
    return due, [one.prompt for one in found], notes


def mine() -> list[str]:
    return [path.read_text() for path in (library.own_packs() / "mine").glob("*.md")]


def test_a_draft_counts_nowhere_until_it_is_accepted(desk: Desk, clock: Clock) -> None:
    before = counted(desk)
    (added,) = capture.add(desk, [WHY])
    assert library.refresh(desk) is None  # no content has changed
    assert counted(desk) == before
    assert (added.note.sources, added.note.tags) == (("https://a.b/c",), ("sky",))
    done = capture.accept(desk, [added])
    assert (waiting(desk), done.home and done.home.name) == ([], "chapter 1 of test")
    assert counted(desk)[1] == ["Why is the sky blue?"]
    assert "scattered more." in mine()[0]
    assert (
        check.check([library.own_packs()], clock().date(), own=[library.own_packs()]).problems == ()
    )
    assert capture.take_back(desk, done) == "Undone: 1 is a draft again."
    assert waiting(desk) == ["Why is the sky blue?"]
    assert counted(desk)[:2] == before[:2]
    assert mine() == []


def test_what_is_deleted_comes_back_to_its_place(desk: Desk) -> None:
    first, second, third = capture.add(desk, [Caught(f"Which {one}?", "It.") for one in "abc"])
    gone = capture.delete(desk, [second])
    assert waiting(desk) == ["Which a?", "Which c?"]
    capture.put_back(desk, gone)
    assert waiting(desk) == ["Which a?", "Which b?", "Which c?"]
    gone, others = capture.delete(desk, [first]), capture.delete(desk, [second, third])
    assert waiting(desk) == []
    assert not list(library.drafts().iterdir())
    capture.put_back(desk, gone)  # whose file is no longer there
    assert capture.put_back(desk, others) == "Undone: 2 are drafts again."
    assert sorted(waiting(desk)) == ["Which a?", "Which b?", "Which c?"]


def test_of_all_those_without_an_answer_stay(desk: Desk) -> None:
    capture.add(desk, [Caught("Who?"), Caught("What?", "That.")])
    kept = capture.read(desk).kept
    done = capture.accept(desk, kept)
    assert [one.note.prompt for one in done.kept] == ["What?"]
    assert waiting(desk) == ["Who?"]
    with pytest.raises(StudyError, match="needs an answer"):
        capture.accept(desk, capture.read(desk).kept)
    with pytest.raises(StudyError, match="no draft any more"):
        capture.accept(desk, done.kept)  # as another window did


def test_what_is_never_asked_is_no_draft_and_no_card(desk: Desk) -> None:
    to_do = "Do it.\n\n<!-- card: do -->"
    for way in (
        lambda: capture.add(desk, [Caught("What?", to_do)]),
        lambda: capture.add_written(desk, f"## What?\n\n{to_do}"),
    ):
        with pytest.raises(StudyError, match=r"never asked; .* Nothing was added\."):
            way()
    (kept,) = capture.add(desk, [Caught("What?", "Do it.")])
    edit = capture.DraftEdit(kept)
    said, text = edit.read(desk)
    edit.write(desk, said, text.replace("Do it.", to_do), text, 1)
    with pytest.raises(StudyError, match=r"never asked; .* Nothing was accepted\."):
        capture.accept(desk, [kept])
    assert waiting(desk) == ["What?"]
    assert mine() == []


def test_a_hidden_text_that_is_added_gets_its_id(desk: Desk) -> None:
    answer = "It is ==hid==.\n\n<!-- card: cloze -->"
    (caught,) = capture.add(desk, [Caught("Which?", answer)])
    (written,) = capture.add_written(desk, f"## And which?\n\n{answer}")
    for one in (caught, written):
        assert "==hid=={#hid}." in one.text


def test_what_another_program_did_is_seen(desk: Desk) -> None:
    (added,) = capture.add(desk, [WHY])
    with desk.reading() as connection:
        home = library.last_started(connection, learner=1)
    library.add_note(desk, home, added.text, added.note.kind)  # and killed before it is taken out
    library.refresh(desk)
    assert waiting(desk) == []
    (other,) = capture.add(desk, [Caught("What?", "That.")])
    capture.accept(desk, [other])
    assert sum(text.count("Why is the sky blue?") for text in mine()) == 1
    with ThreadPoolExecutor(8) as pool:  # nor is one lost of programs that add at once
        list(pool.map(lambda at: capture.add(desk, [Caught(f"Which {at}?", "It.")]), range(24)))
    assert sorted(waiting(desk)) == sorted(f"Which {at}?" for at in range(24))


def test_what_was_changed_since_it_was_accepted_stays_a_card(desk: Desk) -> None:
    done = capture.accept(desk, capture.add(desk, [WHY, Caught("What?", "That.")]))
    (path,) = done.files
    path.write_text(path.read_text().replace("That.", "This."))
    told = capture.take_back(desk, done)
    assert told == "Undone: 1 is a draft again. Changed since, and a card still: 1."
    assert waiting(desk) == ["Why is the sky blue?"]
    assert "This." in mine()[0]
    assert "sky" not in mine()[0]


def test_an_edit_takes_the_place_of_the_draft(desk: Desk, clock: Clock) -> None:
    capture.add(desk, [Caught("Who?"), Caught("What?", "That.")])
    edit = capture.DraftEdit(capture.read(desk).kept[0])
    said, text = edit.read(desk)
    edit.write(desk, said, f"{text}\n\nShe.", text, 1.0)
    assert edit.read(desk) == (said, f"{said}\n\nShe.")  # an edit that waits
    note, problems = edit.reading(said, f"{said}\n\nShe.", clock().date())
    assert note is not None
    assert (note.answer, problems) == ("She.", ())
    edit.write(desk, said, f"She.{said}", f"{said}\n\nShe.", 1.0)
    with pytest.raises(StudyError, match="no longer the one draft"):
        edit.finish(desk)
    edit.write(desk, said, f"{said}\n\nShe.", f"She.{said}", 1.0)
    edit.finish(desk)
    assert [one.note.answer for one in capture.read(desk).kept] == ["She.", "That."]
    assert len(list(library.drafts().iterdir())) == 1


def test_an_edit_that_waits_is_accepted_with_its_draft(desk: Desk) -> None:
    def edit(one: Kept, old: str, new: str) -> None:
        made = capture.DraftEdit(one)
        said, text = made.read(desk)
        made.write(desk, said, text.replace(old, new), text, 1.0)

    who, what = capture.add(desk, [Caught("Who?"), Caught("What?", "That.")])
    edit(who, "{#", "{# ")
    edit(what, "That.", "That,\n\nand this.")
    kept = capture.read(desk).kept
    assert [one.edited for one in kept] == [True, True]
    with pytest.raises(StudyError, match=r"“Who[?]”: This is no longer the one draft"):
        capture.accept(desk, kept)
    assert waiting(desk) == ["Who?", "What?"]
    edit(who, "}", "}\n\nShe, and\n\nhe.")
    edit(who, "{# ", "{#")
    assert [one.text.split("}")[1] for one in capture.accept(desk, kept).kept] == [
        "\n\nShe, and\n\nhe.",
        "\n\nThat,\n\nand this.",
    ]
    assert list(library.drafts().iterdir()) == []


def test_what_is_added_is_told_with_what_asks_nearly_the_same(desk: Desk) -> None:
    done = run("What is q01 ?", "It.", "--tag", "x", "--source", "a book")
    assert done.output == (
        "1 draft added; it waits on Today.\n"
        "  What is q01 ?: nearly this is here: What is q01? (chapter 1 of test)\n"
    )
    lines = [{"question": "What is Q01"}, {"question": "b?", "answer": "c", "source": "d"}]
    done = run("--json", piped="\n\n".join(map(json.dumps, lines)))
    first, second = json.loads(done.output)["added"]
    assert (first["twin"], second["twin"]) == ("What is q01? (chapter 1 of test)", None)
    kept = capture.read(desk).kept
    assert {one.note.sources for one in kept} == {("a book",), (), ("d",)}
    run(piped=json.dumps({"question": "a\x1b[2J\nz?", "answer": "c\x07\r\nd"}))
    (sign,) = (one for one in capture.read(desk).kept if "z" in one.note.prompt)
    assert "\x1b" not in sign.text  # which could steer the terminal
    assert sign.note.answer.endswith("d")


BROKEN = [
    ("[]", "it is no JSON object"),
    ('{"question": "a?"', "it is no JSON object"),
    ("[" * 100_000, "it is no JSON object"),
    ('{"answer": "a"}', "a card needs a question"),
    ('{"question": "a?", "url": "b"}', "there is no field 'url'; known are question, answer"),
    ('{"question": ["a?"]}', "question is no text"),
    ('{"question": "a?", "tags": "b"}', "tags is no list of texts"),
    ('{"question": "a?", "tags": ["b c"]}', "'b c' can be no tag: a tag has no comma, no space"),
    ('{"question": "a?", "source": "b --> c"}', "the source has signs that a comment cannot have"),
    ('{"question": "a\\ud800?"}', "half of a surrogate pair, a NUL or a byte that is no UTF-8"),
    ('{"question": "a?", "tags": ["\\u0000"]}', "half of a surrogate pair, a NUL or a byte"),
    ('{"question": "a <!-- b -->?"}', "the question has signs that a heading cannot have"),
    ('{"question": "a?", "answer": "b\\n\\n## c"}', "line 3 of the answer: a heading ##"),
    ('{"question": "a?", "answer": "```\\nb"}', "line 1 of the answer: the code fence"),
]


def test_of_lines_of_which_one_is_none_nothing_is_kept(desk: Desk) -> None:
    for line, told in BROKEN:
        done = run(piped=f'{{"question": "fine?"}}\n\n{line}\n{{"question": "fine, too?"}}\n')
        assert (done.exit_code, told in done.output) == (1, True), done.output
        assert done.output.startswith("Error: Line 3: ")
        assert done.output.endswith("Nothing was added.\n")
    assert "Nothing came in" in run(piped="\n").output
    assert "Half of a surrogate pair" in run("a\udcff?", "b").output
    assert not library.drafts().exists()


def test_what_is_written_in_an_editor_waits_until_it_is_a_card(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor.py"
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)

    def writes(text: str) -> tuple[str, str]:
        """What the editor is given before it says *text*, and what comes of it."""
        editor.write_text(
            "import os, pathlib, sys\np = pathlib.Path(sys.argv[1])\n"
            f"pathlib.Path({str(given)!r}).write_text(p.read_text())\n"
            f"p.write_text({text!r})\nos.utime(p, (1, 1))"
        )
        return run("--tag", "x").output, given.read_text()

    given = tmp_path / "given"
    said, template = writes("## \n")
    assert "Nothing was written" in said
    assert "Nothing was written" in writes(template)[0]
    broken = template.replace("## ", "## Why?\n\n```\n", 1)
    assert "Line 3: the code fence that begins here" in writes(broken)[0]
    assert waiting(desk) == []
    said, begun = writes("## Why?\n\nSo.\n\n## How?\n")
    assert begun.startswith("## Why?\n\n```")
    assert "2 drafts added; they wait on Today." in said
    assert waiting(desk) == ["Why?", "How?"]
    assert writes("")[1] == template
