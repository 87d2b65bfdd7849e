"""One section to read: our notes on it, the learner's own, and where the lectures come to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from studyapp.memory.clock import study_day
from studyapp.notes.note import chapter_title
from studyapp.notes.prompt import Prompt, marked
from studyapp.study import words
from studyapp.study.tracker import FAMILIAR, Cards, Chapter, CourseMoment, CourseSection, Part
from studyapp.tui.keys import key_of, keys_of
from studyapp.tui.widgets.answer import AnswerBox
from studyapp.tui.widgets.contents import Entry, key, one_line
from studyapp.tui.widgets.picture import Galleries
from studyapp.tui.widgets.prompt import PromptCard
from studyapp.tui.widgets.prose import Prose


class SectionView(VerticalScroll, can_focus=False):
    """Shows a section, or in short a part or a chapter. One of its moments is selected.

    The learner's own note is read as Markdown; after `edit` it is in a box that takes the keys.
    While `prompt` asks, what follows it waits: the rest of the text, the note and the moments.
    """

    DEFAULT_CSS = """
    SectionView {
        height: 1fr; padding: 0 1; scrollbar-gutter: stable;
        & > #name { height: auto; max-width: 100; text-style: bold; }
        & > #state { height: auto; max-width: 100; margin-bottom: 1; color: $text-muted; }
        & > .rule { height: 1; max-width: 100; margin: 1 0 0 0; color: $text-muted;
            text-wrap: nowrap; display: none; }
        & > #own { display: none; }
        & > AnswerBox { display: none; max-width: 100; max-height: 60vh; }
        & > #moments { display: none; height: auto; max-width: 100; }
        & > #moment { display: none; margin-top: 1; }
    }
    """

    def __init__(self, gallery: Galleries) -> None:
        """*gallery* says how the pictures of a text are shown."""
        super().__init__()
        self._gallery = gallery
        self._entry: Entry | None = None
        self._place = 0  # of the selected moment
        self.editing = False
        self.box = AnswerBox()
        self.prompt = PromptCard(gallery)

    def compose(self) -> ComposeResult:
        yield Static("", id="name", markup=False)
        yield Static("", id="state", markup=False)
        yield Prose(id="text")
        yield self.prompt
        yield Static(_rule("your note"), id="own-rule", classes="rule", markup=False)
        yield Prose(id="own")
        yield self.box
        yield Static("", id="moment-rule", classes="rule", markup=False)
        yield Static("", id="moments", markup=False)
        yield Prose(id="moment")

    def on_resize(self) -> None:
        self._draw_moments()

    @property
    def section(self) -> CourseSection | None:
        return self._entry if isinstance(self._entry, CourseSection) else None

    @property
    def moment(self) -> CourseMoment | None:
        """The selected moment, the first to begin with."""
        moments = self.section.moments if self.section else ()
        return moments[min(self._place, len(moments) - 1)] if moments else None

    @property
    def at_end(self) -> bool:
        """Whether there is nothing further down."""
        return self.scroll_y >= self.max_scroll_y

    def show(
        self,
        entry: Entry | None,
        now: datetime,
        marks: Mapping[str, str],
        until: Prompt | None = None,
    ) -> None:
        """Show *entry* as it is *now*. Another one is shown from its beginning.

        *marks* stand before the prompts in a section's text, by note; it ends at the one *until*.
        """
        if key(entry) != key(self._entry):
            self._place, self.editing = 0, False
            self.scroll_home(animate=False)
        self._entry = entry
        name, state, text = _said(entry, now, partial(key_of, self))
        self.query_one("#name", Static).update(name)
        self.query_one("#state", Static).update(state)
        if self.section is None:
            self.query_one("#text", Prose).show(text)
        else:
            text = marked(text, marks, until)
            self.query_one("#text", Prose).show(text, self._gallery(text, self.section.path))
        self._draw_own()
        self._draw_moments()

    def edit(self) -> None:
        """Open the box, in which the learner's note stands already, with its end in view."""
        if self.section is None:
            return
        self.editing = True
        self.box.move_cursor(self.box.document.end)
        self._draw_own()
        self.box.focus()
        self.call_after_refresh(self.box.scroll_visible, animate=False)

    def close(self) -> None:
        """Close the box; what it says has been kept by the screen."""
        self.editing = False
        self._draw_own()

    def can_step(self, step: int) -> bool:
        """Whether there is another moment on that side of the selected one."""
        moments = self.section.moments if self.section else ()
        return 0 <= min(self._place, len(moments) - 1) + step < len(moments)

    def step(self, step: int) -> None:
        """Select another moment."""
        if self.section and self.section.moments:
            last = len(self.section.moments) - 1
            self._place = max(0, min(last, self._place + step))
            self._draw_moments()
            self.call_after_refresh(
                self.query_one("#moment").scroll_visible, animate=False, immediate=True
            )

    def _draw_own(self) -> None:
        own = self.section.own if self.section else ""
        self.query_one("#own", Prose).show(own)
        shown = bool(own.strip()) and self.prompt.card is None
        self.query_one("#own").display = shown and not self.editing
        self.query_one("#own-rule").display = shown or self.editing
        self.box.display = self.editing

    def _draw_moments(self) -> None:
        moments, chosen = self.section.moments if self.section else (), self.moment
        for name in ("#moment-rule", "#moments", "#moment"):
            self.query_one(name).display = bool(moments) and self.prompt.card is None
        if chosen is None:
            return
        several = f"; {keys_of(self, 'left', 'right')} choose" if len(moments) > 1 else ""
        told = f"in the lectures: {key_of(self, 'watch')} watches{several}"
        self.query_one("#moment-rule", Static).update(_rule(told))
        width = max(20, self.query_one("#moments").size.width or 60)
        lines = [line for one in moments for line in _moment(one, one is chosen, width)]
        self.query_one("#moments", Static).update(Content("\n").join(lines))
        self.query_one("#moment", Prose).show(chosen.text)


