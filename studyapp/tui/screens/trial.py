"""The trials on one's own memory: predict and begin one, see how far it is, hear what came of
it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from studyapp.errors import StudyError
from studyapp.notes.plain import plain
from studyapp.study import words
from studyapp.study.trial import course, verdict
from studyapp.study.trial.course import Trial, Waited
from studyapp.study.trial.form import FORMS
from studyapp.study.trial.verdict import Offer, Standing
from studyapp.study.undo import undo
from studyapp.tui import sight
from studyapp.tui.keys import bind
from studyapp.tui.screens.cards import CardList
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.prediction import ChoicePrediction


class TrialScreen(Page):
    """While a trial runs it lists the cards that are waited for, without what each was dealt. While
    none does it shows one that could begin, and what came of those before."""

    BINDINGS = [  # noqa: RUF012
        bind("go_on", "begin", "begin", "Lock your prediction and begin the trial", only="enter"),
        bind(
            "go_on",
            "change",
            "other arm",
            "Have this card answered the other way; it counts where it was dealt",
            only="enter",
        ),
        bind("next_field", "other_form(1)", "other", "Show the other trial that could begin"),
        bind("previous_field", "other_form(-1)", show=False),
        bind("suspend", "leave_out", "leave out", "Wait for this card no more"),
        bind("call_off", "stop", "stop", "Stop the trial; it is never analysed then"),
        bind("undo", tooltip="Take back what was done last, in whichever window"),
        bind("page_down", "page(1)", show=False),
        bind("page_up", "page(-1)", show=False),
        bind("back", tooltip="Back"),
    ]
    DEFAULT_CSS = """
    TrialScreen {
        & Static { height: auto; }
        & #told, & #others, & #asked, & CardList { margin-top: 1; }
        & #others { color: $text-muted; }
        & CardList { max-height: 10000; }
        & #rules { margin-top: 1; color: $text-muted; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._standing: Standing | None = None
        self._waits: Sequence[Waited] = ()
        self._done = 0  # things done here, to be taken back
        self._form = 0  # of those that could begin, the one that is shown
        self._predictions = {name: ChoicePrediction(form.question) for name, form in FORMS.items()}

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(classes="body", can_focus=False):
            yield Static("", id="told", markup=False)
            yield Static("", id="others", markup=False)
            yield Static("", id="asked", markup=False)
            yield from self._predictions.values()
            yield Static("", id="rules", markup=False)
            yield CardList(markup=False)

    def on_mount(self) -> None:
        self.look_before()

    def on_screen_resume(self) -> None:
        self._show()

    def _show(self) -> None:
        """Read how it stands, and show it."""
        desk = self.desk
        try:
            with desk.reading() as connection:
                found = verdict.standing(
                    connection, desk.now(), desk.settings, learner=desk.learner
                )
                waits = list[Waited]()
                if found.trial is not None and found.trial.runs:
                    trial, today = found.trial, found.today
                    waits = course.waited_for(connection, trial, today, learner=desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._standing, self._waits = found, waits
        self.head("Trial", "none begun" if found.trial is None else found.trial.summary)
        self._say("told", found.told())
        cards = self.query_one(CardList)
        is_chosen = cards.highlighted is not None
        cards.show([Option(_told(one)) for one in waits])
        if (
            not is_chosen and len(waits) > 1
        ):  # the key that began the trial, or opened the page, is about no card
            cards.highlighted = None
        self._show_offer()

    def _show_offer(self) -> None:
        """Show the trial that is chosen of those that could begin, if none runs."""
        offer, begins = self._offer, self._begins
        self._say("asked", [] if offer is None else [offer.told()])
        self._say("others", [] if offer is None else [[self._of_others(offer)]], first="")
        for name, prediction in self._predictions.items():
            prediction.display = begins is not None and name == begins.form.name
            if prediction.display:
                prediction.focus(scroll_visible=False)
        told = self._newest if self._waits else begins
        rules = self.query_one("#rules", Static)
        rules.display = told is not None
        rules.update("" if told is None else verdict.rules(told.form))
        self.refresh_bindings()

    def _of_others(self, offer: Offer) -> str:
        count, key = len(self._offers), self.key_of("next_field")
        other = self._offers[(self._form + 1) % count].form
        return f"{self._form + 1} of {count}; {key} shows: {other.title}"

    def _say(self, where: str, blocks: Sequence[Sequence[str]], *, first: str = "bold") -> None:
        """The first line of each block stands out."""
        text = self.query_one(f"#{where}", Static)
        text.display = bool(blocks)
        told = [
            Content("\n").join([Content.styled(head, first), *map(Content, others)])
            for head, *others in blocks
        ]
        text.update(Content("\n\n").join(told))

    @property
    def _newest(self) -> Trial | None:
        return self._standing.trial if self._standing is not None else None

    @property
    def _offers(self) -> Sequence[Offer]:
        return self._standing.offers if self._standing is not None else ()

    @property
    def _offer(self) -> Offer | None:
        """The trial that is chosen of those that could begin."""
        return self._offers[self._form] if self._offers else None

    @property
    def _begins(self) -> Offer | None:
        """The same, if its cards suffice."""
        offer = self._offer
        return offer if offer is not None and offer.roster.suffices else None

    @property
    def _chosen(self) -> Waited | None:
        index = self.query_one(CardList).highlighted
        return self._waits[index] if index is not None and index < len(self._waits) else None

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "begin":
                return self._begins is not None
            case "other_form":
                return len(self._offers) > 1
            case "change":
                return self._chosen is not None and self._chosen.changes
            case "leave_out":
                return self._chosen is not None
            case "stop":
                return self._newest is not None and self._newest.runs
            case "undo":
                return self._done > 0
        return True

    def action_other_form(self, step: int) -> None:
        self._form = (self._form + step) % len(self._offers)
        self._show_offer()
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_begin(self) -> None:
        offer = self._begins
        assert offer is not None
        prediction = self._predictions[offer.form.name]
        answer, sure = prediction.answer(), prediction.confidence
        if not isinstance(answer, str):
            self.notify("Predict first: choose an answer, and say how sure you are.")
            return

        def act(connection: Connection) -> str:
            now, learner, cards = self.desk.now(), self.desk.learner, offer.roster
            course.begin(connection, offer.form, cards, answer, sure, now, learner=learner)
            return f"Begun: the review asks as each card was dealt; {self._takes_back}."

        if self._do(act):
            prediction.reset()
            body = self.query_one(VerticalScroll)
            self.call_after_refresh(body.scroll_home, animate=False)

    def action_change(self) -> None:
        def act(connection: Connection) -> str:
            assert self._chosen is not None
            now, learner = self.desk.now(), self.desk.learner
            arm = course.change(connection, self._chosen.uid, now, learner=learner)
            return f"{words.capital(arm.name)} from now on; {self._takes_back}."

        self._do(act)

    def action_leave_out(self) -> None:
        chosen, trial = self._chosen, self._newest
        assert chosen is not None
        assert trial is not None
        ends = trial.waiting == [chosen.uid]  # be it here or on another device alone
        if ends and not self.study.is_sure(chosen):
            again = words.capital(self.key_of("suspend"))
            self.notify(
                f"It is the last: the trial is over then, for good. {again} again, to be sure."
            )
            return

        def act(connection: Connection) -> str:
            now, learner = self.desk.now(), self.desk.learner
            course.leave_out(connection, chosen.uid, now, learner=learner)
            return "Left out: the trial is over." if ends else f"Left out; {self._takes_back}."

        if self._do(act) and ends:
            self._done = 0
            self.refresh_bindings()

    def action_stop(self) -> None:
        def act(connection: Connection) -> str:
            course.stop(connection, self.desk.now(), learner=self.desk.learner)
            return f"Stopped; {self._takes_back}."

        self._do(act)

    @property
    def _takes_back(self) -> str:
        return f"{self.key_of('undo')} takes it back"

    def _do(self, act: Callable[[Connection], str]) -> bool:
        """Write what *act* does, and say what it says of it; whether it could be written."""
        try:
            with self.desk.writing() as connection:
                told = act(connection)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return False
        self._done += 1
        self.notify(told)
        self._show()
        return True

    def action_undo(self) -> None:
        try:
            if self.is_nothing_left():
                self._done = 0
                self._show()
                return
            with self.desk.writing() as connection:
                undone = undo(connection, self.desk.now(), learner=self.desk.learner)
        except StudyError as error:
            self.notify(str(error), severity="error")
            return
        self._done -= 1
        self.notify(f"Undone: {undone.what}." if undone else "There is nothing to undo.")
        self._show()

    def action_page(self, pages: int) -> None:
        sight.page(self.query_one(VerticalScroll), pages)

    def action_back(self) -> None:
        self.app.pop_screen()


def _told(waited: Waited) -> Content:
    """A card in the list, and that it does not come if so."""
    prompt = plain(waited.prompt).strip()
    return Content(prompt) if waited.comes else Content.assemble(prompt, (_HELD, "$text-warning"))


_HELD = " (does not come)"
