"""Bring notes along: choose a file, look at each note that it would bring, take all or some.

A questionnaire that was filled in can be taken as answers instead: each is shown with the question
that it goes to, and is taken or left out like a note.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Mount
from textual.widgets import Input, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from studyapp.config import at_home
from studyapp.errors import CancelledError, StudyError
from studyapp.notes.card import bracketed
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.matching import By
from studyapp.notes.note import Problem
from studyapp.notes.plain import plain
from studyapp.notes.reworded import Wording
from studyapp.store.engine import LONG_PATIENCE
from studyapp.study import delivery, folder, words
from studyapp.study.crash import contained
from studyapp.study.delivery import Delivery, Preview
from studyapp.study.desk import Desk
from studyapp.study.folder import Entry
from studyapp.study.imports import Imported, Source
from studyapp.study.questionnaire import arrival
from studyapp.study.questionnaire.arrival import Brought, Matched, Proposal
from studyapp.tui import places
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page, soon
from studyapp.tui.widgets.field import LineField
from studyapp.tui.widgets.listing import Listing, said

if TYPE_CHECKING:
    from studyapp.store.backup import Progress
    from studyapp.tui.host import Host

_HINT = "Markdown, notebooks, hashcards, Obsidian, Anki, posts: what a file is, is seen by itself."
_SHOWN = 500  # notes; who has more takes the others with them
_LENGTH = 160  # characters of a note in the list


class ImportList(Listing):
    """Files of a folder or notes of a file, one chosen."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "cursor_down", "choose", "Go through the notes"),
        bind("up", "cursor_up", show=False),
    ]


