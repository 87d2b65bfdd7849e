"""The commands of the lab. Each imports what it needs itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from studyapp.commands.opening import JSON, Opening, now, print_json, tell
from studyapp.errors import INTERRUPTED, SettingError, StudyError, printable
from studyapp.stream import progress

if TYPE_CHECKING:
    from studyapp.lab.catalog import Catalog, Declaration
    from studyapp.lab.grade import Answer
    from studyapp.lab.lines import Finished, Message, Outcome
    from studyapp.lab.protocol import Question
    from studyapp.study.lab.predictions import Graded

T = TypeVar("T")

_TRUST = click.option(
    "--trust",
    "trusted",
    is_flag=True,
    help="Let the code of another distribution run, from now on.",
)


@click.group()
def lab() -> None:
    """Experiments: predict, run, and see the evidence."""


@lab.command("list")
@JSON
def list_command(as_json: bool) -> None:
    """The experiments that are installed."""
    from studyapp.lab import catalog

    known = catalog.read()
    for problem in known.problems:
        click.echo(str(problem), err=True)
    if as_json:
        print_json([_as_json(lesson) for lesson in known.lessons])
        return
    for lesson in known.lessons:
        click.echo(f"{lesson.name}: {lesson.title} ({', '.join(lesson.topics)})")


@lab.command()
@click.argument("name")
@JSON
def show(name: str, as_json: bool) -> None:
    """One experiment: what it asks, and its knobs. With --json a list of one, as `list` prints."""
    from studyapp.lab import knobs

    lesson = _lesson(name)
    if as_json:
        print_json([_as_json(lesson)])
        return
    click.echo(f"{lesson.title}\n\n{_question(lesson)}")
    for choice in lesson.question.choices:
        click.echo(f"  {choice.text}")
    click.echo("\nKnobs")
    for knob in lesson.knobs:
        help_text = f"; {knob.help}" if knob.help else ""
        click.echo(f"  {knob.name} = {knob.default} ({knobs.describe(knob)}){help_text}")
    click.echo(f"\nGrounds: {', '.join(lesson.topics)}")


@lab.command()
@click.argument("name")
@click.option("--knob", "pairs", multiple=True, metavar="K=V", help="Set a knob; repeatable.")
@click.option("--seeds", metavar="N", help="The same as --knob seeds=N.")
@click.option("--device", type=click.Choice(["cpu", "cuda", "mps"]), help="Default: the best one.")
@click.option("--predict", "said", metavar="A", help="A choice or its beginning, or LOW..HIGH.")
@_TRUST
@JSON
@click.pass_obj
def run(
    opening: Opening,
    name: str,
    pairs: tuple[str, ...],
    seeds: str | None,
    device: str | None,
    said: str | None,
    trusted: bool,
    as_json: bool,
) -> None:
    """Run an experiment and keep the run, as the app does.

    Exits with 1 if it fails, and with 130 if Ctrl+C stopped it.
    """
    from studyapp.lab import knobs, runner
    from studyapp.lab.lines import Cancelled, Failed
    from studyapp.lab.protocol import Metric
    from studyapp.study.lab import predictions, reviews, runs

    lesson = _lesson(name)
    texts = _settings([*pairs, *([] if seeds is None else [f"seeds={seeds}"])])
    values = knobs.parse(lesson.knobs, texts)
    given = {knob: values[knob] for knob in texts}
    _may_run(lesson, trusted=trusted)
    answer = None if said is None else read_answer(lesson.question, said)
    with opening.desk() as desk:
        prediction, mine = None, desk.learner
        if answer is not None:
            with desk.reading() as connection:
                prediction = predictions.predict(connection, lesson, values, answer, learner=mine)
        own = reviews.packed(desk, lesson)
        started = desk.now()
        begun = None  # a database that is locked now may be free at the end
        with suppress(StudyError), desk.writing() as connection:
            begun = runs.begin(connection, lesson, given, started, prediction, learner=mine)
        seen = False  # of curves only --json shows anything

        def print_event(message: Message) -> None:
            nonlocal seen
            if isinstance(message, Metric) and not seen:
                seen = True
                if begun is not None:
                    with suppress(StudyError), desk.writing() as connection:
                        runs.watched(connection, begun, learner=mine)
            _print_event(message)

        show_event = print_event if as_json else _Lines()
        outcome = _play(runner.run(lesson, given, device or "auto", reviews=own), show_event)
        graded = None
        if prediction is not None:
            graded = predictions.graded(lesson, prediction, outcome)
        try:
            with desk.writing() as connection:
                runs.keep(
                    connection,
                    lesson,
                    given,
                    outcome,
                    started,
                    desk.now(),
                    prediction,
                    begun=begun,
                    seen=seen,
                    learner=mine,
                )
        finally:  # a database that is locked must not cost the learner what was measured
            if as_json:
                _print_outcome(outcome, graded)
            else:
                _tell_outcome(lesson, outcome, graded)
        tell(desk)
    if isinstance(outcome, Cancelled):
        sys.exit(INTERRUPTED)
    if isinstance(outcome, Failed):
        sys.exit(1)


@lab.command()
@click.argument("names", nargs=-1)
@_TRUST
@JSON
def reference(names: tuple[str, ...], trusted: bool, as_json: bool) -> None:
    """Run experiments at their defaults, on the CPU, and rewrite the reference figures.

    All of them if none is named. With --json one event a line, with the lesson's name.
    """
    from studyapp.lab import catalog, lines
    from studyapp.lab import reference as references
    from studyapp.lab.lines import Finished
    from studyapp.study import words

    known = catalog.read()
    lessons = [_find(known, name) for name in names] or list(known.lessons)
    for lesson in lessons:
        _may_run(lesson, trusted=trusted)
    with _ending(references.measure(lessons, now().date(), "cpu")) as events:
        for lesson, message in events:
            if as_json:
                values = json.loads(lines.encode(message))
                print_json({"lesson": lesson.name, **values})
            elif isinstance(message, Finished):
                figures = words.count(len(message.facts), "figure")
                click.echo(f"{lesson.name}: {figures} in {message.seconds:.1f} s")


@lab.command()
@click.argument("name")
def new(name: str) -> None:
    """Write a pack with one experiment that works, to be made into one's own: in a new folder of
    this NAME."""
    from studyapp.lab import catalog, starter

    folder = starter.write(name, Path.cwd(), catalog.read())
    steps = {
        f"pip install -e ./{name}": "brings it into the lab",
        f"pytest {name}": "runs its tests",
        f"studyapp lab run {name} --trust": "lets its code run, and runs it; in the app enter does",
        f"studyapp lab check {name}": "says what is missing",
    }
    width = max(map(len, steps))
    click.echo(f"{folder} has a pack with one experiment.")
    for command, told in steps.items():
        click.echo(f"  {command:<{width}}  {told}")


@lab.command()
@click.argument("what", metavar="[NAME|FOLDER]", required=False)
@JSON
def check(what: str | None, as_json: bool) -> None:
    """What experiments lack: question, the fact that decides it, good defaults, an interval, a
    meaning for each answer. All of them, one, or those of a pack in a folder.

    Only reads: what a run would tell, the reference figures do. Exits with 1 if something is
    missing.
    """
    from studyapp.lab import lack

    known = _meant(what)
    lacks = [one for lesson in known.lessons for one in lack.of(lesson)]
    if as_json:
        problems = [
            {"path": str(it.path), "line": it.line, "message": it.message} for it in known.problems
        ]
        print_json({"problems": problems, "lacks": [asdict(one) for one in lacks]})
    else:
        for found in (*known.problems, *lacks):
            click.echo(str(found))
        lacking = {one.lesson for one in lacks}
        for lesson in known.lessons:
            if lesson.name not in lacking:
                click.echo(f"{lesson.name}: nothing is missing.")
    if known.problems or lacks:
        sys.exit(1)


def _meant(what: str | None) -> Catalog:
    """Return all lessons, the one of a name, or those in a folder, with what is wrong with them.

    Raises StudyError if there is neither. A lesson that cannot be read goes by its file's name.
    """
    from studyapp.lab import catalog

    known = catalog.read()
    if what is None:
        return known
    lessons = tuple(lesson for lesson in known.lessons if lesson.name == what)
    problems = tuple(problem for problem in known.problems if problem.path.stem == what)
    if lessons or problems:
        return catalog.Catalog(lessons, problems)
    if not Path(what).is_dir():
        _find(known, what)
    found = catalog.read_folder(Path(what).resolve())
    if not found.lessons and not found.problems:
        raise StudyError(f"There is no experiment in the folder {printable(what)}.")
    return found


def _may_run(lesson: Declaration, *, trusted: bool) -> None:
    """Raise StudyError before anything is begun if the lesson's code may not run here."""
    from studyapp import config
    from studyapp.lab import trust

    if trusted:
        trust.trust(lesson, config.Current(config.load()))
    trust.check(lesson)


