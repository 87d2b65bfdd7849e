"""What the learner predicts: one of the choices and how sure, or an 80% range."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from studyapp.errors import SettingError
from studyapp.lab.grade import Answer
from studyapp.lab.protocol import Question
from studyapp.tui.keys import bind
from studyapp.tui.widgets.field import LineField

STEP = 5  # percent


class ChoiceLine(Horizontal):
    """One answer; a click chooses it."""

    DEFAULT_CSS = """
    ChoiceLine { height: auto;
        & > .mark { width: 4; color: $foreground 60%; }
        & > .text { width: 1fr; }
        &.-chosen { background: $boost; text-style: bold; & > .mark { color: $text-accent; } } }
    """

    @dataclass
    class Pressed(Message):
        index: int

    def __init__(self, index: int, text: str) -> None:
        super().__init__()
        self._index = index
        self._text = text

    def compose(self) -> ComposeResult:
        yield Static("( )", classes="mark", markup=False)
        yield Static(self._text, classes="text", markup=False)

    def choose(self, chosen: bool) -> None:
        self.set_class(chosen, "-chosen")
        self.query_one(".mark", Static).update("(•)" if chosen else "( )")

    def on_click(self) -> None:
        self.post_message(self.Pressed(self._index))


class ChoicePrediction(Vertical, can_focus=True):
    """One of k choices, and a confidence from guessing (1/k) to certain."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "choose(1)", "answer", "Choose your answer"),
        bind("up", "choose(-1)", "answer", show=False),
        bind("right", "sure(1)", "sure", "Say how sure you are"),
        bind("left", "sure(-1)", "less sure", show=False),
    ]
    DEFAULT_CSS = """
    ChoicePrediction { height: auto; margin-top: 1;
        & > #sure { height: 1; margin-top: 1; } }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._texts = [choice.text for choice in question.choices]
        guess = 100 / len(self._texts)
        steps = [percent for percent in range(STEP, 101, STEP) if percent > guess]
        self._levels = [1 / len(self._texts), *(percent / 100 for percent in steps)]
        self._level = 0
        self._chosen: int | None = None

    def compose(self) -> ComposeResult:
        for index, text in enumerate(self._texts):
            yield ChoiceLine(index, text)
        yield Static("", id="sure", markup=False)

    def on_mount(self) -> None:
        self._draw()

    def reset(self) -> None:
        """Forget the answer: the next run asks anew."""
        self._chosen, self._level = None, 0
        self._draw()

    def answer(self) -> Answer | None:
        """The text of the choice; None if none is chosen."""
        return None if self._chosen is None else self._texts[self._chosen]

    @property
    def confidence(self) -> float | None:
        return self._levels[self._level]

    def action_choose(self, step: int) -> None:
        last = len(self._texts) - 1
        if self._chosen is None:
            self._chosen = 0 if step > 0 else last
        else:
            self._chosen = max(0, min(last, self._chosen + step))
        self._draw()

    def action_sure(self, step: int) -> None:
        self._level = max(0, min(len(self._levels) - 1, self._level + step))
        self._draw()
        self.query_one("#sure").scroll_visible(animate=False)

    @on(ChoiceLine.Pressed)
    def _pressed(self, event: ChoiceLine.Pressed) -> None:
        event.stop()
        self._chosen = event.index
        self._draw()

    def _draw(self) -> None:
        for index, line in enumerate(self.query(ChoiceLine)):
            line.choose(index == self._chosen)
            if index == self._chosen:  # with how sure one is, if there is room for both
                self.query_one("#sure").scroll_visible(animate=False)
                line.scroll_visible(animate=False)
        last = len(self._levels) - 1
        bar = "".join("█" if level == self._level else "▁" for level in range(last + 1))
        word = {0: "  only guessing", last: "  certain"}.get(self._level, "")
        self.query_one("#sure", Static).update(
            Content.assemble(
                ("How sure?  ", "$foreground 60%"),
                (bar, "$text-accent"),
                (f"  {self._levels[self._level]:.0%}", "bold"),
                (word, "dim"),
            )
        )


class NumberInput(LineField):
    """A field for a number; keys that no number needs stay commands of the screen."""

    BINDINGS = [  # noqa: RUF012
        bind(
            "go_on", "submit", "commit", "Go on to the other end, then lock and run", only="enter"
        ),
    ]
    DEFAULT_CSS = """
    NumberInput { width: 10; }
    """

    async def _on_key(self, event: events.Key) -> None:
        if event.character is not None and event.character not in "0123456789.-+eE":
            event.prevent_default()  # the field's own way with a key, not what the key is bound to

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character in "0123456789.-+eE"


class RangePrediction(Vertical):
    """The two ends of a range that should hold the measured interval in 8 of 10 cases."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "app.focus_next", "other end", "Go to the other end of the range", first=True),
        bind("up", "app.focus_previous", show=False, first=True),
        bind("next_field", "app.focus_next", show=False),
        bind("previous_field", "app.focus_previous", show=False),
    ]
    DEFAULT_CSS = """
    RangePrediction { height: auto; margin-top: 1;
        & > Horizontal { height: 1; & > Static { width: auto; } }
        & > .hint { color: $text-muted; } }
    """
    confidence = None  # it is 80%, by the question

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._unit = question.unit

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("I am 80% sure: from ", markup=False)
            yield NumberInput(id="low")
            yield Static(" to ", markup=False)
            yield NumberInput(id="high")
            yield Static(f" {self._unit}", markup=False)
        yield Static("Of ten such ranges, eight should hold.", classes="hint", markup=False)

    def focus(self, scroll_visible: bool = True, from_app_focus: bool = False) -> RangePrediction:
        self.query_one("#low").focus(scroll_visible)
        return self

    def reset(self) -> None:
        for field in self.query(NumberInput):
            field.value = ""

    def answer(self) -> Answer | None:
        """The range; None if both fields are empty. Raises SettingError for half a range."""
        texts = [field.value.strip() for field in self.query(NumberInput)]
        if not any(texts):
            return None
        try:
            low, high = map(float, texts)
        except ValueError:
            raise SettingError("Give both ends of the range, as numbers.") from None
        return low, high


Prediction = ChoicePrediction | RangePrediction


def prediction(question: Question) -> Prediction:
    """The fields that the kind of *question* asks for."""
    return (RangePrediction if question.kind == "number" else ChoicePrediction)(question)