def _said(entry: Entry | None, now: datetime, key: Callable[[str], str]) -> tuple[str, str, str]:
    """What an entry is called, how far the learner is with it, and its text."""
    match entry:
        case CourseSection():
            return f"{entry.number} {one_line(entry.title)}", _state(entry, now, key), entry.text
        case Chapter():
            done = f"{entry.progress} done · " if entry.sections else ""
            cards = words.count(entry.new + entry.known, "card") + _own(entry.cards)
            start, quiz, pause = key("start"), key("quiz"), key("pause")
            if entry.paused and entry.begun:
                state = f"paused since {words.day(entry.paused, study_day(now))}"
                text = f"`{pause}` lets it go on: what is overdue comes within each day's time."
            elif entry.started:
                state, text = (
                    "started",
                    f"`{quiz}` opens the questionnaire. `{start}` lets no more new cards in, "
                    f"`{pause}` no card.",
                )
            elif entry.number is None:
                state = f"{entry.known:,} met" if entry.known else "not started"
                text = (
                    f"`{start}` starts the deck, which lets its new cards in, a few a day."
                    if entry.new or not entry.known
                    else "All of its cards were met."
                )
            else:
                state = "not started as a whole"
                text = (
                    f"`{start}` starts the whole chapter, which lets its cards in, a few a day; on "
                    f"a section it lets in that section's alone. `{quiz}` opens the questionnaire."
                )
            name = words.capital(chapter_title(entry.number, one_line(entry.title), pack=entry.of))
            deeper = _deeper(entry.cards, key("ask"))
            return name, f"{done}{cards} · {state}" + (f" · {deeper}" if deeper else ""), text
        case Part():
            done = f"{entry.progress} done" if entry.progress.total else ""
            return one_line(entry.title), done, ""
    return "", "", ""


def _state(section: CourseSection, now: datetime, key: Callable[[str], str]) -> str:
    said, cards = [], section.new + section.known
    if section.gone:
        said.append("no longer in the content; your note is kept")
    if section.done_at is not None:
        zone = now.tzinfo
        said.append(
            f"done {words.ago(study_day(section.done_at.astimezone(zone)), study_day(now))}"
        )
    if section.familiarity is not None:
        said.append(f"familiarity {section.familiarity}/{FAMILIAR}")
    if cards and (section.started or not section.new):
        told = f"{section.known} of {words.count(cards, 'card')} met"
        said.append(told + _own(section.cards))
    elif cards:
        if section.known:
            said.append(f"{section.known} of {words.count(cards, 'card')} met")
        its = f"other {section.new}" if section.known else words.count(cards, "card")
        said.append(f"not started: {key('start')} lets its {its} in")
    elif not section.gone:
        said.append("no cards of its own")
    if deeper := _deeper(section.cards, key("ask")):
        said.append(deeper)
    if section.moments:
        said.append(f"{words.count(len(section.moments), 'lecture moment')} below")
    return " · ".join(said)


def _own(cards: Cards) -> str:
    """How many of them the pack does not have: with these their number grows."""
    return f", {cards.own} of them your own" if cards.own else ""


def _deeper(cards: Cards, key: str) -> str:
    """What there is beyond the cards that come by themselves."""
    if cards.deeper:
        return f"{words.count(cards.deeper, 'more card')} if you ask: {key}"
    them = "it" if cards.asked == 1 else "them"
    return f"{cards.asked} of them asked for: {key} takes {them} back" if cards.asked else ""


def _moment(moment: CourseMoment, chosen: bool, width: int) -> list[Content]:
    head = f"{'▸' if chosen else ' '} lecture {moment.lecture}  {moment.time:>7}  "
    lines = Content(one_line(moment.title)).wrap(max(8, width - len(head)))
    style = "$text-accent" if chosen else "$foreground 60%"
    first = Content.styled(head, style) + lines[0]
    return [first, *(line.pad_left(len(head)) for line in lines[1:])]


def _rule(title: str) -> str:
    return f"── {title} ".ljust(100, "─")