class ImportScreen(Page):
    """The files first; once one is read, its notes, and what of it was not understood; or its
    answers with the questions that they go to, and what goes to none."""

    NEW_CARD = False
    BINDINGS = [  # noqa: RUF012
        bind("down", "step(1)", "choose", "Go through the files", only="down", first=True),
        bind("up", "step(-1)", only="up", show=False, first=True),
        bind("next_field", "complete", "complete", "Complete the path", first=True),
        bind("go_on", "open", "open", "Look into it", only="enter", first=True),
        bind("save", "look_at_all", "whole folder", "Look at all of the folder", first=True),
        bind("save", "bring", "import", "Take over what is ticked", first=True),
        bind("tick", "tick", "take", "Take it, or leave it out"),
        bind("all", "tick_all", "all", "Take all of them, or none"),
        bind(
            "quiz",
            "answers",
            "as answers",
            "See which answer goes to which question of the chapter",
        ),
        bind("back", tooltip="Stop what is going on; back to the notes, to the files; back"),
    ]
    DEFAULT_CSS = """
    ImportScreen {
        & > * { max-width: 160; }
        & #path { margin-top: 1; }
        & #told { height: auto; color: $text-muted; margin: 1 0; }
        & ImportList { height: 1fr; min-height: 3; text-wrap: wrap; scrollbar-gutter: stable; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries: Sequence[Entry] = ()
        self._preview: Preview | None = None
        self._filled: Proposal | None = None  # while its answers are shown instead of the notes
        self._notes_left_out: set[int] = set()  # places
        self._answers_left_out: set[int] = set()
        self._going_on: object = None  # what is being done; what an older one brings is let go

    def compose_body(self) -> ComposeResult:
        with Vertical(classes="body"):
            yield LineField(f"{at_home(Path.cwd())}/", id="path", select_on_focus=False)
            yield Static(_HINT, id="told", markup=False)
            yield ImportList(markup=False)

    @on(Mount)
    async def _come_with_the_files(self) -> None:
        """They are there at once, or as soon as a folder that is far away has been read."""
        self.head("Import")
        self.set_focus(self._path)
        self._list_files()
        await soon(self.ready)

    @property
    def _path(self) -> Input:
        return self.query_one("#path", Input)

    @property
    def _rows(self) -> ImportList:
        return self.query_one(ImportList)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        chooses = self._preview is None and self._going_on is None
        match action:
            case "step" | "complete" | "open":
                return chooses
            case "look_at_all":
                return chooses and self._path.value.endswith("/")
            case "bring":
                return self._going_on is None and self._takes
            case "answers":
                is_filled = self._preview is not None and self._preview.filled is not None
                return self._going_on is None and is_filled and self._filled is None
            case "tick" | "tick_all":
                return self._going_on is None and self._picks and self._number > 0
        return True

    # --- the files ----------------------------------------------------------------------------

    @on(Input.Changed, "#path")
    def _list_files(self) -> None:
        if (meant := folder.meant(self._path.value)) != self._path.value:
            self._path.value, self._path.cursor_position = meant, len(meant)
        elif self._preview is None:
            self.hold_keys(True)
            self._read_folder(self._path.value)

    @work(thread=True, exclusive=True, group="files")
    def _read_folder(self, typed: str) -> None:
        self.app.call_from_thread(self._show_entries, typed, folder.entries(typed))

    def _show_entries(self, typed: str, entries: Sequence[Entry]) -> None:
        if typed != self._path.value or self._preview is not None:
            return
        self.hold_keys(False)
        self._entries = entries
        names = (" ".join(one.name.split()) for one in entries)
        self._rows.clear_options().add_options(map(Option, names))
        self._rows.can_focus = False  # the keys belong to the path
        self._rows.highlighted = 0 if entries else None
        self.refresh_bindings()

    @property
    def _entry(self) -> Entry | None:
        place = self._rows.highlighted
        return self._entries[place] if place is not None and place < len(self._entries) else None

    def action_step(self, step: int) -> None:
        (self._rows.action_cursor_down if step > 0 else self._rows.action_cursor_up)()

    def action_complete(self) -> None:
        if (entry := self._entry) is not None:
            self._go_to(entry)

    def _go_to(self, entry: Entry) -> None:
        inside, _ = folder.parted(self._path.value)
        head = self._path.value.rpartition("/")[0] + "/" if "/" in self._path.value else ""
        assert entry.path.parent == inside
        self._path.value = head + entry.name
        self._path.cursor_position = len(self._path.value)

    def action_open(self) -> None:
        """What is typed goes before what is chosen, if it is there."""
        typed = folder.whole(self._path.value)
        entry = self._entry
        if self._path.value.endswith("/") or not typed.is_file():
            if entry is None:
                self.notify(f"There is no {self._path.value}.", severity="error")
                return
            self._go_to(entry)
            if entry.is_folder:
                return
            typed = entry.path
        self._begin(typed)

    def action_look_at_all(self) -> None:
        """A folder is read as one, as a vault is."""
        self._begin(folder.whole(self._path.value))

    def _begin(self, path: Path) -> None:
        self._going_on = going_on = object()
        self._tell(f"Reading …; {self.key_of('back')} stops it.")
        self._look(going_on, path)

    # --- the notes ----------------------------------------------------------------------------

    @work(thread=True, group="import")
    def _look(self, going_on: object, path: Path) -> None:
        found, told = None, ""
        try:
            found = delivery.look(self.desk, path, self._stop(going_on))
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._looked, going_on, found, told)

    def _looked(self, going_on: object, found: Preview | None, told: str) -> None:
        if going_on is not self._going_on:
            return
        self._going_on = None
        if found is None:
            self._back_to_files()
            self.notify(told, severity="error")
            return
        self._preview = found
        self._notes_left_out, self._answers_left_out = set(), set()
        self._path.display = False
        self._show_notes()

    def _show_notes(self) -> None:
        assert self._preview is not None
        told, self._filled = self._preview.told, None
        rows = [f"changed: {_short(one)}" for one in told.reworded[:_SHOWN]]
        below = told.source.path
        rows += [_worded(one, below) for one in told.wordings[:_SHOWN]]
        rows += [_told(one, below) for one in told.problems]
        self._show(rows)

    def _show(self, others: Sequence[str]) -> None:
        """What can be picked, and what *others* there is to tell."""
        rows = [self._row(place) for place in range(min(_SHOWN, self._number))]
        if self._number > _SHOWN:
            rows.append(self._more())
        rows += map(said, others)
        self._rows.clear_options().add_options(rows)
        self._rows.can_focus = True
        self._rows.highlighted = 0 if rows else None
        self.set_focus(self._rows if rows else None)
        self._tell_shown()

    def _tell_shown(self) -> None:
        if self._filled is None:
            self._tell_notes()
        else:
            self._tell_answers(self._filled)
        self.refresh_bindings()

    @property
    def _number(self) -> int:
        """How many notes or answers there are to pick from."""
        if self._filled is not None:
            return len(self._filled.answered)
        return len(self._preview.new) if self._preview is not None else 0

    @property
    def _left_out(self) -> set[int]:
        return self._notes_left_out if self._filled is None else self._answers_left_out

    @property
    def _picks(self) -> bool:
        return self._filled is not None or bool(self._preview and self._preview.picks)

    def _row(self, place: int) -> Option:
        taken = place not in self._left_out
        if self._filled is not None:
            return _answer(self._filled.answered[place], taken=taken)
        assert self._preview is not None
        note, twin = self._preview.new[place]
        below = self._preview.source.path
        return _note(note, twin, below, taken=taken if self._picks else None)

    def _tell_notes(self) -> None:
        assert self._preview is not None
        told, new = self._preview.told, len(self._preview.new)
        twins = sum(bool(twin) for _, twin in self._preview.new)
        self._tell(
            "\n".join([" · ".join([*_counts(told, new), *_doubts(told, twins)]), *self._answering])
        )
        taken = f"{new - len(self._left_out)} of {words.count(new, 'new note')}"
        taken = taken if new and self._preview.picks else ""
        self.head(f"Import {told.source.path.name}", taken)

    @property
    def _answering(self) -> list[str]:
        """That it is a questionnaire, if it is one."""
        filled = self._preview and self._preview.filled
        if not filled:
            return []
        number = len(filled.answered)
        return [
            f"{number} answers to questions of {filled.name} are in it: "
            f"{self.key_of('quiz')} shows which answers which, to be judged there instead."
        ]

    def _tell_answers(self, filled: Proposal) -> None:
        number = len(filled.answered)
        told = [f"{words.count(number, 'answer')} to {filled.name}, to be judged there"]
        told += [f"{words.count(len(filled.unmatched), 'remark')} below"] * bool(filled.unmatched)
        self._tell("\n".join(filter(None, (" · ".join(told), filled.ending))))
        taken = f"{number - len(self._left_out)} of {words.count(number, 'answer')}"
        self.head(f"Import {filled.path.name}", taken)

    @property
    def _takes(self) -> bool:
        """Whether anything would be taken over."""
        found = self._preview
        if found is None:
            return False
        if self._filled is not None:
            return len(self._left_out) < self._number
        told = found.told
        others = (told.own_notes, told.changed, told.reviews, told.schedules)
        return not told.known and (len(self._left_out) < len(found.new) or any(others))

    def action_tick(self) -> None:
        place = self._rows.highlighted
        if place is None or place >= min(_SHOWN, self._number):
            return
        self._left_out.symmetric_difference_update({place})
        self._draw(place)
        self._rows.action_cursor_down()
        self._tell_shown()

    def action_tick_all(self) -> None:
        if self._left_out:
            self._left_out.clear()
        else:
            self._left_out.update(range(self._number))
        for place in range(min(_SHOWN, self._number)):
            self._draw(place)
        if self._number > _SHOWN:
            self._rows.replace_option_prompt_at_index(_SHOWN, self._more().prompt)
        self._tell_shown()

    def _more(self) -> Option:
        """How many the list does not show, which are taken or left out together."""
        taken = "are left out" if self._number - 1 in self._left_out else "come with them"
        return said(f"and {self._number - _SHOWN:,} more, which {taken}")

    def _draw(self, place: int) -> None:
        self._rows.replace_option_prompt_at_index(place, self._row(place).prompt)

    def action_answers(self) -> None:
        """Show which answer goes to which question."""
        if self._preview is not None and self._preview.filled is not None:
            self._filled = self._preview.filled
            self._show([_told(one, self._filled.path) for one in self._filled.unmatched])

    # --- taking them over ---------------------------------------------------------------------

    def action_bring(self) -> None:
        found = self._preview
        if self._filled is not None:
            self._judge(self._filled)
        elif found is not None:
            self._take(found)

    def _take(self, found: Preview) -> None:
        left_out = {found.new[place][0].guid for place in self._left_out}
        source = delivery.without(found.source, left_out) if left_out else found.source
        self._going_on = going_on = object()
        self._tell("Importing …")
        self._bring(going_on, source)

    @work(thread=True, group="import")
    def _bring(self, going_on: object, source: Source) -> None:
        done, told = None, ""
        try:
            desk = self.desk.at(LONG_PATIENCE)
            done = delivery.bring(desk, source, self._progress(going_on))
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._brought, done, told)

    def _stop(self, going_on: object) -> Callable[[], None]:
        """Stops what is done in a worker's thread, once nobody waits for it."""

        worker = get_current_worker()

        def stop() -> None:
            if worker.is_cancelled or going_on is not self._going_on:
                raise CancelledError("Stopped; nothing was changed.")

        return stop

    def _progress(self, going_on: object) -> Progress:
        """Tells how far it is, and stops it likewise."""
        stop = self._stop(going_on)

        def heard(done: int, of: int) -> None:
            stop()
            self.app.call_from_thread(self._tell, f"Importing: {100 * done // of}%")

        return heard

    def _brought(self, done: Delivery | None, told: str) -> None:
        self._going_on = None
        if done is None:
            self.notify(told, severity="error")
            self._tell_shown()
            return
        counts = ", ".join(_counts(done.told, len(done.told.questions)))
        if done.source.foreign.answers is None:  # these are an attempt, which says so itself
            self.study.wrote(partial(_take_back, self.study, done))
            counts += f"; {self.undo_now()}"
        self.notify(f"{words.capital(counts)}.")
        self.app.pop_screen()

    def _judge(self, filled: Proposal) -> None:
        """Bring the answers that are ticked as an attempt; one that is open ends only if that is
        said twice."""
        left_out = {filled.answered[place] for place in self._left_out}
        matched = tuple(one for one in filled.answered if one not in left_out)
        filled = replace(filled, matched=matched)
        if filled.ends is not None and not self.study.is_sure(filled):
            again = f"These answers come if you press {self.key_of('save')} once more."
            self.notify(f"{filled.ending} {again}")
            return
        self._going_on = going_on = object()
        self._tell("Importing …")
        self._bring_answers(going_on, filled)

    @work(thread=True, group="import")
    def _bring_answers(self, going_on: object, filled: Proposal) -> None:
        brought, told = None, ""
        try:
            self._stop(going_on)()
            with contained(filled.path):
                brought = arrival.bring_attempt(self.desk.at(LONG_PATIENCE), filled)
        except StudyError as error:
            told = str(error)
        self.app.call_from_thread(self._brought_answers, filled, brought, told)

    def _brought_answers(self, filled: Proposal, brought: Brought | None, told: str) -> None:
        self._going_on = None
        if brought is None:
            self.notify(told, severity="error")
            self._tell_shown()
            return
        self.study.wrote(partial(delivery.take_answers_back, filled=filled))
        self.study.open(places.Chapter(filled.chapter, filled.name, resume=True), instead=True)
        untaken = f", {len(brought.problems)} not" if brought.problems else ""
        them = "it" if brought.answers == 1 else "them"
        undo = self.undo_now(f"on Today takes {them} back")
        self.notify(f"{words.count(brought.answers, 'answer')} taken{untaken}; {undo}.")

    def _tell(self, told: str) -> None:
        stops = f"; {self.key_of('back')} stops it." if "%" in told else ""
        self.query_one("#told", Static).update(f"{told}{stops}")
        self.refresh_bindings()

    def _back_to_files(self) -> None:
        self._preview = self._filled = None
        self._path.display = True
        self.head("Import")
        self._tell(_HINT)
        self._list_files()
        self.set_focus(self._path)

    def action_back(self) -> None:
        """Stop what is going on: what is only read is let go; what is written ends at its next
        step, as it was."""
        if self._going_on is not None and self._preview is not None:
            self._going_on = object()
            self._tell("Stopping …")
        elif self._filled is not None:
            self._show_notes()
        elif self._going_on is not None or self._preview is not None:
            self._going_on = None
            self._back_to_files()
        else:
            self.app.pop_screen()


