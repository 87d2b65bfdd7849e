"""What the commands share: whose study to open and where, and how they print."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from studyapp import config
from studyapp.errors import CancelledError, StudyError, printable
from studyapp.stream import progress

if TYPE_CHECKING:
    from studyapp.store.backup import Progress
    from studyapp.study.desk import Desk


class _Chapter(click.ParamType[str]):
    """A chapter's number, or the name of a deck (`study/chapter.py::find`)."""

    name = "chapter"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        text = str(value).strip()
        if not text:
            self.fail("give a chapter's number or a deck's name", param, ctx)
        return text


CHAPTER = _Chapter()
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")


@dataclass(frozen=True, slots=True)
class Opening:
    """What the options before the command say: the database, and whose progress.

    Without a name it is the first learner's; only `new` makes one.
    """

    db: str
    name: str | None
    new: bool

    @contextmanager
    def study(self, *, writes: bool = False) -> Iterator[Desk]:
        """The learner's desk, with the content in step, the settings in force and what other
        devices have written folded in; one that *writes* tells them and has the day's backup made
        in the end."""
        from studyapp.store.engine import LockedError
        from studyapp.study import library
        from studyapp.study.lab.misses import bring_back

        told = self.trace()
        current = config.Current(config.load())
        desk, report = library.open_study(self.db, current, now, self.name, new=self.new)
        for one in (told, *(report.left_alone if report else ())):
            say(one)
        try:
            meet(desk)
            with suppress(LockedError):  # another program is writing; the next start does it
                if bring_back(desk):
                    tell(desk)
            yield desk
            if writes:
                tell(desk)
                back_up(desk)
        finally:
            desk.close()

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The learner's desk as it stands: neither content nor settings are looked at."""
        from studyapp.study import library

        told, current = self.trace(), config.Current(config.Settings())
        desk = library.open_desk(self.db, current, now, self.name, new=self.new)
        say(told)
        try:
            yield desk
        finally:
            desk.close()

    def trace(self) -> str:
        """What is to be said of the database, as it lies there before it is opened."""
        from studyapp.store.trace import told

        return told(self.db)

    def app(
        self,
        *,
        review: bool = False,
        chapter: str | None = None,
        quiz: str | None = None,
        book: bool = False,
    ) -> None:
        """Run the app until the learner leaves it."""
        from studyapp.tui.start import run

        failure = run(
            self.db,
            self.name,
            new=self.new,
            review=review,
            chapter=chapter,
            quiz=quiz,
            book=book,
        )
        if failure:
            raise StudyError(failure)


def say(told: str) -> None:
    """What is no answer to what was asked, if there is anything to say."""
    if told:
        click.echo(told, err=True)


def tell(desk: Desk) -> None:
    """Write what is new here for other devices; what cannot be now is, the next time. A desk as it
    stands has no settings in force: those of the file say where the devices meet."""
    with suppress(StudyError):
        settings = config.load()
        if settings.devices:
            from studyapp.study.devices import exchange

            exchange.tell(replace(desk, current=config.Current(settings)))


def meet(desk: Desk) -> None:
    """Fold in what other devices have written; that it cannot be done is said once and no more."""
    if not desk.settings.devices:
        return
    from studyapp.study.devices import exchange

    try:
        if trouble := exchange.meet(desk, opening=True).trouble:
            click.echo(trouble, err=True)
    except StudyError as error:
        click.echo(error, err=True)


def back_up(desk: Desk) -> None:
    """Make the backup of the day, if there is none yet; that it fails is said and no more."""
    from studyapp.study.backup import daily

    try:
        daily(desk)
    except StudyError as error:
        click.echo(error, err=True)


@contextmanager
def stoppable(what: str) -> Iterator[Progress]:
    """Shows on a terminal how far something is. ctrl+c stops it at its next step, so that nothing
    is left behind, and where it cannot be undone not at all; a second one ends the program."""
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, former)
        with suppress(RuntimeError):  # a line is being written right now
            progress(f"{what}: stops at its next step; ctrl+c once more ends the program.")

    def told(done: int, of: int) -> None:
        if asked:
            raise CancelledError("Stopped; nothing was changed.")
        progress(f"{what}: {100 * done // of}%")

    former = signal.signal(signal.SIGINT, ask)
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, former)
        progress()
    if asked:
        say("It was too late to stop: all of it is done.")


def now() -> datetime:
    """The learner's wall clock with its offset from UTC."""
    return datetime.now().astimezone()


def print_json(value: Any) -> None:
    """One line of JSON, in which what steers a terminal is escaped: a program gets every text."""
    line = json.dumps(value, ensure_ascii=False)
    click.echo(line if printable(line) == line else json.dumps(value))
