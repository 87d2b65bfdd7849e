"""Texts that attack a terminal, where they are put, and a walk past every screen with them."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Container, Iterator
from pathlib import Path
from typing import Any
from unicodedata import bidirectional, category

from sqlalchemy import update
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from recording import finished
from screen import app_of, settled, strips
from studyapp import disk
from studyapp.config import Current, Settings
from studyapp.lab import catalog
from studyapp.memory.state import Rating
from studyapp.store import tables
from studyapp.store.database import connect
from studyapp.store.engine import writing
from studyapp.study import capture, library, tracker
from studyapp.study.aside import read as read_aside
from studyapp.study.capture import Caught
from studyapp.study.desk import Desk
from studyapp.study.grading import Grade
from studyapp.study.lab import predictions, runs
from studyapp.study.questionnaire.attempt import Attempt
from studyapp.study.rewording import Reworded
from studyapp.study.sitting import Sitting
from studyapp.tui import places
from studyapp.tui.app import StudyApp
from tests_support import Clock, chapter_of

_ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
# One of each kind in so few cells that a title shows them all.
DENSE = (
    "\x1b[31m\x9b\x07\r\x7f\u202e\u2066\u206f\u2028\ufeff\ufffa\U000e0041"
    + "z"
    + "\u0301" * 20
    + "[/x]"
)
ATTACKS = (
    DENSE,
    "\x1b[2J\x1b[31mred",  # a control sequence
    "\x1b]0;title\x07",  # the window's title
    "\x1b]52;c;cm0gLXJm\x1b\\",  # the clipboard
    "\x1b]8;;https://example.org\x1b\\here\x1b]8;;\x1b\\",  # a link that hides its address
    "\x1bP+q544e\x1b\\",  # a device control string
    "\x9b31m \x9d0;t\x9c \x90q\x9c",  # the same in one byte
    "".join(map(chr, (*range(9), *range(11, 32), 127))),
    "a\rb\x08c\x7fd\x0be\x0cf\x85g",
    "\u202eevil\u202c \u2066one\u2069 \u2067two\u2069 \u202b \u206a",
    "line\u2028paragraph\u2029end",
    "\ufeffmark \ufff9base\ufffanote\ufffb",
    "".join(chr(0xE0000 + ord(letter)) for letter in "hidden"),  # tags
    "z" + "\u0301\u0489\u20dd" * 40,  # a pile of marks
    "v" + "\ufe0f\U000e0101" * 40,  # a pile of variation selectors
    "j" + "\u200d\u200b\u2060" * 40,
    "[red]x[/red] [@click=app.quit]quit[/] [/] [bold",
    "<b>html</b> &#27;[31m &#x202e; <!-- hidden -->",
    "日本語のとても長い文" * 12,
    f"😀👩\u200d👩\u200d👧\u200d👦{_ENGLAND} ﷽ 𒐫",
    "x" * 3000,
    "\\frac{$\\sqrt{ **bold `code ![i](\x1b[5m) [l](javascript:alert(1)) ==hide==",
)
HARMLESS = (
    "Ελληνικά кириллица עברית العربية فارسی می\u200cخواهم हिन्दी ไทย བོད་ཡིག 中文 日本語 한국어\n\t",
    "ཧྐྵྨླྺྼྻྂ שָׁלוֹם֙ बाह्\u200dय e\u0301a\u0328\u0301 \u200f\u200e\u061c soft\u00adhyphen",
    f"❤\ufe0f 1\ufe0f\u20e3 👩🏽\u200d🔬 🇩🇪 {_ENGLAND}",
    "∀ε>0 ∃δ: ‖x‖₂ ≤ √2·π → ∂L/∂θ ⟨a|b⟩ 𝔼[X] x̂ ȳ α⃗ “—” … № ﬁ ﹏ ⠿ █ ┼",
)
DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def trouble(text: str) -> set[str]:
    """The characters of *text* that no terminal should get, by what Unicode says of them."""
    flags = re.compile("\U0001f3f4[\U000e0030-\U000e007a]+\U000e007f")
    return {
        character
        for character in flags.sub("", text)
        if (category(character) in ("Cc", "Cs", "Zl", "Zp") and character not in "\n\t")
        or bidirectional(character) in DIRECTIONS
        or character in "\ufeff\ufff9\ufffa\ufffb"
        or 0x206A <= ord(character) <= 0x206F
        or 0xE0000 <= ord(character) <= 0xE007F
    }


def text(draw: random.Random) -> str:
    """Some attacks, whole and cut, between words and characters of any kind."""
    parts = []
    for _ in range(draw.randint(1, 4)):
        attack = draw.choice(ATTACKS)
        cut = attack[draw.randrange(len(attack)) :] if draw.random() < 0.3 else attack
        signs = "".join(chr(draw.randrange(0x110000)) for _ in range(draw.randrange(4)))
        parts += [draw.choice(HARMLESS)[: draw.randrange(9)], cut, signs]
    return "".join(parts)


class Texts:
    """Hostile texts, each with a word of its own by which it is known on a screen."""

    def __init__(self, seed: int | None = None) -> None:
        """Drawn ones from *seed*; without one each has one attack of every kind."""
        self._draw = None if seed is None else random.Random(seed)
        self.made = 0

    def __call__(self) -> str:
        """A text that can be kept: databases take no half characters, and no NUL. Of drawn ones it
        is several, all but the last cut short, so that one line shows more than one."""
        if self._draw is None:
            made = self._named(DENSE)
        else:
            short = (self._named(text(self._draw)[:20]) for _ in range(5))
            made = " ".join([*short, self._named(text(self._draw))])
        return made.replace("\0", "\x01").encode("utf-8", "replace").decode()

    def _named(self, attack: str) -> str:
        self.made += 1
        return f"t{self.made}t {attack}"


# Pages that count, and may name nothing.
COUNTING = frozenset({"summary", "backups", "exam", "custom", "statistics", "import", "trial"})


def seen(shown: str) -> set[str]:
    """The words of the texts that are on a screen."""
    return set(re.findall(r"t\d+t", shown))


# What of the database is shown as it stands.
TEXTS: dict[Any, tuple[str, ...]] = {
    tables.learner: ("name",),
    tables.device: ("name",),
    tables.chapter: ("part", "title"),
    tables.section: ("title", "text"),
    tables.moment: ("title", "text"),
    tables.note: ("prompt", "answer", "front"),
    tables.response: ("text",),
    tables.section_progress: ("text",),
    tables.run: ("explanation",),
    tables.prediction: ("question",),
    tables.fact: ("unit", "varies", "method"),
}


def used(folder: Path, clock: Clock) -> Path:
    """A database in *folder* in which something is to be seen on every screen; `packs` is read."""
    path = folder / "hostile.db"
    desk, _ = library.open_study(str(path), Current(Settings()), clock, None)
    for _ in range(2):
        attempt = Attempt(desk, chapter_of(desk.engine, "1"))
        attempt.write("an answer")
        attempt.reveal()
        attempt.grade(Grade.GOT)
        with writing(desk.engine) as connection:
            connection.execute(update(tables.attempt).values(finished_at=clock()))
        clock.forward(days=1)
    sitting = Sitting(desk)
    for step in (sitting.mark, sitting.suspend):
        step()
    with desk.writing() as connection:
        first = tracker.read_course(connection, learner=1).sections[0].id
        tracker.write_note(connection, first, "a note", now=clock(), learner=1)
    _keep_run(desk)
    capture.add(desk, [Caught("What waits?", "A draft, *written* somewhere.")])
    clock.forward(days=1)
    desk.close()
    return path


def _keep_run(desk: Desk) -> None:
    """A run of the first experiment, with its prediction and what the learner said of it."""
    lesson, now = catalog.read().lessons[0], desk.now()
    knobs = {knob.name: knob.default for knob in lesson.knobs}
    with desk.writing() as connection:
        made = predictions.predict(connection, lesson, {}, "higher", 0.8, learner=1)
        kept = runs.keep(connection, lesson, {}, finished(lesson, knobs), now, now, made, learner=1)
        runs.explain(connection, kept.id, "because", {}, learner=1)


def _points(texts: Texts) -> list[dict[str, object]]:
    return [{"text": texts(), "extra": extra, "id": None} for extra in (False, True)]


def poison(path: Path, texts: Texts) -> None:
    """Put a hostile text wherever a text is, past every reader."""
    engine = connect(str(path))
    with writing(engine) as connection:
        for table, names in TEXTS.items():
            for row in connection.execute(table.select()).all():
                values: dict[str, object] = {name: texts() for name in names}
                if table is tables.note:
                    values |= {"points": _points(texts), "sources": [texts()]}
                keys = (column == row._mapping[column.name] for column in table.primary_key)
                connection.execute(table.update().where(*keys).values(**values))
    engine.dispose()
    asked, answer = (" ".join(texts().split()) for _ in range(2))
    head = "---\npack: drafts\ndeck: Drafts\nkind: questionnaire\n---\n"
    disk.write(library.drafts() / "caught-1-0.md", f"{head}\n## {asked} {{#asked}}\n\n{answer}\n")


def poison_lesson(source: Path, texts: Texts) -> None:
    """Put hostile texts into the declaration of a lesson and into its code."""
    code = source.read_text("utf-8")
    # Sentences; a brace would stand for a knob.
    declared = re.sub(r'"[A-Z][^"]{9,}"', lambda _: ascii(re.sub("[{}]", "", texts())), code)
    remarks = "".join(f"# {texts()}\n" for _ in range(5)).replace("\r", "").replace("\x0c", "")
    source.write_text(remarks + declared, "utf-8")


def painted(where: Pilot[None]) -> list[str]:
    """The lines that the terminal gets, without the colours that Textual sets."""
    console = app_of(where).console
    return [re.sub(r"\x1b\[[\d;]*m", "", strip.render(console)) for strip in strips(where)]


def faults(where: Pilot[None]) -> Iterator[str]:
    """What of the screen could steer the terminal, or breaks the layout."""
    width, height = app_of(where).size
    rows = strips(where)
    if len(rows) != height:
        yield f"{len(rows)} lines instead of {height}"
    for row, line in zip(rows, painted(where), strict=True):
        if bad := trouble(line):
            yield f"{sorted(map(ascii, bad))} in {row.text!a}"
        if sum(segment.cell_length for segment in row) != width:
            yield f"{sum(segment.cell_length for segment in row)} cells: {row.text!a}"


async def walk(pilot: Pilot[None], texts: Texts, *, but: Container[str] = ()) -> AsyncIterator[str]:
    """Go to every screen, *but* some, and name it once it is painted; the app is left on Today."""
    app = app_of(pilot)
    assert isinstance(app, StudyApp)
    assert app.desk is not None
    await settled(pilot)
    yield "today"
    app.notify(texts(), severity="warning")
    await settled(pilot)
    yield "told"
    for name, place, keys in pages(app.desk):
        if name in but:
            continue
        app.open(place)
        await settled(pilot)
        for box in app.screen.query(TextArea):
            box.text = texts()
        for box in app.screen.query(Input):
            box.value = "t"
        await settled(pilot)
        yield name
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
            yield f"{name}, {key}"
        while len(app.screen_stack) > 2:
            app.pop_screen()


def pages(desk: Desk) -> Iterator[tuple[str, places.Place, tuple[str, ...]]]:
    """Every place of a study as `used` makes one, with its name and the keys that show more of
    it."""
    lesson = catalog.read().lessons[0]  # as it is now
    sitting, attempt = Sitting(desk), Attempt(desk, 1)
    with desk.reading() as connection:
        course = tracker.read_course(connection, learner=1)
        aside = read_aside(connection, desk.now(), leech_lapses=8, learner=1)
    assert sitting.view is not None
    yield "review", places.Review(sitting), ("enter", "pagedown")
    yield "rewrite", places.Rewrite(sitting.view), ()
    yield "card's past", places.Leech(sitting.view.id), ("pagedown",)
    yield "split", places.Split(sitting.view), ()
    sitting.rate(Rating.AGAIN)
    yield "summary", places.Summary(sitting), ()
    yield "course", places.Course(), ("pagedown",)
    yield "section", places.Section(course.sections[0]), ("pagedown",)
    yield "chapter", places.Chapter(course.chapters[0].id, course.chapters[0].name), ()
    yield "questionnaire", places.Questionnaire(attempt), ("ctrl+s", "t")
    yield "tally", places.Tally(attempt), ()
    yield "compare", places.Compare(attempt.current, attempt.earlier()), ("pagedown",)
    yield "lab", places.Lab(), ()
    yield "lesson", places.Lesson(lesson), ("pagedown",)
    yield "source", places.Source(lesson), ("pagedown",)
    yield "history", places.History(lesson), ()
    yield "trial", places.Trial(), ()
    yield "find", places.Find(), ("down",)
    yield "note", places.Note(aside[0].note), ("pagedown",)
    yield "aside", places.Aside(), ()
    changed = [Reworded(one.note, one.prompt, one.place) for one in aside]
    yield "reworded", places.Reworded(changed), ()
    yield "custom", places.Custom(), ()
    yield "statistics", places.Statistics(), ("right", "end")
    yield "backups", places.Backups(), ()
    yield "exam", places.Exam(), ()
    yield "new card", places.NewCard(), ()
    yield "drafts", places.Drafts(), ()
    yield "import", places.Import(), ()