def _take_back(study: Host, done: Delivery, _: Desk) -> str:
    """Behind the page, as a large import takes its time."""
    study.later(partial(delivery.take_back, done=done))
    return "Taking the import back …"


def _answer(one: Matched, *, taken: bool) -> Option:
    """An answer with its question, its line, and the question that it goes to."""
    place = f"  line {one.line}" if one.line else ""
    sure = "dim" if one.by in (By.SAME, By.BOTH) else "$text-warning"
    return Option(
        Content("\n").join(
            [
                Content.assemble(f"{_tick(taken)}{_short(one.said)}", (place, "dim")),
                Content.styled(f"    {one.told(_short)}", sure),
                Content.styled(f"    {_short(one.answer)}", "dim"),
            ]
        )
    )


def _tick(taken: bool | None) -> str:
    return "" if taken is None else f"[{'x' if taken else ' '}] "


def _note(note: ForeignNote, twin: str, below: Path, *, taken: bool | None) -> Option:
    """A note of what is *below* as question and answer, with its place and what asks nearly the
    same; whether it is *taken*, where one can pick."""
    place = ", ".join(filter(None, (words.place(note.path, note.line, below), note.shape)))
    asked = _short(note.question or bracketed(note.answer))
    answer = _short(note.answer) if note.question else ""
    answer = answer or ("" if not note.question else "(no answer yet)")
    parts = [Content.assemble(f"{_tick(taken)}{asked}", (f"  {place}", "dim"))]
    parts += [Content.styled(f"    {answer}", "dim")] if answer else []
    parts += [Content.styled(f"    nearly: {_short(twin)}", "$text-warning")] if twin else []
    return Option(Content("\n").join(parts))


