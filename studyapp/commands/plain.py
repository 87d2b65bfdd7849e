"""Plain mode: the same order and words as the app, as lines. For pipes and screen readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from studyapp.errors import StudyError
from studyapp.memory.state import Rating
from studyapp.notes.note import Point
from studyapp.notes.plain import plain
from studyapp.study import asking, words
from studyapp.study.answer import NOTHING, Given
from studyapp.study.card import CardView
from studyapp.study.grading import Grade
from studyapp.study.questionnaire.attempt import Attempt, Mark
from studyapp.study.sitting import Sitting
from studyapp.study.summary import leech_line, summary_lines
from studyapp.study.trial.form import Arm

Read = Callable[[], str | None]  # the next line without its end, None at the end of input
Write = Callable[[str], None]

HELP = "enter shows the answer, 1-4 rate it, m marks it to mend later, u undoes, q ends"
GO_ON = "enter goes on"
_RATES = {str(rating.value) for rating in Rating}
_COMMANDS = {*_RATES, "m", "u", "q"}
_INSTEAD = {"s", "u", "q"}  # of an answer, in a questionnaire
QUIZ_HELP = (
    "write your answer, an empty line ends it and shows the reference; "
    'instead of an answer: s skips, u undoes, q ends; as an answer it is "q"'
)


def review(sitting: Sitting, read: Read, write: Write) -> None:
    """Work through a sitting with lines from *read*; ends with the summary."""
    if sitting.view is not None:
        write(f"{HELP}\n")
        if sitting.beginner:
            told = (f"{one.value} {meaning}" for one, meaning in words.MEANINGS.items())
            write(f"{' · '.join(told)}\n")
    while sitting.view is not None and _one_card(sitting, sitting.view, read, write):
        pass
    summary = sitting.summary()
    for line in summary_lines(summary, sitting.desk.now()):
        write(line)
    if summary.marked:
        them = "it" if summary.marked == 1 else "them"
        write(f"{words.count(summary.marked, 'card')} to mend: studyapp aside lists {them}.")


def _one_card(sitting: Sitting, view: CardView, read: Read, write: Write) -> bool:
    """Ask one card; False when the learner wants to stop."""
    maths = not sitting.desk.settings.raw_maths
    write(f"[{view.place}; {sitting.counts.total} left]")
    write(f"{plain(view.face.front, maths=maths)}\n")
    arm = sitting.asked or Arm("")
    if arm.told:
        write(f"{_asked(arm)}\n")
    revealed, given, counts = bool(arm.shown), NOTHING, arm.counts
    if revealed:
        _show_answer(sitting, view, counts, write)
    while True:
        line = read()
        sitting.touched()
        if line is None or line.strip().lower() == "q":
            return False
        choice = line.strip().lower()
        if choice == "u":
            _undo(sitting, write)
            return True
        if choice == "m":
            write("marked to mend later" if sitting.mark() else "marked no longer")
            continue
        if not revealed:
            if choice in _RATES:
                write(f'Press enter to see the answer first. As an answer it is "{choice}".')
                continue
            revealed, given = True, Given(_unquoted(line, _COMMANDS))
            _show_answer(sitting, view, counts, write)
        elif counts is not None:
            if not choice:
                _rate(sitting, counts, given, write)
                return True
            write(f"{words.capital(GO_ON)}; u undoes, q ends.")
        elif choice in _RATES:
            _rate(sitting, Rating(int(choice)), given, write)
            return True
        else:
            write("Rate with 1 again, 2 hard, 3 good or 4 easy; u undoes, q ends.")


def _asked(arm: Arm) -> str:
    """What a trial has the learner do, and how."""
    told = f"{words.capital(arm.told).removesuffix('.')}"
    if arm.typed:
        return (
            f"{told}: type the answer on this line. One that is no more than 1, 2, 3, 4, m, u or q "
            'goes in quotes: "4".'
        )
    return f"{told}."


def _unquoted(line: str, commands: Collection[str]) -> str:
    """What was typed, without the quotes that keep it from being one of the *commands*."""
    text = line.strip()
    quoted = text[:1] == text[-1:] == '"' and text[1:-1].lower() in commands
    return text[1:-1] if quoted else line


def _show_answer(sitting: Sitting, view: CardView, counts: Rating | None, write: Write) -> None:
    """Write the answer, and what each rating leads to; or the one that a trial has it count as."""
    for text in _point_lines(view.face.back, view.face.points, not sitting.desk.settings.raw_maths):
        write(text)
    now, options = sitting.desk.now(), sitting.options()
    if counts is not None:
        write(f"\n{GO_ON}: it is asked in {words.spelled(words.wait(options[counts], now))}")
        return
    told = (
        f"{rating.value} {rating.name.lower()} {words.spelled(words.wait(after, now))}"
        for rating, after in options.items()
    )
    write(f"\n{' · '.join(told)}")


def _point_lines(answer: str, points: Sequence[Point], maths: bool) -> list[str]:
    lines = [plain(answer, maths=maths)]
    for letter, point in zip(words.LETTERS, points, strict=False):
        extra = "extra: " if point.extra else ""
        lines.append(f"  {letter} {extra}{plain(point.text, maths=maths)}")
    return lines


def _rate(sitting: Sitting, rating: Rating, given: Given, write: Write) -> None:
    try:
        answered = sitting.rate(rating, given=given)
    except StudyError as error:
        write(f"{error}\n")
        return
    wait = words.spelled(words.wait(answered.memory, sitting.desk.now()))
    write(f"{rating.name.lower()}: again in {wait}")
    if answered.leech:
        write(leech_line(answered.memory))
    write("")


def _undo(sitting: Sitting, write: Write) -> None:
    undone = sitting.undo()
    write(f"undone: {undone.what.lower()}\n" if undone else "nothing to undo\n")


def quiz(attempt: Attempt, read: Read, write: Write) -> None:
    """Work through an attempt with lines from *read*; ends with where it stands."""
    write(f"{attempt.opening}\n{QUIZ_HELP}\n")
    while not attempt.finished and _one_question(attempt, read, write):
        pass
    attempt.leave()
    for line in quiz_lines(attempt):
        write(line)


def _one_question(attempt: Attempt, read: Read, write: Write) -> bool:
    """Ask one question; False when the learner wants to stop."""
    asked, maths = attempt.current, not attempt.desk.settings.raw_maths
    write(f"[{attempt.name}; question {attempt.index + 1} of {attempt.asks}]")
    write(f"{plain(asked.face.front, maths=maths)}\n")
    if asked.to_do:
        write(f"{plain(asked.face.back, maths=maths)}\n")
    if asked.text:
        write(f"You wrote:\n{asked.text}\n")
    if asked.revealed:
        write("Enter shows the reference again.")
    command = _write_answer(attempt, read, write)
    if command is not None:
        return _command(attempt, command, write)
    if asked.to_do:
        return _ask_done(attempt, read, write)
    attempt.reveal()
    for text in _point_lines(asked.face.back, asked.face.points, maths):
        write(text)
    if asked.face.points:
        ticked = _ask_ticks(len(asked.face.points), read, write)
        if ticked is None:
            return False
        attempt.tick(ticked)
    given = _ask_grade(attempt, read, write)
    return given is not None and _grade(attempt, given, write)


def _write_answer(attempt: Attempt, read: Read, write: Write) -> str | None:
    """Read an answer up to an empty line and keep each line as it comes; what has been seen beside
    its reference stays as it is. Returns the command that was given instead, if any."""
    lines: list[str] = []
    while (line := read()) is not None and line.strip():
        if not lines and line.strip().lower() in _INSTEAD:
            return line.strip().lower()
        if attempt.current.revealed:
            return None
        text = line if lines else _unquoted(line, _INSTEAD)
        try:
            attempt.write("\n".join([*lines, text]))
        except StudyError as error:
            write(str(error))
        else:
            lines.append(text)
    return "q" if line is None else None


def _ask_done(attempt: Attempt, read: Read, write: Write) -> bool:
    write("d done; enter: not yet")
    line = read()
    choice = "q" if line is None else line.strip().lower()
    if choice == "d":
        return _grade(attempt, Grade.DONE, write)
    return _command(attempt, "q" if choice == "q" else "s", write)


def _ask_ticks(count: int, read: Read, write: Write) -> frozenset[int] | None:
    """The points that the learner said; None when they stop."""
    letters = words.LETTERS[:count]
    write("\nWhich of these did you say? Letters, or enter for none.")
    while (line := read()) is not None:
        said = line.lower().replace(",", " ").split()
        if said == ["q"] and "q" not in letters:
            return None
        if said in ([], ["none"]):
            return frozenset()
        if set("".join(said)) <= set(letters):
            return frozenset(map(letters.index, "".join(said)))
        write(f"Letters from a to {letters[-1]}, like {letters[:2]}, or enter for none; q ends.")
    return None


def _command(attempt: Attempt, command: str, write: Write) -> bool:
    if command == "s":
        following = attempt.next_open()
        if following is not None:
            attempt.go_to(following)
    elif command == "u":
        undone = attempt.undo()
        write("undone\n" if undone else "nothing to undo\n")
    return command != "q"


def _ask_grade(attempt: Attempt, read: Read, write: Write) -> Grade | None:
    """The learner's own judgement; None when they stop. A deeper card can be asked for first."""
    desk, proposed = attempt.desk, attempt.current.proposed
    note = asking.of_note(attempt.current.note_id)
    with desk.reading() as connection:
        deeper = asking.find(connection, note, depth=desk.settings.depth, learner=desk.learner)
    keys = {"m": Grade.MISSED, "p": Grade.PARTLY, "g": Grade.GOT}
    told = "m missed · p partly · g got it" + (f"; enter: {proposed}" if proposed else "")
    write(told + ("; a: its card, which comes only if you ask for it" if deeper else ""))
    while (line := read()) is not None:
        choice = line.strip().lower()[:1]
        if choice == "q":
            return None
        if choice == "a" and deeper:
            write(asking.told(asking.ask(desk, note)))
            continue
        if given := keys.get(choice) or (proposed if not choice else None):
            return given
        write("Judge with m missed, p partly or g got it; q ends.")
    return None


def _grade(attempt: Attempt, given: Grade, write: Write) -> bool:
    try:
        scheduled = attempt.grade(given)
    except StudyError as error:
        write(f"{error}\n")
        return True
    write(f"{given}\n" if scheduled or given is Grade.DONE else f"{given}: kept, not scheduled\n")
    return True


def quiz_lines(attempt: Attempt) -> list[str]:
    """Where an attempt stands, in sentences."""
    marks = (Mark.GOT, Mark.PARTLY, Mark.MISSED, Mark.DONE)
    told = ", ".join(f"{attempt.count(mark)} {mark}" for mark in marks if attempt.count(mark))
    open_still = attempt.answered - attempt.count(*marks)
    told += ", " * bool(told and open_still) + f"{open_still} not judged" * bool(open_still)
    lines = [f"{attempt.answered} of {attempt.asks} answered" + (f": {told}." if told else ".")]
    if attempt.answered and not attempt.finished:
        lines.append("It goes on where you left it.")
    return lines
