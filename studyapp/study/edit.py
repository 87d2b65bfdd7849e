"""The text of a note that is changed in the app, be it a card's or a draft's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from studyapp.notes.note import Note, Problem
from studyapp.study import library
from studyapp.study.card import CardView
from studyapp.study.desk import Desk

if TYPE_CHECKING:
    from studyapp.notes.check import Around


class Edit(Protocol):
    """What a page that changes a text has to know of it."""

    @property
    def place(self) -> str:
        """What it is the text of, in words."""

    @property
    def path(self) -> Path:
        """The file that the text is in."""

    def read(self, desk: Desk) -> tuple[str, str]:
        """What the note says in its file, and how it stands to be edited. Raises StudyError if it
        cannot be edited here."""

    def write(self, desk: Desk, said: str, text: str, before: str, patience: float) -> str:
        """Keep an edit on the side; see `study/draft.py::Draft`."""

    def around(self, desk: Desk) -> Around:
        """What the note has around it; of a large pack that takes a while."""

    def reading(
        self, said: str, text: str, today: date, around: Around | None
    ) -> tuple[Note | None, tuple[Problem, ...]]:
        """The note that an edit of what it *said* says, None if it is no longer that one, and what
        is wrong with it now, as far as what is *around* it is known by then."""

    def finish(self, desk: Desk) -> None:
        """Have the note say what the edit does that is kept. Raises StudyError if it cannot."""


@dataclass(frozen=True, slots=True)
class CardEdit:
    """The text of a card's note."""

    card: CardView

    @property
    def place(self) -> str:
        return self.card.place

    @property
    def path(self) -> Path:
        return self.card.note.path

    def read(self, desk: Desk) -> tuple[str, str]:
        return library.read_edit(desk, self.card)

    def write(self, desk: Desk, said: str, text: str, before: str, patience: float) -> str:
        return library.write_edit(desk, self.card, said, text, before, patience)

    def around(self, desk: Desk) -> Around:
        return library.around(desk, self.card)

    def reading(
        self, said: str, text: str, today: date, around: Around | None
    ) -> tuple[Note | None, tuple[Problem, ...]]:
        return library.reading(self.card, said, text, today, around)

    def finish(self, desk: Desk) -> None:
        library.edited(desk, self.card)