def _lesson(name: str) -> Declaration:
    from studyapp.lab import catalog

    return _find(catalog.read(), name)


def _find(known: Catalog, name: str) -> Declaration:
    names = [lesson.name for lesson in known.lessons]
    near = get_close_matches(name, names, n=1)
    if name not in names and near:
        shown = printable(repr(name))
        raise StudyError(f"There is no experiment {shown}; did you mean {near[0]}?")
    return known.lesson(name)


def _settings(pairs: Iterable[str]) -> dict[str, str]:
    """Return K=V pairs as a mapping. Raises SettingError for one without =, or given twice."""
    texts: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingError(f"{printable(pair)} is not a setting; write KNOB=VALUE.")
        if name in texts:
            raise SettingError(f"{printable(name)} is given twice.")
        texts[name] = value
    return texts


def read_answer(question: Question, said: str) -> Answer:
    """Return the answer that *said* stands for. Raises SettingError if it stands for none."""
    from studyapp.lab.grade import check_answer

    if question.kind == "number":
        try:
            low, high = map(float, said.split(".."))
        except ValueError:
            raise SettingError(
                f"{printable(said)} is not a range; write LOW..HIGH, such as 0.1..0.3."
            ) from None
        check_answer(question, (low, high))
        return low, high
    texts = [choice.text for choice in question.choices]
    begun = [text for text in texts if text.casefold().startswith(said.casefold())]
    answer = begun[0] if said not in texts and len(begun) == 1 else said
    check_answer(question, answer)
    return answer


