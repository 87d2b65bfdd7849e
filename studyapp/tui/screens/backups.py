"""The backups that there are, what each holds, and the way back to one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Mount
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from studyapp.errors import CancelledError, StudyError
from studyapp.study import words
from studyapp.tui.keys import bind
from studyapp.tui.row import Row
from studyapp.tui.screens.page import Page, soon
from studyapp.tui.widgets.listing import Listing

if TYPE_CHECKING:
    from studyapp.store.backup import Backup, Progress
    from studyapp.store.restore import Difference, Restored

_TOLD = (
    "The database, your packs and settings, each day you study and before what is hard to undo. "
    "All of a day are kept, one a day for two weeks, then one a week and one a month."
)
_NONE = (
    "There is no backup yet. The first one is made by itself at the next start at which there is "
    "something to lose; {} makes one now.\n\nThey go to {}."
)
_WARNING = (
    "What was done since then is no longer here after that, on this device. How it is now becomes "
    "a backup first, so that you can come back. {} goes back."
)


class BackupList(Listing):
    """Backups, one chosen."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "cursor_down", "choose", "Go through the backups"),
        bind("up", "cursor_up", show=False),
        bind("top", "first", show=False),
        bind("bottom", "last", show=False),
    ]


class BackupsScreen(Page):
    """One row a backup. What going back to one changes is shown before it can be done."""

    FOLLOWS = False  # whoever goes back here sees it
    BINDINGS = [  # noqa: RUF012
        bind("go_on", "look", "what differs", "What going back to it would change"),
        bind("restore", "go_back", "go back", "Go back to it; how it is now is kept first"),
        bind("restore", "go_back_soon", tooltip="", show=False),
        bind("save", "make", "back up now", "Make a backup now"),
        bind("back", tooltip="Stop what is going on; else back"),
    ]
    DEFAULT_CSS = """
    BackupsScreen {
        & > * { max-width: 160; }
        & #told { max-width: 100; color: $text-muted; margin-top: 1; }
        & BackupList { height: 1fr; min-height: 3; margin-top: 1; }
        & #looked { height: auto; border-top: solid $foreground 20%; }
        & #going-on { height: auto; color: $text-accent; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: Sequence[Backup] = ()
        self._looked: Difference | None = None  # at the chosen one
        self._busy = False
        self._nowhere = False  # there is no file to back up
        self._listed = asyncio.Event()

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield Static("", id="told", markup=False)
            yield BackupList(markup=False)
            yield Static("", id="looked", markup=False)
            yield Static("", id="going-on", markup=False)

    @on(Mount)
    async def _come_with_the_list(self) -> None:
        """The list is there at once; if it takes long, that it is being read is said instead."""
        self.head("Backups")
        self.query_one("#looked").display = False
        self.query_one("#going-on").display = False
        self._busy = True
        self._list()
        if not await soon(self._listed):
            self._begin("Reading …")

    @work(thread=True, group="backups")
    def _list(self) -> None:
        from studyapp.store.backup import listed
        from studyapp.study.backup import file_of

        try:
            database = file_of(self.desk.engine)
            found, problems = listed(database)
        except StudyError as error:
            self.app.call_from_thread(self._show_none, str(error))
            return
        self.app.call_from_thread(self._show, database, found, problems)

    def _show_none(self, why: str) -> None:
        """Say why there is nothing to list."""
        self._nowhere = True
        self._end()
        self._listed.set()
        self.query_one("#told", Static).update(why)
        self.query_one(BackupList).display = False

    def _show(self, database: Path, found: Sequence[Backup], problems: Sequence[str]) -> None:
        from studyapp.store.archive import shown
        from studyapp.store.backup import folder_of

        self._end()
        self._listed.set()
        self._found = found
        none = _NONE.format(self.key_of("save"), folder_of(database))
        self.query_one("#told", Static).update("\n\n".join([_TOLD if found else none, *problems]))
        size = shown(sum(one.size for one in found))
        self.head("Backups", f"{words.count(len(found), 'backup')}, {size}" if found else "")
        rows = self.query_one(BackupList)
        rows.display = bool(found)
        rows.clear_options().add_options(self._rows(found))
        rows.highlighted = 0 if found else None
        self.set_focus(rows if found else None)
        self.refresh_bindings()

    def _rows(self, found: Sequence[Backup]) -> list[Option]:
        from studyapp.store.archive import shown
        from studyapp.study import backup

        now = self.desk.now()
        heads = [(backup.when(one.made, now), backup.why(one.manifest.reason)) for one in found]
        wide, wider = (max((len(head[side]) for head in heads), default=0) for side in (0, 1))
        rows = []
        for (when, why), one, former in zip(heads, found, [*found[1:], None], strict=False):
            head = f" {when.ljust(wide)}  {why.ljust(wider)}  "
            told = f"{backup.holds(one, former)} · {shown(one.size)}"
            rows.append(Option(Row(head, Content.styled(told, "dim"))))
        return rows

    @property
    def _chosen(self) -> Backup | None:
        index = self.query_one(BackupList).highlighted
        return self._found[index] if index is not None and index < len(self._found) else None

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        """What was shown is of another one."""
        if not self._busy:
            self._forget()

    def _forget(self) -> None:
        self._looked = None
        self.query_one("#looked").display = False
        self.query_one("#told").display = True
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "look":
                return not self._busy and self._chosen is not None and self._looked is None
            case "go_back":
                return not self._busy and self._looked is not None
            case "go_back_soon":
                return self._chosen is not None and self._looked is None
            case "make":
                return not self._busy and not self._nowhere
        return True

    @on(OptionList.OptionSelected)
    def action_look(self) -> None:
        if self._chosen is not None and self.check_action("look", ()):
            self._begin("Looking at all of it …")
            self._compare(self._chosen.path)

    @work(thread=True, group="backups")
    def _compare(self, path: Path) -> None:
        from studyapp.store.restore import compare
        from studyapp.study.backup import file_of

        try:
            database, progress = file_of(self.desk.engine), self._progress("Looking at all of it")
            found = compare(database, path, progress=progress)
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._show_difference, found)

    def _show_difference(self, found: Difference) -> None:
        from studyapp.study import backup

        self._end()
        self._looked = found
        when = backup.when(found.manifest.made, self.desk.now())
        head, *table = backup.table(found)
        files, warning = words.capital(backup.files(found)), _WARNING.format(self.key_of("restore"))
        looked = self.query_one("#looked", Static)
        looked.update(
            Content.assemble(
                (f"Going back to {when}\n", "bold"),
                (f"{head}\n", "dim"),
                "\n".join([*table, f"{files}.", warning]),
            )
        )
        looked.display = True
        self.query_one("#told").display = False  # it has been read, and here is little room
        self.refresh_bindings()

    def action_make(self) -> None:
        self._begin("Backing up …")
        self._make()

    @work(thread=True, group="backups")
    def _make(self) -> None:
        from studyapp.store.backup import Reason
        from studyapp.study.backup import file_of

        try:
            file_of(self.desk.engine)
            self.desk.back_up(Reason.ASKED, progress=self._progress("Backing up"))
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._read_again, "Backed up.")

    def _read_again(self, told: str) -> None:
        self.notify(told)
        self._begin("Reading …")
        self._list()

    def action_go_back_soon(self) -> None:
        """Not before it is seen what that changes."""
        if self._busy:
            told = (
                f"Not yet; {self.key_of('restore')} goes back once it says what that would change."
            )
        else:
            told = f"{self.key_of('go_on')} shows first what going back to it would change."
        self.notify(told)

    def action_go_back(self) -> None:
        if self._looked is not None:
            self._begin("Going back …")
            self._go_back(self._looked.path)

    @work(thread=True, group="backups")
    def _go_back(self, path: Path) -> None:
        from studyapp.store.engine import LONG_PATIENCE
        from studyapp.study.backup import go_back

        try:
            done = go_back(self.desk.at(LONG_PATIENCE), path, progress=self._progress("Going back"))
        except StudyError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._tell_back, done)

    def _tell_back(self, done: Restored) -> None:
        from studyapp.study.backup import comes_again, when

        told = f"You are back at {when(done.difference.manifest.made, self.desk.now())}."
        if done.before is not None:
            told += " How it was until now is the first line here."
        else:
            told += f" The damaged database is now {done.aside}."
        self._read_again(f"{told} {comes_again()}".rstrip())
        self.study.look()

    def _progress(self, what: str) -> Progress:
        """Tells how far it is, and stops it once its worker is cancelled; for a worker's thread."""

        worker, last = get_current_worker(), -1

        def tell(done: int, whole: int) -> None:
            nonlocal last
            if worker.is_cancelled:
                raise CancelledError("Stopped; nothing was changed.")
            share = 100 * done // whole
            if share != last:
                last = share
                self.app.call_from_thread(self._begin, f"{what}: {share}%")

        return tell

    def _begin(self, told: str) -> None:
        self._busy = True
        line = self.query_one("#going-on", Static)
        line.update(f"{told}; {self.key_of('back')} stops it." if "%" in told else told)
        line.display = True
        self.refresh_bindings()

    def _end(self) -> None:
        self._busy = False
        self.query_one("#going-on").display = False
        self._forget()

    def _failed(self, sentence: str) -> None:
        self._end()
        self.notify(sentence, severity="error")

    def action_back(self) -> None:
        """Stop what is going on, or leave the page."""
        if self._busy:
            self.workers.cancel_group(self, "backups")
        else:
            self.app.pop_screen()