def _worded(one: Wording, below: Path) -> str:
    of = "a new wording of" if one.is_sure else "perhaps a new wording of what is here as before"
    asked = _short(bracketed(one.question))
    place = words.place(one.path, one.line, below)
    return f"{place}: {asked}: {of}: {_short(one.before)}"


def _told(problem: Problem, below: Path) -> str:
    """What there is to tell of a place; where a folder is read, with the file."""
    return ": ".join(
        filter(None, (words.place(problem.path, problem.line, below), problem.message))
    )


def _short(text: str) -> str:
    return shorten(plain(text), _LENGTH, placeholder=" …")


def _counts(told: Imported, new: int) -> list[str]:
    """What comes or has come, in words."""
    if told.source.foreign.answers is not None:
        answers = words.count(len(told.questions), "answer")
        return [f"{answers} to a questionnaire", words.count(told.own_notes, "note")]
    counts = [f"{words.count(new, 'new note')} with {words.count(told.cards, 'card')}"]
    counts += [f"{told.changed:,} changed"] if told.changed else []
    counts += [words.count(told.reviews, "review")] if told.reviews else []
    counts += [words.count(told.schedules, "schedule")] if told.schedules else []
    counts += [f"into the pack {told.home}"] if told.home else []
    return ["all of it is here already"] if told.known and not new else counts


def _doubts(told: Imported, twins: int) -> list[str]:
    doubts = [f"{twins:,} nearly here already"] if twins else []
    doubts += [f"{told.gone:,} no longer in it, and here as before"] if told.gone else []
    return doubts + (
        [f"{words.count(len(told.problems), 'remark')} below"] if told.problems else []
    )
