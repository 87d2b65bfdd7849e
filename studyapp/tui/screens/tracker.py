"""The course tracker: what has been read, how familiar it is, and what is next."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from studyapp.tui.screens.section import CoursePage, SectionScreen
from studyapp.tui.widgets.contents import Contents, Entry, key

EMPTY = "No sections here yet: install a pack with reading notes, then run `studyapp sync`."


class TrackerScreen(CoursePage):
    """The course as a tree; beside it, where there is room, what the cursor stands on."""

    DEFAULT_CSS = """
    TrackerScreen {
        & > * { max-width: 160; }
        & #course { padding-top: 1; }
        & Contents { width: 1fr; height: 1fr; margin-left: 1; }
        & SectionView { display: none; width: 1fr; padding: 0 1 0 2; }
        & #empty { display: none; height: 1fr; padding: 1; }
        & #whole { display: none; height: auto; padding: 0 1; border-top: solid $foreground 20%; }
        &.-wide SectionView { display: block; }
        &.-empty { & #course { display: none; } & #empty { display: block; } }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.contents = Contents()
        self._page: SectionScreen | None = None  # where the learner is reading
        self._begun = False

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="course"):
            yield self.contents
            yield self.view
        yield Static("", id="whole", markup=False)
        yield Static(EMPTY, id="empty", markup=False)

    @property
    def entry(self) -> Entry | None:
        return self.contents.entry if self._has_entries else None

    @property
    def _has_entries(self) -> bool:
        """Whether there is a section to read or a deck to start."""
        return bool(self.course.sections) or any(it.number is None for it in self.course.chapters)

    def show_course(self) -> None:
        course = self.course
        self.set_class(not self._has_entries, "-empty")
        self.head("Course", f"{course.progress} done" if course.sections else "")
        self.contents.show(course)
        if not self._begun:
            self._begun = True
            self.contents.go_to(course.next_section and course.next_section.id)
        elif self._page is not None:
            self.contents.go_to(self._page.entry.id)
            self._page = None
        self.show_entry()
        if not self.view.editing:
            self.focus_home()

    def show_entry(self) -> None:
        super().show_entry()
        self.call_after_refresh(self._show_whole)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_whole)

    def _show_whole(self) -> None:
        """A long title is cut in the tree; where no page beside it has it whole, a line below
        does."""
        cut = "" if self.has_class("-wide") else self.contents.cut
        whole = self.query_one("#whole", Static)
        whole.update(cut)
        whole.display = bool(cut)

    def focus_home(self) -> None:
        self.contents.focus()

    @on(Contents.Moved)
    def _moved(self) -> None:
        if key(self.entry) != key(self._writing) and not self.close_note():
            self.contents.go_to(key(self._writing))  # its note must be kept first
            return
        self.show_entry()
        self.refresh_bindings()

    @on(Contents.Chosen)
    def _chosen(self, event: Contents.Chosen) -> None:
        beside = event.clicked and self.has_class("-wide")  # there it can be read already
        if not beside and self.close_note():
            self._page = SectionScreen(event.section)
            self.app.push_screen(self._page)

    def action_scroll(self, pages: int) -> None:
        if self.has_class("-wide"):
            super().action_scroll(pages)
        elif pages > 0:
            self.contents.action_page_down()
        else:
            self.contents.action_page_up()

    def action_note(self) -> None:
        if self.has_class("-wide") or self.section is None:
            super().action_note()
        elif self.close_note():
            self._page = SectionScreen(self.section, edit=True)
            self.app.push_screen(self._page)
