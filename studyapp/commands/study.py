"""The commands to study with: review, quiz, and where one stands. Each imports what it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from studyapp.commands.opening import CHAPTER, JSON, Opening, now, print_json


@click.command()
@click.option(
    "--chapter",
    type=CHAPTER,
    metavar="N",
    help="Only this chapter, or the deck of this name; PACK:N if two have it.",
)
@click.option("--plain", is_flag=True, help="Lines instead of a screen.")
@click.pass_obj
def review(opening: Opening, chapter: str | None, plain: bool) -> None:
    """Go straight into the queue."""
    if not plain:
        opening.app(review=True, chapter=chapter)
        return
    from studyapp.commands import plain as lines
    from studyapp.study import library, plan
    from studyapp.study.sitting import Sitting

    with opening.study(writes=True) as desk:
        alone = None if chapter is None else library.check_chapter(desk, chapter)
        lines.review(Sitting(desk, plan.due(alone)), _read_line, _write_line)


@click.command()
@click.argument("chapter", type=CHAPTER)
@click.option("--book", is_flag=True, help="The questions of the book's own questionnaire alone.")
@click.option("--plain", is_flag=True, help="Lines instead of a screen.")
@JSON
@click.pass_obj
def quiz(opening: Opening, chapter: str, book: bool, plain: bool, as_json: bool) -> None:
    """A chapter's questionnaire; with --json only how it has gone so far."""
    if book and as_json and not plain:
        raise click.UsageError("--book says which questions are asked; --json alone asks none.")
    if not (plain or as_json):
        opening.app(quiz=chapter, book=book)
        return
    from studyapp.commands import plain as lines
    from studyapp.memory.clock import study_day
    from studyapp.study import exam
    from studyapp.study.chapter import find
    from studyapp.study.questionnaire.attempt import Attempt
    from studyapp.study.questionnaire.chapter import view

    with opening.study(writes=plain) as desk:
        with desk.reading() as connection:
            found = find(connection, chapter, learner=desk.learner)
        if plain:
            lines.quiz(Attempt(desk, found, book=book), _read_line, _write_line)
        if as_json:
            with desk.reading() as connection:
                now, settings, learner = desk.now(), desk.settings, desk.learner
                on = exam.day_of(connection, settings, study_day(now), learner=learner)
                told = view(connection, found, now, on=on, depth=settings.depth, learner=learner)
            print_json(told.as_json())


@click.command()
@click.option("--short", is_flag=True, help="One number, for a prompt: only reads, waits for none.")
@JSON
@click.pass_obj
def due(opening: Opening, short: bool, as_json: bool) -> None:
    """What is due now, after the day's limits; what waits, and what tomorrow will ask."""
    if short and as_json:
        raise click.UsageError("--short and --json do not go together.")
    if short:
        from studyapp.commands import count

        click.echo(count.due(opening.db, opening.name, now()))
        return
    from studyapp.study import today
    from studyapp.study.summary import held_words, tomorrow_lead
    from studyapp.study.words import capital

    with opening.study() as desk, desk.reading() as connection:
        counts = today.due(connection, desk.now(), desk.settings, learner=desk.learner)
    if as_json:
        print_json(counts)
        return
    if counts["absence"]:
        click.echo(counts["absence"]["told"])
    if counts["exam"]:
        click.echo("{told}.".format(**counts["exam"]))
    click.echo("{review} review, {learning} learning, {new} new".format(**counts))
    left = counts["new"] + counts["learning"] + counts["review"]
    for row in counts["chapters"]:
        name = row["name"] if row["chapter"] is None else "{name} {title}".format(**row)
        told = "{review} review, {learning} learning, {new} new".format(**row)
        if row["paused"] and row["started"]:
            told = f"paused since {row['paused']}"
        click.echo(f"  {name}: {told}")
    if not counts["absence"]:  # which says what comes when
        for told in held_words(counts["waiting"], counts["siblings"], left):
            click.echo(told)
        if counts["backlog"] and (until := counts["backlog"]["told"]):
            click.echo(f"{capital(until)}.")
    tomorrow = "{review} review, {learning} learning, {new} new".format(**counts["tomorrow"])
    click.echo(f"{tomorrow_lead(left)}: {tomorrow}")


