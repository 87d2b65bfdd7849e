"""What every page has on which something is written: it is saved on the side, at every pause."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from textual import on, work
from textual.timer import Timer
from textual.widgets import TextArea

from studyapp import disk
from studyapp.config import found_folder
from studyapp.errors import AlreadyRatedError, StudyError
from studyapp.store.engine import LOCK_PATIENCE, LONG_PATIENCE, tidy
from studyapp.study.draft import Draft, Write, merged, row_now, storable
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.answer import BOTH_KEPT

SAVE_AFTER = 0.4  # seconds from a key to its saving, also while typing goes on


class WritingPage(Page):
    """Saves what its box says while the learner writes, and once more before anything else is done.

    `draft` is what is being written; None while the box is closed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.draft: Draft | None = None
        self.trouble = ""  # why it could not be saved on the side
        self._met = 0  # how often another window had written here
        self._looked = ""  # what the box said when it was last looked at
        self._soon: Timer | None = None  # when the draft is saved next

    @property
    def box(self) -> TextArea:
        """Where it is written."""
        raise NotImplementedError

    @property
    def written(self) -> str:
        """All that is written."""
        return self.box.text

    def put(self, text: str) -> None:
        """Show *text* instead of what is written."""
        self.box.text = text

    def show_trouble(self) -> None:
        """Say that `trouble` keeps the text from being saved, or, where it is empty, no more."""
        if self.trouble:
            self.notify(self.trouble, severity="error")

    def show_saved(self) -> None:
        """Something was saved on the side."""

    def overtaken(self, error: AlreadyRatedError) -> None:
        """Another window has put an end to this text."""
        self.notify(str(error), severity="warning")

    def begin(self, text: str, write: Write) -> None:
        """Put *text* in the box; what it becomes is kept with *write*."""
        self.draft = Draft(text, write)
        self.put(text)
        self._looked = self.written

    def keep(self) -> bool:
        """Save the newest text now; False, after one sentence, if that cannot be."""
        self._take()
        if self.draft is None:
            return True
        try:
            self.draft.save(LOCK_PATIENCE)
        except AlreadyRatedError as error:
            self._overtaken(error)
            return False
        except StudyError as error:
            self.notify(f"Not saved yet: {error}", severity="error")
            return False
        self._show_merged()
        self._tell("")
        return True

    def keep_as_seen(self) -> bool:
        """`keep`; False, too, if another window has written here, so that there is more by now than
        the learner has seen."""
        met = self._met
        return self.keep() and met == self._met

    def rescue(self) -> None:
        self._take()
        if self.draft is not None and self.draft.waiting and self.written.strip():
            with suppress(StudyError):  # then there is no place for it
                disk.write(found_folder() / f"{self.desk.now():%Y-%m-%d-%H%M%S}.md", self.written)

    @on(TextArea.Changed)
    def _typed(self) -> None:
        self._take()
        self._save_soon()

    def _take(self) -> None:
        if self.draft is not None and (text := self.written) != self._looked:
            self._looked = text
            self.draft.type(text)

    def _save_soon(self) -> None:
        if self.draft is not None and self.draft.waiting and self._soon is None:
            self._soon = self.set_timer(SAVE_AFTER, self._save)

    @work(group="save")
    async def _save(self) -> None:
        """Save in a thread, as a lock would stop the keys; if it cannot be, try again."""
        self._soon, draft = None, self.draft
        if draft is None:
            return
        failed: StudyError | None = None
        try:
            await asyncio.to_thread(self._write_down, draft)
        except StudyError as error:
            failed = error
        if draft is not self.draft or self not in self.app.screen_stack:  # closed in the meantime
            return
        if isinstance(failed, AlreadyRatedError):
            self._overtaken(failed)
        elif failed is not None:
            self._tell(f"Not saved yet: {failed}")
        else:
            self._show_merged()
            self._tell("")
        self._save_soon()
        self.show_saved()

    def _write_down(self, draft: Draft) -> None:
        draft.save(LOCK_PATIENCE)
        tidy(self.desk.engine)

    def _overtaken(self, error: AlreadyRatedError) -> None:
        if self.draft is not None:
            self.draft.drop()
        self.overtaken(error)

    def _show_merged(self) -> None:
        """Another window has written here, too: show what both say. Who writes goes on where they
        are, and with what was typed while it was saved."""
        both = self.draft.take_merged() if self.draft else None
        if both is None:
            return
        typed, kept = both
        box, now, (row, column) = self.box, self.written, self.box.cursor_location
        before, writes = box.text, box.has_focus  # else in another field, whose text may come here
        self._looked = kept
        self.put(merged(kept, storable(typed), now))
        row = min(row_now(row, before, box.text), box.document.line_count - 1)
        column = min(column, len(box.document.get_line(row)))
        box.move_cursor((row, column) if writes else box.document.end)
        self._met += 1
        self.notify(BOTH_KEPT, severity="warning")

    def _tell(self, trouble: str) -> None:
        if not trouble:
            self.study.hurried = False
        if trouble != self.trouble:
            self.trouble = trouble
            self.show_trouble()

    def on_unmount(self) -> None:
        self._take()
        if self.draft is None:
            return
        try:
            self.draft.save(LOCK_PATIENCE if self.study.hurried else LONG_PATIENCE)
        except StudyError as error:
            self.log.error(str(error))
