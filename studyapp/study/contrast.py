"""A card of one's own that asks to tell two notes apart which are taken for each other."""

from __future__ import annotations

from pathlib import Path

from studyapp.config import data_folder
from studyapp.notes.note import APART, NoteKind
from studyapp.notes.paragraph import joined
from studyapp.study.card import CardView
from studyapp.study.draft import read_file, write_file


def read_draft(one: CardView, other: CardView, *, learner: int) -> str:
    """What was written of it and not saved; empty if nothing."""
    return read_file(_path(one, other, learner=learner))


def write_draft(
    one: CardView, other: CardView, text: str, before: str, patience: float, *, learner: int
) -> str:
    """Keep what is written; see `study/draft.py::Draft`."""
    return write_file(_path(one, other, learner=learner), text, before)


def proposed(one: CardView, other: CardView) -> str:
    """What to begin with: the question on the first line, then what the two notes say."""
    names = [_name(one), _name(other)]
    answers = [
        f"**{name}**: {joined(view.note.answer)[0]}"
        for name, view in zip(names, (one, other), strict=True)
    ]
    points = "\n".join(
        f"- [ ] {name}: {view.note.points[0].text}"
        for name, view in zip(names, (one, other), strict=True)
        if view.note.points
    )
    years = [view.note.as_of for view in (one, other) if view.note.as_of]
    told = {
        "section": one.note.section,
        "as-of": min(years, default=None),
        "tags": f"contrast {APART}",
        "long": "two answers beside each other",
    }
    said = ", ".join(f"{key}: {value}" for key, value in told.items() if value)
    comment = f"<!-- {said} -->"
    question = f"What tells {names[0]} from {names[1]}?"
    return "\n".join((question, "\n\n".join(filter(None, (*answers, points, comment)))))


def _name(view: CardView) -> str:
    """A term as it stands, a question in quotes."""
    prompt = " ".join(view.note.prompt.split())
    return prompt if view.note.kind is NoteKind.TERM else f"“{prompt}”"


def _path(one: CardView, other: CardView, *, learner: int) -> Path:
    """One for each pair, whichever of the two was there first."""
    pair = "-".join(sorted((one.uid.hex(), other.uid.hex())))
    return data_folder() / "drafts" / f"contrast-{learner}-{pair}.md"
