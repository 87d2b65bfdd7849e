"""A question in other words is the note of before where that is sure, and told where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studyapp.notes import deck, formats, markdown, reworded
from studyapp.notes.reworded import Found

# A note of each reader of texts without ids.
FORMS = {
    "notes": (".md", "- {}\n    - {}\n"),
    "anki-text": (".tsv", "{}\t{}\n"),
    "hashcards": (".md", "Q: {}\nA: {}\n\n"),
    "obsidian": (".md", "{}::{}\n"),
}
FIRST, LAST = ("What is X?", "a letter of the alphabet"), ("What is Y?", "one more letter")
LONG = "it grinds seeds with swallowed grit"
OLD, NEW = ("What does a gizzard do?", LONG), ("What is the use of a gizzard?", LONG)
Note = tuple[str, str]
Bring = Callable[..., Found]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "bio"


@pytest.fixture
def bring(root: Path, tmp_path: Path) -> Bring:
    """Brings a file whose first and last notes stay, and says what was found of the others."""

    def bring(*middle: Note, form: str = "notes") -> Found:
        ending, shape = FORMS[form]
        path = tmp_path / f"bio{ending}"
        path.write_text("".join(shape.format(*one) for one in (FIRST, *middle, LAST)))
        notes = formats.read(path, form)[1].notes
        found = reworded.found(notes, root)
        called = [replace(one, guid=found.calls.get(one.guid, one.guid)) for one in notes]
        root.mkdir(exist_ok=True)
        for page, text in deck.plan(root, called, path).files.items():
            page.write_text(text)
        return found

    return bring


def ids(root: Path) -> dict[str, str]:
    return {one.prompt: one.id for page in markdown.read_folder(root)[0] for one in page.notes}


def told(found: Found) -> list[tuple[str, str, bool]]:
    return [(one.question, one.before, one.is_sure) for one in found.wordings.values()]


@pytest.mark.parametrize("form", FORMS)
def test_it_is_the_same_note_each_time(bring: Bring, root: Path, form: str) -> None:
    bring(OLD, form=form)
    before = ids(root)
    assert told(bring(NEW, form=form)) == [(NEW[0], OLD[0], True)]
    assert (ids(root).keys() - before, ids(root)[NEW[0]]) == ({NEW[0]}, before[OLD[0]])
    better = (NEW[0], f"{LONG} and stones")
    assert told(bring(NEW, form=form)) == told(bring(better, form=form)) == []
    (page,) = root.glob("*.md")
    page.write_text(page.read_text().replace(NEW[0], "My own?").replace(LONG, "my words"))
    bring(better, form=form)  # as it was brought
    assert ids(root).keys() == {FIRST[0], "My own?", LAST[0]}
    for _ in range(2):
        bring(OLD, better, form=form)  # both: the former one is another note
        assert ids(root)["My own?"] == before[OLD[0]] != ids(root)[OLD[0]]
        assert len(ids(root)) == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("Which city is the capital?", "Rome"), ("What city is the capital?", "Rome")),
        (("Which town is its seat?", "Rome"), ("Its seat, where is that?", "Rome")),
        (OLD, ("Why does it swallow stones?", LONG)),
        (
            ("Why do most of the geese fly in a V?", "each saves some effort"),
            ("Why do most geese fly in such a V?", "each saves effort"),
        ),
    ],
)
def test_what_is_sure(bring: Bring, root: Path, old: Note, new: Note) -> None:
    bring(old)
    assert told(bring(new)) == [(new[0], old[0], True)]
    assert len(ids(root)) == 3


@pytest.mark.parametrize(
    ("old", "new", "is_told"),
    [
        (("Is red a colour?", "yes"), ("Does it rain?", "yes"), True),
        (("Is 2 a prime number?", "yes"), ("Is 3 a prime number?", "yes"), True),
        (("What is Paris?", "a city"), ("What is London?", "rainy"), False),
        (OLD, ("Who can sing?", "an owl"), False),
    ],
)
def test_what_may_be_another_is_another(
    bring: Bring, root: Path, old: Note, new: Note, is_told: bool
) -> None:
    bring(old)
    assert told(bring(new)) == [(new[0], old[0], False)] * is_told
    assert len(ids(root)) == 4


def test_which_of_two_is_meant_is_asked_of_the_learner(bring: Bring, root: Path) -> None:
    bring(OLD)
    two = (("What is a gizzard?", LONG), ("What does the gizzard do for birds?", LONG))
    assert told(bring(*two)) == [(asks, OLD[0], False) for asks, _ in two]
    assert len(ids(root)) == 5


def test_a_hidden_text_is_known_by_what_it_hides(bring: Bring, root: Path) -> None:
    def text(said: str) -> Note:
        return said.split("::")[0], said.split("::")[1]

    bring(text("A bird of::prey"), form="obsidian")
    path = root.parent / "cloze.md"
    for said in (
        "The ==gizzard== of a bird grinds seeds",
        "A bird grinds seeds in its ==gizzard==",
    ):
        path.write_text(said)
        notes = formats.read(path, "obsidian")[1].notes
        found = reworded.found(notes, root)
        called = [replace(one, guid=found.calls.get(one.guid, one.guid)) for one in notes]
        for page, content in deck.plan(root, called, path).files.items():
            page.write_text(content)
    assert len(ids(root)) == 4
