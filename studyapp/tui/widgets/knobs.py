"""The knobs of an experiment: one line to read, or fields to change them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from studyapp.errors import SettingError
from studyapp.lab import knobs as lab_knobs
from studyapp.lab.protocol import Knob, Value


class KnobInput(Input):
    """The field of one knob, and what stands beside it."""

    DEFAULT_CSS = """
    KnobInput { width: 16; height: 1; border: none; padding: 0 1; background: $boost;
        &:focus { border: none; background: $accent 20%; }
        &.-text { width: 32; } }
    """

    def __init__(self, knob: Knob) -> None:
        suggester = SuggestFromList(knob.choices) if knob.choices else None
        super().__init__(str(knob.default), suggester=suggester, id=f"knob-{knob.name}")
        self.knob = knob
        self.set_class(bool(knob.choices), "-text")


class Knobs(Vertical):
    """Shows what is set; after `edit` the fields take the keys until they are left."""

    BINDINGS = [  # noqa: RUF012
        Binding("down,tab", "step(1)", "next knob", key_display="↑↓", tooltip="Go to another knob"),
        Binding("up,shift+tab", "step(-1)", "knob before", show=False),
        Binding("ctrl+r", "defaults", "defaults", tooltip="Set all knobs to what is known to work"),
    ]
    DEFAULT_CSS = """
    Knobs { height: auto; margin-top: 1;
        & > #set { height: auto; color: $text-muted; }
        & > Horizontal { height: 1; display: none;
            & > .name { width: 15; }
            & > .allowed { width: 1fr; margin-left: 2; color: $text-muted; text-wrap: nowrap;
                text-overflow: ellipsis; } }
        & > #about { height: auto; min-height: 2; margin-top: 1; display: none; }
        &.-editing { & > #set { display: none; } & > Horizontal, & > #about { display: block; } } }
    """

    def __init__(self, knobs: Sequence[Knob], texts: Mapping[str, str]) -> None:
        super().__init__()
        self._knobs = knobs
        self._texts = texts

    def compose(self) -> ComposeResult:
        yield Static("", id="set")
        for knob in self._knobs:
            with Horizontal():
                yield Static(knob.name.replace("_", " "), classes="name", markup=False)
                yield KnobInput(knob)
                yield Static("", classes="allowed", id=f"allowed-{knob.name}")
        yield Static("", id="about")

    def on_mount(self) -> None:
        for field in self.query(KnobInput):
            field.value = self._texts.get(field.knob.name, field.value)
            self._judge(field)
        self._summarise()

    @property
    def editing(self) -> bool:
        return self.has_class("-editing")

    def edit(self) -> None:
        """Open the fields and go to the first that is not allowed, else to the first."""
        self.add_class("-editing")
        fields = list(self.query(KnobInput))
        wrong = [field for field in fields if self._problem(field)]
        for field in (wrong or fields)[:1]:
            field.focus()
            self._tell(field)

    def close(self) -> None:
        self.remove_class("-editing")
        self._summarise()

    def given(self) -> dict[str, Value]:
        """The knobs that are not at their default. Raises SettingError if one is not allowed."""
        texts = {
            field.knob.name: field.value
            for field in self.query(KnobInput)
            if field.value.strip() != str(field.knob.default)
        }
        values = lab_knobs.parse(self._knobs, texts)
        return {name: values[name] for name in texts}

    def action_step(self, step: int) -> None:
        fields = list(self.query(KnobInput))
        here = next((n for n, field in enumerate(fields) if field.has_focus), 0)
        fields[(here + step) % len(fields)].focus()

    def action_defaults(self) -> None:
        for field in self.query(KnobInput):
            field.value = str(field.knob.default)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
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
        at_default = field.value.strip() == str(knob.default)
        mark: tuple[str, str] = (f"  default {knob.default}", "$text-accent")
        if problem:
            mark = ("  ✗ not allowed", "$text-error")
        elif at_default:
            mark = ("  ✓ known to work", "$text-success")
        allowed = Content.assemble(lab_knobs.describe(knob), mark)
        self.query_one(f"#allowed-{knob.name}", Static).update(allowed)

    def _tell(self, field: KnobInput) -> None:
        problem = self._problem(field)
        text = Content.styled(problem, "$text-error") if problem else _why(field.knob)
        self.query_one("#about", Static).update(text)

    def _summarise(self) -> None:
        parts: list[Content] = []
        for field in self.query(KnobInput):
            knob, value = field.knob, field.value.strip()
            changed = value != str(knob.default)
            limits = "" if knob.low is None or knob.high is None else _range(knob)
            name = knob.name.replace("_", " ")
            parts.append(
                Content.assemble(
                    f"{name} ",
                    (_shown(value), "bold $text-accent" if changed else "bold $foreground"),
                    limits,
                )
            )
        if not any(f.value.strip() != str(f.knob.default) for f in self.query(KnobInput)):
            parts.append(Content.styled("✓ known to work", "dim"))
        self.query_one("#set", Static).update(Content("   ").join(parts))


def _range(knob: Knob) -> str:
    return f" [{_shown(f'{knob.low:.12g}')}–{_shown(f'{knob.high:.12g}')}]"


def _shown(text: str) -> str:
    return f"{int(text):,}" if text.isdigit() else text


def _why(knob: Knob) -> Content:
    return Content.assemble((f"{knob.name.replace('_', ' ')}: ", "bold"), knob.help)
