"""Notes of here whose texts a file brings: which files change, and what they say then."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from studyapp import disk
from studyapp.notes import amendment, excerpt
from studyapp.notes.caption import named
from studyapp.notes.deck import brought_as
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.note import Note, NoteKind, Problem
from studyapp.study import library, recognition
from studyapp.study.card import as_note


class Edits:
    """Notes of here that were changed elsewhere: in their own files, or as copies beside those of
    installed packs, where an edit of the learner's would go."""

    def __init__(self, packs: Path, source: Path) -> None:
        self.packs, self.source = packs, source
        self.replaced: dict[Path, list[tuple[Note, str]]] = defaultdict(list)
        self.added: dict[Path, list[str]] = defaultdict(list)
        self.heads: dict[Path, str] = {}
        self.said: dict[Path, dict[str, str]] = {}  # what the files say of each note
        self.reworded: list[str] = []  # their questions
        self.problems: list[Problem] = []

    def take(self, row: Any, here: ForeignNote, there: ForeignNote, brought: str = "") -> str:
        """Let a note say what was changed of it there, if that can be said here; its text then. One
        that says it already is no change. *brought* is its text if it came from there."""
        source = self._source(as_note(row))
        text = source and recognition.text_of(row, source, here, there)
        if text:
            text = brought_as(text, brought)
            if text != source:
                self.keep(row, text)
            return text
        told = "changed there, which cannot be taken over; it stays as it is here"
        called = named(row.prompt)
        self.problems.append(Problem(there.path or self.source, there.line, f"{told}: {called}"))
        return ""

    def _source(self, said: Note) -> str | None:
        """What its file says of a note; None of one's own that its file alone can change: a row of
        a table, a note with a template."""
        if said.path not in self.said:
            self.said[said.path] = excerpt.sources(said.path)
        text = self.said[said.path].get(said.id)
        if text is None or (text.startswith("##") and "<!-- template" not in text):
            return text
        return None if self._is_own(said) else excerpt.of_note(said)

    def _is_own(self, said: Note) -> bool:
        return self.packs in said.path.parents

    def keep(self, row: Any, text: str) -> None:
        """Let a note of here say this from now on."""
        said = as_note(row)
        self.reworded.append(row.prompt)
        if self._is_own(said):
            self.replaced[said.path].append((said, text))
            return
        home = library.Home(row.pack, row.part, row.chapter_number, row.title, said.section)
        self.add(home, said.kind, text)

    def add(self, home: library.Home, kind: NoteKind, text: str) -> None:
        """Let a note that is new here, or a copy of one, be written where it belongs."""
        path = home.path(self.packs, kind)
        self.heads[path] = library.head_of(home, kind)
        self.added[path].append(text)

    def files(self) -> dict[Path, str]:
        """The whole texts of the files that change."""
        made = {path: amendment.with_texts(path, notes) for path, notes in self.replaced.items()}
        for path, texts in self.added.items():
            old = path.read_text("utf-8") if disk.is_there(path) else self.heads[path]
            made[path] = "\n\n".join([old.rstrip("\n"), *texts]) + "\n"
        return made
