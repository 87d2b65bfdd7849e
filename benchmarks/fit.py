"""The fit beside its peers: seconds, memory, and how well it predicts later reviews.

    python benchmarks/fit.py [LEARNERS] [--peer PYTHON] [--anki PYTHON]

PYTHON is an interpreter that has fsrs-rs-python and NumPy, or Anki's package; what is not there is
left out. Seconds are those of the processor, in one thread, medians of seven; a ratio is of runs
that took turns. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

SIZES = (50_000, 200_000)
LENGTHS = (500, 1_000, 2_000, 5_000, 10_000, 20_000)  # of the logs of learners, in turn
TIMES, ROUNDS = 7, 7
EPOCHS = 8
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
START = 1_600_041_600  # a noon, in seconds since 1970
DAY = 86_400
Rows = list[list[int]]


# What a process of its own does; the peers' know nothing of the app.


def timed(work: Callable[[], Any], times: int) -> dict[str, Any]:
    """Median of the processor's seconds, and by how many MiB memory grew at most."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, seconds, result = peak(), [], None
    for _ in range(times):
        begun = time.process_time()
        result = work()
        seconds.append(time.process_time() - begun)
    return {"seconds": median(seconds), "memory": peak() - before, "result": result}


def peak() -> float:
    told = Path("/proc/self/status").read_text()
    return int(told.split("VmHWM:")[1].split()[0]) / 1024


def ours(rows: Rows, times: int) -> dict[str, Any]:
    """From arrays to weights."""
    import numpy as np

    from studyapp.memory.fit import fit
    from studyapp.memory.histories import grow, plain

    reviews = plain(*np.array(rows, np.int64).T)
    fit(grow(reviews.take(reviews.day <= reviews.day[1000])))  # what is made once
    return timed(lambda: fit(grow(reviews)).weights.tolist(), times)


def fsrs_rs(rows: Rows, times: int, epochs: int = EPOCHS) -> dict[str, Any]:
    """From its items, made beforehand, to weights."""
    from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, TrainingConfig

    items, cards = items_of(rows)
    model, config = FSRS(list(DEFAULT_PARAMETERS)), TrainingConfig(num_epochs=epochs)
    return timed(
        lambda: list(model.compute_parameters(items, card_ids=cards, training_config=config)),
        times,
    )


def items_of(rows: Rows) -> tuple[list[Any], list[int]]:
    """A history up to each scored review, in the order of the log."""
    from fsrs_rs_python import FSRSItem, FSRSReview

    histories: dict[int, tuple[int, list[Any]]] = {}
    items, cards = [], []
    for card, day, rating in rows:
        last, history = histories.get(card, (day, []))
        histories[card] = (day, [*history, FSRSReview(rating, day - last)])
        if day > last:
            items.append(FSRSItem(histories[card][1]))
            cards.append(card)
    return items, cards


def whole(path: str, times: int) -> dict[str, Any]:
    """From a database to adopted weights; `backup` are the seconds of the backup before that, which
    are not counted among the others: a peer's fit changes nothing, so it needs none."""
    from sqlalchemy import delete

    from studyapp.config import Current, Settings
    from studyapp.memory.judgement import Judgement
    from studyapp.store import tables
    from studyapp.store.database import open_database
    from studyapp.study.desk import Desk
    from studyapp.study.fit.adoption import fit

    desk = Desk(open_database(path), Current(Settings()), lambda: _now(path), learner=1)
    backup = timed(lambda: bool(desk.back_up("change")), 1)["seconds"]
    Desk.back_up = lambda *_, **__: None  # type: ignore[method-assign]

    def work() -> bool:
        judged: Judgement = fit(desk)
        return judged.adopted

    found = []
    for _ in range(times):
        found.append(timed(work, 1))
        with desk.writing() as connection:
            connection.execute(delete(tables.parameters))
    return {**found[0], "seconds": median(one["seconds"] for one in found), "backup": backup}


def anki(path: str, times: int, health_check: bool = False) -> dict[str, Any]:
    """Anki's own, from a collection to weights; with its health check it judges the fit as well, on
    days that it has not seen, as ours does."""
    from anki.collection import Collection

    collection = Collection(path)
    found = timed(
        lambda: len(
            collection._backend.compute_fsrs_params(
                search="",
                current_params=[],
                ignore_revlogs_before_ms=0,
                num_of_relearning_steps=1,
                health_check=health_check,
            ).params
        ),
        times,
    )
    collection.close()
    return found


INSIDE = {"ours": ours, "fsrs_rs": fsrs_rs}