@click.command()
@JSON
@click.pass_obj
def aside(opening: Opening, as_json: bool) -> None:
    """Cards that are suspended, buried, marked to mend, or that keep slipping."""
    from studyapp.study import aside as lists
    from studyapp.study import words

    with opening.study() as desk, desk.reading() as connection:
        now, settings, learner = desk.now(), desk.settings, desk.learner
        found = lists.read(connection, now, leech_lapses=settings.leech_lapses, learner=learner)
        cards = [(one.card, one.memory) for one in found]
        held = lists.held(connection, cards, now, settings, learner=learner)
    if as_json:
        print_json([one.as_json() for one in found])
        return
    for one in found:
        side = words.side(one.side)
        asked = one.prompt + (f" ({side})" if side else "")
        click.echo(f"{one.path}:{one.line}: {one.told(now, held)}: {asked}")
    if not found:
        click.echo("No card is suspended, buried or marked, and none keeps slipping.")


@click.command()
@click.argument("chapter", type=CHAPTER, required=False)
@JSON
@click.pass_obj
def pause(opening: Opening, chapter: str | None, as_json: bool) -> None:
    """Let no card of a chapter come, or of any, until it is resumed."""
    from studyapp.study import pause as pauses

    _change(opening, pauses.pause, chapter, as_json)


@click.command()
@click.argument("chapter", type=CHAPTER, required=False)
@JSON
@click.pass_obj
def resume(opening: Opening, chapter: str | None, as_json: bool) -> None:
    """Let a paused chapter, or all, go on: what is overdue comes within each day's time."""
    from studyapp.study import pause as pauses

    _change(opening, pauses.resume, chapter, as_json)


def _change(
    opening: Opening, change: Callable[..., None], chapter: str | None, as_json: bool
) -> None:
    """Pause or resume; say what goes on, and what is paused then."""
    from studyapp.study import pause as pauses
    from studyapp.study import today
    from studyapp.study.chapter import find

    with opening.study(writes=True) as desk:
        learner = desk.learner
        with desk.writing() as connection:
            found = None if chapter is None else find(connection, chapter, learner=learner)
            change(connection, found, desk.now(), learner=learner)
            name = pauses.name_of(connection, found, learner=learner)
        with desk.reading() as connection:
            rows = today.due(connection, desk.now(), desk.settings, learner=learner)["chapters"]
    held = [row for row in rows if row["paused"]]
    if as_json:
        print_json([{"name": row["name"], "paused": row["paused"]} for row in held])
        return
    if change is pauses.resume:
        click.echo(pauses.done(name, going_on=True))
    for row in held:
        click.echo("{name}: paused since {paused}".format(**row))


@click.command()
@JSON
@click.pass_obj
def stats(opening: Opening, as_json: bool) -> None:
    """Totals, how much is remembered, and a year in figures; with --json all of them."""
    from datetime import timedelta

    from studyapp.memory.clock import study_day
    from studyapp.study import retention, words
    from studyapp.study.statistics import sentences, year
    from studyapp.study.stats import stats as totals

    with opening.study() as desk:
        today = study_day(desk.now())
        with desk.reading() as connection:
            now = totals(
                connection,
                desk.now(),
                leech_lapses=desk.settings.leech_lapses,
                rest_days=desk.settings.rest_days,
                depth=desk.settings.depth,
                learner=desk.learner,
            )
            month = today - timedelta(days=29)
            goal = retention.goal(connection, month, today, learner=desk.learner)
        rest_days, depth = desk.settings.rest_days, desk.settings.depth
        found = year.of_desk(desk)
    if as_json:
        print_json({**now.as_json(), "year": found.as_json()})
        return
    cards = ", ".join(f"{count} {state}" for state, count in now.cards.items())
    comes, keeps = ("s" if number == 1 else "" for number in (now.deeper, now.leeches))
    deeper = f"; {now.deeper:,} more come{comes} if you ask" if now.deeper else ""
    to_know = f"{words.count(sum(now.cards.values()), 'card')} to know ({depth}): {cards}{deeper}"
    click.echo(f"{words.count(now.reviews, 'review')}; {to_know}")
    came = now.true_retention
    told = f"{words.telling(came)} of {words.count(came.n, 'review')}; {goal.told}"
    click.echo(
        f"Remembered in the last 30 days: {told if came.n else 'no card has come back in them'}"
    )
    slipping = f"{words.count(now.leeches, 'card')} that keep{keeps} slipping"
    click.echo(f"{words.in_a_row(now.streak, rest_days)}; {slipping}")
    for line in sentences.all_of(found):
        click.echo(line)


def _read_line() -> str | None:
    line = sys.stdin.readline()
    return line.rstrip("\r\n") if line else None


def _write_line(text: str) -> None:
    print(text, flush=True)
