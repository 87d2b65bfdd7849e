"""An answer beside the ones that the learner gave to the same question before."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from studyapp.memory.clock import study_day
from studyapp.study import words
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Asked, Earlier
from studyapp.tui import sight
from studyapp.tui.keys import bind
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.prose import Prose


class CompareScreen(Page):
    """Goes through earlier answers; the very first one is shown first."""

    BINDINGS = [  # noqa: RUF012
        bind("right", "step(1)", "newer", "A newer answer, or an older one"),
        bind("left", "step(-1)", "older", "An older answer"),
        bind("go_on", "scroll(1)", "scroll", "Scroll down", show=False),
        bind("down", "line(1)", "scroll", "Scroll", show=False),
        bind("up", "line(-1)", "scroll up", show=False),
        bind("page_down", "scroll(1)", show=False),
        bind("page_up", "scroll(-1)", show=False),
        bind("history", "back", "back", "Back", show=False),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    CompareScreen {
        & #asked { margin: 1 0; }
        & #both { height: auto; }
        & #today, & #earlier { width: 1fr; height: auto; }
        & #earlier { margin-left: 2; }
        & .rule { height: 1; color: $text-muted; text-wrap: nowrap; }
        & .text { margin: 1 0; }
        &.-narrow { & #both { layout: vertical; } & #earlier { margin: 0; } }
    }
    """

    def __init__(self, asked: Asked, earlier: Sequence[Earlier]) -> None:
        """*earlier* has at least one answer, the newest first."""
        super().__init__()
        self._asked = asked
        self._earlier = list(reversed(earlier))
        self._index = 0

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            raw = self.desk.settings.raw_maths
            yield Prose(id="asked", raw=raw)
            with Horizontal(id="both"):
                for name in ("today", "earlier"):
                    with Vertical(id=name):
                        yield Static("", classes="rule", markup=False)
                        yield Prose(classes="text", raw=raw)

    def on_mount(self) -> None:
        asked, front = self._asked, self._asked.face.front
        self.query_one("#asked", Prose).show(front, self.gallery(front, asked.note.path))
        self._fill("today", "this time", asked.grade, asked.text or "Nothing written.")
        self._show()

    def _show(self) -> None:
        one, count = self._earlier[self._index], len(self._earlier)
        today = study_day(self.desk.now())
        text = one.text if one.asked is None else f"> {one.asked}\n\n{one.text}"
        self._fill("earlier", words.ago(one.day, today), one.grade, text)
        self.head("Your answers to this question", f"earlier {self._index + 1} of {count}")
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    def _fill(self, name: str, when: str, grade: Grade | None, text: str) -> None:
        title = f"{when} · {grade}" if grade else when
        self.query_one(f"#{name} .rule", Static).update(f"── {title} " + "─" * 160)
        self.query_one(f"#{name} Prose", Prose).show(text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action, parameters:
            case "step", (1,):
                return self._index + 1 < len(self._earlier)
            case "step", _:
                return self._index > 0
        return True

    def action_step(self, step: int) -> None:
        self._index += step
        self._show()

    def action_scroll(self, pages: int) -> None:
        body = self.query_one(VerticalScroll)
        (body.scroll_page_down if pages > 0 else body.scroll_page_up)(animate=False)

    def action_line(self, step: int) -> None:
        sight.line(self.query_one(VerticalScroll), step)

    def action_back(self) -> None:
        self.app.pop_screen()