def inside(name: str, file: str, times: int, *more: int) -> dict[str, Any]:
    if name in INSIDE:
        return INSIDE[name](json.loads(Path(file).read_text()), times, *more)
    return {"whole": whole, "anki": anki, "judged": partial(anki, health_check=True)}[name](
        file, times
    )


def run(python: str, name: str, file: Path, times: int) -> dict[str, Any]:
    """The same in another process, which may have no studyapp."""
    done = subprocess.run(
        [python, __file__, "--inside", name, str(file), str(times)],
        env=os.environ | ONE_THREAD,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


# Logs


def log(reviews: int, seed: int, *, others: bool = False) -> Rows:
    """A learner's log; with *others*, of one whose weights are drawn around the defaults."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
    from forgetting import OTHER, log_of
    from studyapp.memory.model import DEFAULT_WEIGHTS, HIGHEST, LOWEST

    weights: Sequence[float] = OTHER
    if others:
        draw = random.Random(seed)
        strength = draw.gauss(0, 0.5)
        weights = tuple(
            min(max(w * 2.718 ** draw.gauss(strength if i < 4 else 0, 0.25), low), high)
            for i, (w, low, high) in enumerate(zip(DEFAULT_WEIGHTS, LOWEST, HIGHEST, strict=True))
        )
    rows = log_of(reviews, seed, weights, new_a_day=max(4, min(60, reviews // 150)))
    return [list(row) for row in rows]


def instants(rows: Rows) -> list[int]:
    """Milliseconds at which each was rated, no two the same."""
    return [
        (START + day * DAY) * 1000 + number % 40_000_000 for number, (_, day, _) in enumerate(rows)
    ]


def _now(path: str) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(float(Path(f"{path}.now").read_text()), UTC)


def database(path: Path, rows: Rows) -> None:
    """A database with this log, which another run of the app has left."""
    from datetime import UTC, datetime, timedelta

    from answer import _card, _memory, _note, _review
    from sqlalchemy import insert

    from studyapp.store import tables
    from studyapp.store.database import open_database
    from studyapp.store.engine import writing

    engine, cards = open_database(str(path)), max(card for card, *_ in rows) + 1
    chance, made = random.Random(1), []
    number = dict.fromkeys(range(cards), 0)
    for (card, _, rating), at in zip(rows, instants(rows), strict=True):
        when = datetime.fromtimestamp(at / 1000, UTC)
        made.append(_review(card + 1, number[card], when, chance) | {"rating": rating})
        number[card] += 1
    with writing(engine) as connection:
        for chapter in range(1, 21):
            values = {"id": chapter, "pack": "big", "number": chapter, "part": "1. Big"}
            connection.execute(insert(tables.chapter).values(title=f"Chapter {chapter}", **values))
        every = range(1, cards + 1)
        connection.execute(insert(tables.note), [_note(card, cards) for card in every])
        connection.execute(insert(tables.card), [_card(card, cards) for card in every])
        connection.execute(insert(tables.review), made)
        last = made[-1]["day"]
        connection.execute(
            insert(tables.memory),
            [
                _memory(card, last + timedelta(days=9), last, 9.0, number[card - 1])
                for card in every
            ],
        )
    engine.dispose()
    Path(f"{path}.now").write_text(str(made[-1]["at"].timestamp() + 60))


def collection(python: str, path: Path, rows: Rows) -> None:
    """The same log as Anki keeps it."""
    kept = path.with_suffix(".json")
    kept.write_text(json.dumps([rows, instants(rows)]))
    program = """
import json, sys
from anki.collection import AddNoteRequest, Collection
rows, instants = json.load(open(sys.argv[2]))
col = Collection(sys.argv[1])
basic, deck = col.models.by_name("Basic"), col.decks.id("Large")
count = max(row[0] for row in rows) + 1
for start in range(0, count, 2000):
    notes = []
    for number in range(start, min(count, start + 2000)):
        note = col.new_note(basic)
        note.fields = [str(number), "It is so."]
        notes.append(AddNoteRequest(note, deck))
    col.add_notes(notes)
cards, last, made = col.db.list("select id from cards order by id"), {}, []
for (card, day, rating), at in zip(rows, instants):
    before = day - last.get(card, day)
    kind = 1 if card in last else 0
    last[card] = day
    made.append((at, cards[card], -1, rating, 9, before, 2500, 9000, kind))
col.db.executemany("insert into revlog values (?, ?, ?, ?, ?, ?, ?, ?, ?)", made)
col.db.execute("update cards set type = 2, queue = 2, due = 100, ivl = 9, factor = 2500, reps = 9")
col.close()
"""
    subprocess.run([python, "-c", program, str(path), str(kept)], check=True)


# Tables


def speed(folder: Path, peer: str | None, anki_python: str | None) -> None:
    print("| reviews | what | ours | peer | ratio | memory, MiB | peer's | ratio |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|", flush=True)
    for size in SIZES:
        rows = log(size, 1)
        file = folder / f"{size}.json"
        file.write_text(json.dumps(rows))
        if peer is not None:
            pairs = [
                (run(sys.executable, "ours", file, TIMES), run(peer, "fsrs_rs", file, TIMES))
                for _ in range(ROUNDS)
            ]
            row(size, f"arrays → weights; fsrs-rs, {EPOCHS} epochs", pairs)
        database(folder / f"{size}.db", rows)
        if anki_python is not None:
            collection(anki_python, folder / f"{size}.anki2", rows)
            turns = [
                (
                    run(sys.executable, "whole", folder / f"{size}.db", TIMES),
                    run(anki_python, "anki", folder / f"{size}.anki2", TIMES),
                    run(anki_python, "judged", folder / f"{size}.anki2", TIMES),
                )
                for _ in range(ROUNDS)
            ]
            call = "database → judged and adopted; Anki's compute_fsrs_params"
            row(size, f"{call}, with its health check", [(mine, it) for mine, _, it in turns])
            row(size, f"{call}, which judges nothing", [(mine, it) for mine, it, _ in turns])
            backup = median(mine["backup"] for mine, *_ in turns)
            print(f"| {size:,} | the backup before | {backup:.3f} | | | | | |")
        else:
            found = run(sys.executable, "whole", folder / f"{size}.db", TIMES)
            print(f"| {size:,} | database → adopted | {found['seconds']:.3f} | | | | | |")


def row(size: int, what: str, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    cells = [f"{size:,}", what]
    for name, digits in (("seconds", 3), ("memory", 0)):
        mine, theirs = (median(pair[side][name] for pair in pairs) for side in (0, 1))
        ratio = median(pair[0][name] / max(pair[1][name], 0.001) for pair in pairs)
        cells += [f"{mine:.{digits}f}", f"{theirs:.{digits}f}", f"{ratio:.2f}"]
    print("|", " | ".join(cells), "|", flush=True)


def held_out(learners: int, folder: Path, peer: str | None) -> None:
    """Mean log loss on the later part of each log, of weights that were fitted to the earlier."""
    import numpy as np

    from studyapp.interval import mean_interval
    from studyapp.memory import evaluate
    from studyapp.memory.histories import grow, plain
    from studyapp.memory.judgement import judge
    from studyapp.memory.slopes import follow

    losses: dict[str, list[float]] = {"default": [], "fitted": [], "fsrs-rs": []}
    adopted, beyond = 0, 0
    for seed in range(learners):
        rows = log(LENGTHS[seed % len(LENGTHS)], 100 + seed, others=True)
        reviews = plain(*np.array(rows, np.int64).T)
        judged = judge(reviews)
        assert judged.default is not None and judged.fitted is not None  # noqa: PT018
        assert judged.difference is not None and judged.until is not None  # noqa: PT018
        adopted += judged.adopted
        beyond += bool(judged.difference.low and judged.difference.low > 0)
        losses["default"].append(judged.default.log_loss)
        losses["fitted"].append(judged.fitted.log_loss)
        if peer is not None:
            file = folder / "learner.json"
            file.write_text(json.dumps([one for one in rows if one[1] <= judged.until]))
            weights = np.array(run(peer, "fsrs_rs", file, 1)["result"])
            tree = grow(reviews)
            found = evaluate.outcomes(reviews, tree)
            later = found.day > judged.until
            points = list(follow(tree, weights))
            chance = evaluate.predictions(tree, points, found.row[later])
            loss = evaluate.losses(chance, found.remembered[later])
            losses["fsrs-rs"].append(float(loss.mean()))
    print(
        f"\n{learners} learners; {adopted} adopted; {beyond} worse than the defaults beyond noise"
    )
    print("\n| weights | mean held-out log loss | less that of ours |")
    print("|---|---:|---:|")
    for name, values in losses.items():
        if values:
            gaps = [one - mine for one, mine in zip(values, losses["fitted"], strict=True)]
            mean, low, high = mean_interval(gaps)
            interval = f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]" if any(gaps) else ""
            print(f"| {name} | {sum(values) / len(values):.4f} | {interval} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("learners", nargs="?", type=int, default=48)
    parser.add_argument("--peer")
    parser.add_argument("--anki")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        speed(Path(folder), given.peer, given.anki)
        held_out(given.learners, Path(folder), given.peer)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        print(json.dumps(inside(sys.argv[2], sys.argv[3], int(sys.argv[4]))))
    else:
        main()
