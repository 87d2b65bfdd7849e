"""The knobs of an experiment: one line to read, or fields to change them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from studyapp.errors import SettingError
from studyapp.lab import knobs as lab_knobs
from studyapp.lab.protocol import Knob, Value
from studyapp.study import words
from studyapp.tui.flow import Flow
from studyapp.tui.keys import bind
from studyapp.tui.row import Laid, Rows, aligned
from studyapp.tui.sight import TALL
from studyapp.tui.widgets.field import LineField

_GAP = 2  # cells between what stands side by side


class KnobInput(LineField):
    """The field of one knob, and what stands beside it."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "submit", "done", "Back to the question", only="enter"),
    ]
    DEFAULT_CSS = """
    KnobInput { width: 12; &.-text { width: 30; } }
    """

    def __init__(self, knob: Knob) -> None:
        suggester = SuggestFromList(knob.choices) if knob.choices else None
        super().__init__(default_text(knob), suggester=suggester, id=f"knob-{knob.name}")
        self.knob = knob
        self.set_class(bool(knob.choices), "-text")

    @property
    def is_default(self) -> bool:
        return self.value.strip() == default_text(self.knob)


class Knobs(Vertical):
    """Shows what is set; after `edit` the fields take the keys until they are left."""

    BINDINGS = [  # noqa: RUF012
        bind("down", "step(1)", "next knob", "Go to another knob", first=True),
        bind("up", "step(-1)", "knob before", show=False, first=True),
        bind("next_field", "step(1)", show=False),
        bind("previous_field", "step(-1)", show=False),
        bind("defaults"),
    ]
    DEFAULT_CSS = """
    Knobs { height: auto; margin-top: 1;
        & > #set { height: auto; color: $text-muted; }
        & > Horizontal { height: auto; display: none;
            & > .allowed { width: 1fr; height: auto; margin-left: 2; color: $text-muted; } }
        & > #about { height: auto; min-height: 2; margin-top: 1; display: none; }
        &.-editing { & > #set { display: none; } & > Horizontal, & > #about { display: block; } } }
    """

    def __init__(self, knobs: Sequence[Knob], texts: Mapping[str, str]) -> None:
        super().__init__()
        self._knobs = knobs
        self._texts = texts
        self._names = max((len(_name(knob)) for knob in knobs), default=0) + _GAP  # cells
        self._ranges = max((len(_range(knob)) for knob in knobs), default=0) + _GAP

    def compose(self) -> ComposeResult:
        yield Static("", id="set", markup=False)
        for knob in self._knobs:
            with Horizontal():
                name = Static(_name(knob), markup=False)
                name.styles.width = self._names
                yield name
                yield KnobInput(knob)
                yield Static("", classes="allowed", id=f"allowed-{knob.name}", markup=False)
        yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        for field in self.query(KnobInput):
            field.value = self._texts.get(field.knob.name, field.value)
            self._judge(field)
        self.summarise()

    @property
    def editing(self) -> bool:
        return self.has_class("-editing")

    def edit(self) -> None:
        """Open the fields and go to the first that is not allowed, else to the first."""
        self.add_class("-editing")
        fields = list(self.query(KnobInput))
        wrong = [field for field in fields if self._problem(field)]
        for field in (wrong or fields)[:1]:
            field.focus(scroll_visible=False)
            self._tell(field)
        self.scroll_visible(animate=False)

    def close(self) -> None:
        self.remove_class("-editing")
        self.summarise()

    def given(self) -> dict[str, Value]:
        """The knobs that are not at their default. Raises SettingError if one is not allowed."""
        texts = {
            field.knob.name: field.value for field in self.query(KnobInput) if not field.is_default
        }
        values = lab_knobs.parse(self._knobs, texts)
        return {name: values[name] for name in texts}

    def action_step(self, step: int) -> None:
        fields = list(self.query(KnobInput))
        here = next((n for n, field in enumerate(fields) if field.has_focus), 0)
        field = fields[(here + step) % len(fields)]
        field.focus(scroll_visible=False)
        field.scroll_visible(animate=False)

    def action_defaults(self) -> None:
        for field in self.query(KnobInput):
            field.value = default_text(field.knob)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if isinstance(event.input, KnobInput):
            self._judge(event.input)
            if event.input.has_focus:
                self._tell(event.input)

    def on_descendant_focus(self) -> None:
        focused = self.screen.focused
        if isinstance(focused, KnobInput):
            self._tell(focused)

    def _problem(self, field: KnobInput) -> str:
        try:
            lab_knobs.parse(self._knobs, {field.knob.name: field.value})
        except SettingError as error:
            return str(error)
        return ""

    def _judge(self, field: KnobInput) -> None:
        """Say beside the field what is allowed, and whether the default stands there."""
        knob, problem = field.knob, self._problem(field)
        mark = (f"default {_shown(default_text(knob))}", "$text-accent")
        if problem:
            mark = ("✗ not allowed", "$text-error")
        elif field.is_default:
            mark = ("✓ default", "$text-success")
        allowed = Content.assemble(_range(knob).ljust(self._ranges if _range(knob) else 0), mark)
        self.query_one(f"#allowed-{knob.name}", Static).update(allowed)

    def _tell(self, field: KnobInput) -> None:
        problem = self._problem(field)
        text = Content.styled(problem, "$text-error") if problem else _why(field.knob)
        self.query_one("#about", Static).update(text)

    def summarise(self) -> None:
        """Show what is set: each knob with its reason where there is room, else all on one line.

        The window's own size tells, as the page has the class of it some time later.
        """
        fields = list(self.query(KnobInput))
        if self.app.size.height >= TALL:
            text: Laid = Rows(aligned([(self._value(one), self._reason(one)) for one in fields]))
        else:
            parts = [self._value(field) for field in fields]
            if all(field.is_default for field in fields):
                parts.append(Content.styled("✓ defaults", "dim"))
            text = Flow(parts)
        self.query_one("#set", Static).update(text)

    def _value(self, field: KnobInput) -> Content:
        knob = field.knob
        style = "bold $foreground" if field.is_default else "bold $text-accent"
        limits = f" [{_range(knob)}]" if _range(knob) else ""
        return Content.assemble(f"{_name(knob)} ", (_shown(field.value), style), limits)

    def _reason(self, field: KnobInput) -> str:
        mark = "" if field.is_default else f"default {_shown(default_text(field.knob))}; "
        return mark + field.knob.help


def _name(knob: Knob) -> str:
    return knob.name.replace("_", " ")


def default_text(knob: Knob) -> str:
    return knob.default if isinstance(knob.default, str) else f"{knob.default:.12g}"


def _range(knob: Knob) -> str:
    """Both ends, if there are two: 32–1,024."""
    if knob.low is None or knob.high is None:
        return ""
    return words.minus(f"{_shown(f'{knob.low:.12g}')}–{_shown(f'{knob.high:.12g}')}")


def _shown(text: str) -> str:
    if text.startswith("-"):
        return words.minus(text)
    return f"{int(text):,}" if text.isdigit() else text


def _why(knob: Knob) -> Content:
    choices = f" ({lab_knobs.describe(knob)})" if knob.choices else ""
    return Content.assemble((f"{_name(knob)}: ", "bold"), knob.help, choices)
