"""The table of keys: an action has the same keys on every screen that has it.

Screens draw their bindings from here, and so do help, footer and palette. No small letter changes a
card: after an answer is shown, `a` to `h` only tick.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast

from textual.binding import ActiveBinding, Binding, BindingType
from textual.keys import Keys, _character_to_key, format_key, key_to_character

from studyapp.errors import SettingError, printable
from studyapp.study.words import LETTERS

if TYPE_CHECKING:
    from textual.widget import Widget

    from studyapp.tui.host import Host

TICKS = 8  # points that a letter ticks; where there are more, the cursor reaches them
FEW = 4  # reasons to tick behind the result of an experiment
HELD = 0.15  # seconds: the same key again so soon is one that is held down
BURST = 0.6  # seconds: keys that follow each other so soon are words that are being typed


@dataclass(frozen=True, slots=True)
class Key:
    """What an action is called, and the `keys` it has, separated by commas, as Textual names them.

    What the `tooltip` says of other keys it names by their actions in braces, for `filled`.
    `shown` is how they read where not each of them need be named. Where the action that this one
    stands `beside` works as well, that one tells of both. `on` are the pages that have the action,
    "" for any. Only actions that no page has both of may have the same key.
    """

    keys: str
    label: str
    tooltip: str
    shown: str | None = None
    on: str = ""
    beside: str = ""


MOVES: Mapping[str, Key] = {
    "go_on": Key("enter,space", "go on", "What comes next"),
    "down": Key("down,j", "down", "Go to the next line or point, or the one before"),
    "up": Key("up,k", "up", "Go to the line or point before", beside="down"),
    "right": Key("right", "next", "Next, or previous"),
    "left": Key("left", "previous", "Previous", beside="right"),
    "page_down": Key("pagedown", "page down", "A page down, or up"),
    "page_up": Key("pageup", "page up", "A page up", beside="page_down"),
    "top": Key("home", "top", "To the beginning, or the end"),
    "bottom": Key("end", "bottom", "To the end", beside="top"),
    "next_field": Key("tab", "next field", "Go to the next field, or the one before"),
    "previous_field": Key("shift+tab", "field before", ""),
}
RATES: Mapping[str, Key] = {
    "again": Key(
        "1",
        "rate",
        "Rate: again (partly, where some points of a firm card are ticked), "
        "hard (remembered, slowly), good, easy",
        on="review attempt section",
    ),
    "hard": Key("2", "hard", "Hard", on="review attempt section", beside="again"),
    "good": Key("3", "good", "Good", on="review attempt section", beside="again"),
    "easy": Key("4", "easy", "Easy", on="review section", beside="again"),
}
ACTIONS: Mapping[str, Key] = {
    "tick": Key(
        "x",
        "tick",
        "Tick what is at the cursor, or take the tick off",
        on="review attempt course section experiment find import",
    ),
    "undo": Key(
        "u",
        "undo",
        "Take back what was done last, again and again",
        on="today end review attempt tally chapter course section experiment note aside find leech "
        "drafts trial",
    ),
    # what changes a card, or what is kept of a question
    "bury": Key("minus", "bury", "Not today: back tomorrow", on="review note aside find leech"),
    "suspend": Key("at", "suspend", "Set this card aside", on="review note aside find leech trial"),
    "know": Key("Y", "know it", "Known already: confirmed in 30 days", on="review"),
    "edit": Key(
        "E", "edit", "Open the source at its line in $EDITOR", on="review note aside find leech"
    ),
    "rewrite": Key(
        "W",
        "edit here",
        "Change the note's text without leaving the app",
        on="review note aside find leech drafts",
    ),
    "ask": Key(
        "A",
        "ask",
        "Ask for cards that come only then; again: no longer",
        on="attempt note course section",
    ),
    "ask_found": Key(
        "ctrl+o", "ask for its card", "Ask for its cards; again: no longer", on="find"
    ),
    "flag": Key("F", "flag", "Flag to come back to, or take the flag away", on="attempt"),
    "sure": Key("S", "sure", "How sure you are: 50%, 60%, … 100%, not said", on="attempt"),
    "done": Key("D", "done", "Mark as done; what you wrote is the note", on="attempt"),
    "restore": Key("B", "bring back", "Let it come again", on="note aside backups find leech"),
    "mark": Key(
        "m",
        "mend later",
        "Mark it to be mended later; again: no longer",
        on="review note aside find leech",
    ),
    "split": Key("K", "split", "Make own cards of what it says", on="leech"),
    "contrast": Key(
        "ampersand", "tell apart", "Write a card that tells it from another", on="leech"
    ),
    "forget": Key("N", "new again", "Make it new again; its log stays", on="find"),
    "set_due": Key("I", "set due", "Give it another date", on="end find"),
    "tag": Key("number_sign", "tag", "Put tags on notes of your own, or take some off", on="find"),
    "delete": Key(
        "delete",
        "delete",
        "Delete a draft, or notes of your own; {undo} brings them back",
        on="find drafts",
    ),
    # writing
    "write": Key("t", "type", "Type; {back} leaves the box", on="review attempt course section"),
    "save": Key(
        "ctrl+s",
        "save",
        "Keep what is written",
        on="review attempt course section experiment new rewrite split backups exam drafts import",
    ),
    "new": Key("n", "new card", "Write a card of your own"),
    # looking
    "whole": Key("i", "in full", "The answer in full, below its points", on="review attempt"),
    "lesson": Key(
        "l",
        "experiment",
        "Predict, run, and see the evidence",
        on="today end review attempt lab leech",
    ),
    "reference": Key("r", "figure", "Show the reference figure at once", on="review attempt"),
    "maths": Key("M", "maths", "Maths as written, or rendered", on="review"),
    "find": Key("slash", "find", "Find a note", on="today review attempt course section find"),
    "medium": Key(
        "U", "open outside", "Open the picture or the sound in sight; again: the next one"
    ),
    "read": Key("R", "read", "Read the section that it belongs to", on="review leech"),
    "list": Key("L", "list", "All of them: choose one", on="attempt"),
    "all": Key("ctrl+a", "all", "Mark all that was found, or none", on="find import"),
    "sort": Key("z", "sort", "Sort: best first, by due date, by stability, by lapses", on="find"),
    "history": Key(
        "H",
        "earlier",
        "What there was earlier",
        on="end review attempt earlier lab experiment runs note aside find",
    ),
    # opening
    "five": Key("f", "five", "Five questions in five minutes: what is fading", on="today end"),
    "custom": Key(
        "h",
        "what to study",
        "Choose what to study: ahead, what slips, a cram",
        on="today end custom",
    ),
    "quiz": Key(
        "c",
        "quiz",
        "A chapter's questions, answered in writing",
        on="today end course section import",
    ),
    "course": Key("C", "course", "Sections: read, tick, note, watch", on="today"),
    "start": Key("o", "start", "Start it, which lets its cards in", on="today course section"),
    "pause": Key(
        "P", "pause", "Pause: no card of it comes; again: it goes on", on="today course section"
    ),
    "more": Key("y", "more", "Go on: what is left, or beyond today's time", on="today end"),
    "aside": Key("a", "set aside", "What is out of the way or to mend", on="today end"),
    "backups": Key("b", "backups", "The backups, and the way back to one", on="today"),
    "drafts": Key("J", "drafts", "Drafts of cards that wait to be accepted", on="today"),
    "import": Key("Q", "import", "Bring notes along from a file or a folder", on="today"),
    "exam": Key("e", "exam", "Study for an exam: its day, and what you will know", on="today"),
    "statistics": Key(
        "percent_sign",
        "statistics",
        "A year in figures, with what each rests on",
        on="today statistics",
    ),
    "reschedule": Key(
        "ctrl+d",
        "reschedule dates",
        "Tell what moving dates to your weights and goal comes to; enter there moves them",
        on="today",
    ),
    "call_off": Key("ctrl+n", "call off", "Study as without it again", on="exam trial"),
    "reworded": Key("V", "what changed", "The notes that an upgrade has changed", on="today"),
    "repeat": Key("O", "once more", "Once more, from the beginning", on="chapter experiment"),
    "book": Key("T", "the book's", "Begin the book's own questionnaire", on="chapter"),
    "pretest": Key("G", "pretest", "Guess before you read", on="chapter"),
    "export": Key("X", "export", "Write it as a post to publish", on="chapter"),
    "date": Key("d", "exam day", "The day that mastery is forecast for", on="chapter"),
    "retention": Key(
        "exclamation_mark", "to remember", "How much of it is to be remembered", on="chapter"
    ),
    "familiar": Key("plus,equals_sign", "familiar", "How familiar it is", on="course section"),
    "unfamiliar": Key(
        "underscore", "less familiar", "Less familiar", on="course section", beside="familiar"
    ),
    "watch": Key("w", "watch", "Open the lecture's video", on="course section"),
    "knobs": Key("s", "set knobs", "Change the knobs; {back} leaves them", on="experiment"),
    "plot": Key("p", "plot", "Show the next plot", on="experiment"),
    "scale": Key("g", "log", "Log or linear scale", on="experiment"),
    "source": Key("v", "code", "Show the experiment's source", on="lab experiment code"),
    "defaults": Key("ctrl+r", "defaults", "Set all knobs to their defaults", on="experiment"),
    # leaving
    "back": Key("escape,q", "back", "Back; all is kept", "esc"),
    "help": Key("question_mark", "help", "Show every key that works here", "?"),
    "palette": Key("ctrl+p", "commands", "Find any command by its name"),
    "quit": Key("ctrl+q", "quit", "Leave studyapp"),
}
TABLE: Mapping[str, Key] = {**MOVES, **RATES, **ACTIONS}
# What may write in the log of the cards, and the pages on which it does: whatever else a key does,
# or the same one elsewhere, changes no card.
CHANGING: Mapping[str, str] = {
    **{
        name: TABLE[name].on
        for name in (
            *("again", "hard", "good", "easy", "edit", "undo", "bury", "suspend", "pause"),
            *("know", "ask", "ask_found", "done", "restore", "mark", "forget", "set_due", "delete"),
        )
    },
    "go_on": "today review attempt section experiment trial",
    "call_off": "trial",
    "save": "experiment rewrite split import",
    "new": "experiment",
    "back": "experiment",  # which goes on to the result, and so to its card
}
# What the hand does without thinking; nobody looks for it by its name.
BY_HAND = frozenset((*MOVES, *RATES))
RARE = frozenset(("medium",))  # of any page, and so behind its own: there for what is in sight now
_ROWS = frozenset(key.beside for key in TABLE.values() if key.beside)
_FIELD = re.compile(r"\{(\w+)\}")  # an action, in a tooltip
_LEAVING = ("back", "save", "quit")  # what has to work in a box that takes all letters
# Letters beside points. In a section's text they tick as well; there `c` is the questionnaire's
# while nothing is to be ticked. What happened in an experiment has few reasons to tick.
_POINTS = {
    "ticking a point": Key(",".join(LETTERS[:TICKS]), "", "", on="review attempt"),
    "ticking in a text": Key("a,b,d,e,f,g,h", "", "", on="section"),
    "ticking a reason": Key(",".join(LETTERS[:FEW]), "", "", on="experiment"),
}


def bind(
    name: str,
    action: str | None = None,
    label: str | None = None,
    tooltip: str | None = None,
    *,
    only: str = "",
    show: bool = True,
    first: bool = False,
    alone: bool = False,
) -> Binding:
    """The binding of the action *name* of the table; *action* is what the screen calls it.

    *label* and *tooltip* say what it does on this screen where that is more than the table knows,
    also for what stands beside it, unless it is *alone*; *only* is the one of its keys that does
    it here. With *first* it is looked at before the focus: keys that come in one piece, as over a
    slow line, are then taken in order, and what is typed right behind `t` is in the box, not lost.
    """
    key = TABLE[name]
    row = "" if alone else key.beside or (name if name in _ROWS else "")
    return Binding(
        only or key.keys,
        action or name,
        label or key.label,
        show,
        None if only else key.shown,
        first,
        tooltip if tooltip is not None else key.tooltip,
        name,
        group=Binding.Group(row) if row else None,
    )


def letters(number: int = TICKS, *, show: bool = True, first: bool = False) -> list[Binding]:
    """A letter for each of the first points: `tick(0)` and so on."""
    return [
        Binding(
            LETTERS[index],
            f"tick({index})",
            "tick",
            show,
            None,
            first,
            "Tick the point of that letter",
            group=Binding.Group("points"),
        )
        for index in range(number)
    ]


def leads(*ends: str, action: str = "go_on", tooltip: str, first: bool = False) -> list[Binding]:
    """Going on below an answer, where it leads to one of several *ends*: the footer names it, for
    nobody is to rate without knowing what. `check_action` says which one it is now."""
    return [
        bind("go_on", f"{action}({end!r})", end, tooltip, first=first) for end in map(str, ends)
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """A `binding` that works now, for all that stand beside it, and how the `keys` read."""

    binding: Binding
    keys: tuple[str, ...]


def rows(active: Iterable[ActiveBinding], display: Callable[[Binding], str]) -> list[Row]:
    """What works now, each action once, as footer and help tell of it; *display* shows a key."""
    found: dict[object, list[Binding]] = {}
    for one in active:
        binding = one.binding
        if one.enabled:
            row = one.node, binding.group or (binding.id, binding.action)
            found.setdefault(row, []).append(binding)
    return [_row(row, display) for row in found.values()]


def _row(bindings: Iterable[Binding], display: Callable[[Binding], str]) -> Row:
    order = [*TABLE]  # a key that a learner has chosen comes behind all others
    bindings = sorted(bindings, key=lambda one: order.index(one.id) if one.id else 0)
    tells = next((one for one in bindings if one.show), bindings[0])
    firsts = {one.action: display(one) for one in reversed(bindings)}  # a key of each
    if len(firsts) > 1:
        return Row(tells, (together([*reversed(firsts.values())]),))
    return Row(tells, tuple(dict.fromkeys(map(display, bindings))))


def together(keys: Sequence[str]) -> str:
    """How keys that stand beside each other read: ↑↓, a-c, + -."""
    if set(keys) <= set("←↑→↓"):
        return "".join(sorted(keys))
    signs = [ord(one) for one in keys if len(one) == 1 and one.isalnum()]
    if len(signs) == len(keys) > 1 and signs == [*range(signs[0], signs[-1] + 1)]:
        return f"{keys[0]}-{keys[-1]}"
    return " ".join(keys)


def actions(bindings: Iterable[BindingType]) -> frozenset[str]:
    """The names of the actions that a screen binds itself."""
    return frozenset(one.action.partition("(")[0] for one in bindings if isinstance(one, Binding))


def keymap(wanted: Mapping[str, str]) -> dict[str, str]:
    """Check what a learner wants other keys for, action → keys; returns it as Textual names them.

    Raises SettingError with one sentence for an action that is not there and for a key that
    something else has.
    """
    changed: dict[str, str] = {}
    for name, keys in wanted.items():
        if name not in TABLE:
            near = get_close_matches(name, TABLE, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            hint += f"known are {', '.join(sorted(TABLE))}."
            raise SettingError(
                f"[keys]: there is no action {printable(name)!r}; {hint}",
                f"[keys]: a name in it is of no action; {hint}",
            )
        changed[name] = ",".join(_named(name, key) for key in keys.split(","))
        if name in _LEAVING and all(map(_is_typed, changed[name].split(","))):
            usual = TABLE[name].keys.partition(",")[0]
            raise SettingError(
                f"[keys]: {name} = {printable(repr(keys))} is a letter in a box that is typed in; "
                f'give it a second key, as in "{printable(keys)}, {usual}".',
                f"[keys]: {name} has only a letter in a box that is typed in.",
            )
    taken: dict[str, list[tuple[str, str]]] = {}
    for name, key in {**_POINTS, **TABLE}.items():
        for one in changed.get(name, key.keys).split(","):
            for owner, on in taken.get(one, ()):
                if not key.on or not on or set(key.on.split()) & set(on.split()):
                    told = f"{name} and {owner} cannot both have the key {format_key(one)!r}."
                    raise SettingError(f"[keys]: {told}", f"[keys]: {told}")
            taken.setdefault(one, []).append((name, key.on))
    return changed


def of(name: str, wanted: Mapping[str, str]) -> str:
    """The first key of an action, for a sentence; *wanted* is what `keymap` gives."""
    return format_key(wanted.get(name, TABLE[name].keys).split(",")[0])


def filled(text: str, wanted: Mapping[str, str]) -> str:
    """A tooltip with the keys that it names in braces, `{back}`, as the learner has them."""
    return _FIELD.sub(lambda name: of(name[1], wanted), text)


def keys_of(widget: Widget, *names: str) -> str:
    """How the keys of actions that stand beside each other read, for a sentence of a widget."""
    return together([key_of(widget, name) for name in names])


def key_of(widget: Widget, name: str) -> str:
    """The key of an action as the learner of the app has it, for a sentence of a widget."""
    return of(name, cast("Host", widget.app).keymap)


def _is_typed(key: str) -> bool:
    """Whether a box takes this key as a letter."""
    character = key_to_character(key)
    return character is not None and character.isprintable()


def _named(name: str, key: str) -> str:
    """A key as Textual names it."""
    key = key.strip()
    base = key.rpartition("+")[2] if key.isprintable() else ""
    if len(key) == 1 and base:
        return _character_to_key(key)
    if base in {one.value for one in Keys} | {_character_to_key(chr(at)) for at in range(33, 127)}:
        return key
    raise SettingError(
        f"[keys]: {name} = {printable(repr(key))} is no key; "
        'give one such as "Z", "-", "ctrl+b" or "f5".',
        f"[keys]: what {name} is set to is no key.",
    )