def _play(events: Iterator[Message], show_event: Callable[[Message], None]) -> Outcome:
    """Show what a run says and return how it ended; Ctrl+C cancels it."""
    from studyapp.lab.lines import Cancelled, Failed, Finished

    outcome: Outcome = Cancelled()
    try:
        with _ending(events) as messages:
            for message in messages:
                if isinstance(message, Finished | Failed | Cancelled):
                    outcome = message
                else:
                    show_event(message)
    except KeyboardInterrupt:
        pass
    return outcome


def _ending(events: Iterator[T]) -> closing[Generator[T, None, None]]:
    """Make sure that leaving early ends the process of the run, and not some time later."""
    return closing(cast("Generator[T, None, None]", events))


def _print_event(message: Message) -> None:
    from studyapp.lab.lines import encode

    print(encode(message), flush=True)


def _print_outcome(outcome: Outcome, graded: Graded | None) -> None:
    """Print the last line of a run: a result carries the prediction and its grade."""
    from studyapp.lab.lines import Finished, encode

    values = json.loads(encode(outcome))
    if isinstance(outcome, Finished):
        values["prediction"] = graded and graded.prediction.answer
        values["grade"] = graded and graded.grade
    print_json(values)


class _Lines:
    """Tells a run's notes on stderr and, on a terminal, how far it is."""

    def __call__(self, message: Message) -> None:
        from studyapp.lab.protocol import Progress, Remark

        if isinstance(message, Remark):
            click.echo(message.text, err=True)
        elif isinstance(message, Progress) and message.total:
            progress(f"{message.done / message.total:4.0%}")


def _tell_outcome(lesson: Declaration, outcome: Outcome, graded: Graded | None) -> None:
    from studyapp.lab.lines import Failed, Finished

    if isinstance(outcome, Failed):
        click.echo(f"Error: {outcome.message}", err=True)
    elif isinstance(outcome, Finished):
        _tell_result(lesson, outcome, graded)
    else:
        click.echo("Cancelled.", err=True)


def _tell_result(lesson: Declaration, result: Finished, graded: Graded | None) -> None:
    from studyapp.study.lab.facts import following, meaning, measured, mechanism, named
    from studyapp.study.lab.predictions import asked
    from studyapp.study.lab.verdict import verdict

    values = result.knobs
    click.echo(asked(lesson, values))
    if graded is not None:
        click.echo(f"You said {graded.prediction.said}. {verdict(lesson, graded, result.facts)}")
    width = max(len(named(fact.name)) for fact in result.facts)
    varies = ""
    for fact in result.facts:
        if fact.varies != varies:
            varies = fact.varies
            click.echo(f"Over {varies}:" if fact.low is not None else f"{varies}:".capitalize())
        click.echo(f"  {named(fact.name):<{width}}  {measured(fact)}")
    _tell_list("What it means", meaning(lesson, values, result.facts))
    _tell_list("How it comes about", mechanism(lesson, values, result.facts))
    if text := following(lesson, values, result.facts):
        click.echo(f"Next: {text}")


def _tell_list(title: str, texts: Sequence[str]) -> None:
    if texts:
        click.echo("\n".join([f"{title}:", *(f"- {text}" for text in texts)]))


def _question(lesson: Declaration) -> str:
    """Return what the lesson asks at its defaults."""
    from studyapp.lab import knobs, wording

    return wording.filled(lesson.question.text, knobs.check(lesson.knobs, {}))


def _as_json(lesson: Declaration) -> dict[str, Any]:
    return {
        "name": lesson.name,
        "version": lesson.version,
        "title": lesson.title,
        "question": asdict(lesson.question) | {"text": _question(lesson)},
        "knobs": [asdict(knob) for knob in lesson.knobs],
        "topics": list(lesson.topics),
    }
