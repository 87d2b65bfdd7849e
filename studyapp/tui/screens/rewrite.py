"""Change the text of a note here, as Markdown, with what it will look like beside it, or below in a
narrow window; it is kept as a draft until it is saved.

The box shows each paragraph on one line of its own and wraps it; a paragraph that is not changed
goes back into its file as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.timer import Timer
from textual.widgets import Static, TextArea

from studyapp.errors import StudyError
from studyapp.memory.clock import study_day
from studyapp.notes import identity
from studyapp.notes.card import written_out
from studyapp.notes.note import Note, Problem
from studyapp.notes.paragraph import joined, parted
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study.edit import Edit
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page
from studyapp.tui.screens.writing import WritingPage
from studyapp.tui.widgets.field import TextField
from studyapp.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from studyapp.notes.check import Around

LOOK_AFTER = 0.15  # seconds from a key to the preview


class RewriteScreen(WritingPage):
    """One note in a box. The page below it reads what was saved when it comes into sight again."""

    NEW_CARD = False
    BINDINGS = [  # noqa: RUF012
        bind("save", tooltip="Keep what the note says now", first=True),
        bind("back", only="escape", tooltip="Leave; what is written is kept as a draft"),
    ]
    HORIZONTAL_BREAKPOINTS = [*Page.HORIZONTAL_BREAKPOINTS, (120, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        *Page.VERTICAL_BREAKPOINTS[:-1],
        (18, "-high"),  # enough for the preview below the box
        Page.VERTICAL_BREAKPOINTS[-1],
    ]
    DEFAULT_CSS = """
    RewriteScreen {
        & #panes { height: 1fr; layout: vertical; }
        & TextArea { width: 1fr; height: 1fr; }
        & #preview { display: none; width: 1fr; height: auto; max-height: 45%; padding: 0 1;
            border-top: solid $foreground 20%; border-title-color: $text-muted; }
        &.-high #preview, &.-tall #preview { display: block; }
        & #wrong { height: auto; padding: 0 1; color: $text-warning; display: none; }
        &.-broad { & > * { max-width: 160; }
            & #panes { layout: horizontal; }
            & #preview { display: block; height: 1fr; max-height: 100%; border: none;
                padding: 0; margin: 0 1 0 2; } }
    }
    """

    def __init__(self, edit: Edit) -> None:
        super().__init__()
        self._edit = edit
        self._box = TextField(soft_wrap=True, classes="body")
        self._said = ""  # the note, in its file
        self._former: dict[str, str] = {}  # what paragraphs in the box are there
        self._soon_looked: Timer | None = None
        self._wrong: Sequence[Problem] = ()  # what `check` would say of it …
        self._around: Around | None = None  # … with its pack around it, which takes a while to read
        self._had: Note | None = None  # what the note was, if it was one …
        self._note: Note | None = None  # … and is by what the box says
        self._sure = ""  # the text that is saved though keys of its comment are lost

    def compose_body(self) -> ComposeResult:
        with Container(id="panes"):
            yield self._box
            with VerticalScroll(id="preview", can_focus=False) as preview:
                preview.border_title = "preview"
                yield Prose(raw=self.desk.settings.raw_maths)
        yield Static("", id="wrong", markup=False)

    def on_mount(self) -> None:
        try:
            self._said, text = self._edit.read(self.desk)
        except StudyError as error:
            self.notify(str(error), severity="error")
            self.app.pop_screen()
            return
        self._had, _ = self._read(self._said)
        self._read_around()
        self.study.saw(self._said)
        self.begin(text, partial(self._edit.write, self.desk, self._said))
        self._box.focus()
        self.show_saved()
        self._look()

    def _read(self, text: str) -> tuple[Note | None, Sequence[Problem]]:
        today = study_day(self.desk.now())
        return self._edit.reading(self._said, text.strip(), today, self._around)

    @work(thread=True, exclusive=True, group="around")
    def _read_around(self) -> None:
        """In a worker, as nobody waits for it who types: saving looks again, and says it, too."""
        with suppress(StudyError):  # which saving says
            around = self._edit.around(self.desk)
            self.app.call_from_thread(self._look_around, around)

    def _look_around(self, around: Around) -> None:
        self._around = around
        if self.is_attached:
            self._look()

    @on(TextArea.Changed)
    def _changed(self) -> None:
        """Look at the text once no key has come for a moment."""
        if self._soon_looked is not None:
            self._soon_looked.stop()
        self._soon_looked = self.set_timer(LOOK_AFTER, self._look)

    def _look(self) -> None:
        """Show what the note says now, and the first thing that is wrong with it, with its line in
        the box. While it is no note, the last one stays in sight."""
        note, problems = self._read(self._box.text)
        self._wrong, self._note = problems, note
        if note is not None:
            points = [point.text for point in note.points]
            shown = written_out(note.prompt, note.front, note.answer, points, note.synonyms)
            self.query_one(Prose).show(shown, self.gallery(shown, self._edit.path))
            self.call_after_refresh(self._follow)
        told = self._told(problems[0]) if problems and self._box.text.strip() else ""
        wrong = self.query_one("#wrong", Static)
        wrong.update(told and f"{told}.")
        wrong.display = bool(told)

    @on(TextArea.SelectionChanged)
    def _follow(self) -> None:
        """Have the preview as far down as the cursor is in the text."""
        rows, preview = self._box.document.line_count, self.query_one("#preview", VerticalScroll)
        part = self._box.cursor_location[0] / max(1, rows - 1)
        preview.scroll_to(y=round(part * preview.max_scroll_y), animate=False)

    def _told(self, problem: Problem) -> str:
        """A problem with its line in the box, in which there may be empty ones above the note."""
        text = self._box.text
        lines = text[: len(text) - len(text.lstrip())].count("\n")
        return f"Line {problem.line + lines}: {problem.message}"

    @property
    def box(self) -> TextArea:
        return self._box

    @property
    def written(self) -> str:
        return parted(self._box.text, self._former)

    def put(self, text: str) -> None:
        self._box.text, former = joined(text)
        self._former |= former

    def show_saved(self) -> None:
        saved = self.draft is not None and not self.draft.waiting
        kept = " · kept as a draft" if self.written.strip() else " · no draft"
        self.head("Edit", self._edit.place + kept * (saved and self.written != self._said))

    def action_save(self) -> None:
        self._look()
        if not self.written.strip():
            self.action_back()
        elif self._wrong:
            self.notify("Not saved: the line above says why.", severity="error")
        elif self._asks():
            return
        elif self.keep_as_seen() and not self._box.read_only:
            self._box.read_only = True
            self._take_over()

    def _asks(self) -> bool:
        """Whether the comment of the note would be lost, and the key before has not asked about
        it; the same key once more saves it so."""
        lost = identity.lost(self._had, self._note) if self._had and self._note else ""
        if not lost or self._sure == self.written:
            return False
        self._sure = self.written
        key = self.key_of("save")
        self.notify(f"Its comment is gone, with {lost}; {key} again saves it so.")
        return True

    @work(thread=True, exclusive=True, group="edit")
    def _take_over(self) -> None:
        """Have the note say what the box does; another program may hold the lock meanwhile."""
        told = ""
        try:
            self._edit.finish(self.desk.at(LONG_PATIENCE))
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._taken, told)

    def _taken(self, told: str) -> None:
        self._box.read_only = False
        if told:
            self.notify(told, severity="error")
        else:
            self.app.pop_screen()

    def action_back(self) -> None:
        if self.keep():
            if not self.written.strip():
                self.notify("No draft is kept; the note stays as it was.")
            elif self.written != self._said:
                on = f"{self.key_of('rewrite')} goes on with it"
                self.notify(f"Kept as a draft; {on}, and emptying the box drops it.")
            self.app.pop_screen()
