"""What every page has on which a card's note can be opened in the learner's own editor."""

from __future__ import annotations

from textual import work

from studyapp.errors import StudyError
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study import library, tracker
from studyapp.study.card import CardView
from studyapp.study.tracker import CourseSection
from studyapp.tui.editor import edit
from studyapp.tui.screens.page import Page


class EditingPage(Page):
    """Opens a note and takes what the editor has left. Subclasses choose the card and show it."""

    def set_busy(self, sentence: str) -> None:
        """Take no key that changes anything until it is called with nothing; *sentence* says
        why."""
        raise NotImplementedError

    def show_edited(self) -> None:
        """Show what the note says now."""
        raise NotImplementedError

    def section_of(self, view: CardView) -> CourseSection | None:
        """The section that a card belongs to; None, after one sentence, if it cannot be read."""
        try:
            with self.desk.reading() as connection:
                return tracker.find_section(
                    connection, view.chapter_id, view.note.section, learner=self.desk.learner
                )
        except StudyError as error:
            self.notify(str(error), severity="error")
            return None

    def edit_note(self, view: CardView) -> None:
        """Open the source of the card *view* at its line."""
        try:
            path, line = library.editable(self.desk, view)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        try:
            edit(self.app, path, line)
        except StudyError as error:  # it may have saved something before
            self.notify(str(error), severity="error")
        self.set_busy("Reading the note …")
        self._read_edited(view)

    @work(thread=True, exclusive=True, group="edit")
    def _read_edited(self, view: CardView) -> None:
        """Read what was saved; another program may hold the lock meanwhile."""
        told = ""
        try:
            library.edited(self.desk.at(LONG_PATIENCE), view)
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._edited, told)

    def _edited(self, told: str) -> None:
        self.set_busy("")
        if told:
            self.notify(told, severity="error")
        self.show_edited()
