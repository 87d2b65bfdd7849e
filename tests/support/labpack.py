"""A pack of tiny lessons, installed as other people's packs are; they need no torch."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import studyapp
from studyapp import config, packs
from studyapp.lab import catalog

ROOT = Path(studyapp.__file__).parents[1]
LESSON = """
import math, os, signal, time
from studyapp.lab.protocol import *

def run(knobs, device, seed):
{body}

LESSON = Lesson(
    name="{name}",
    version=1,
    title="{title}",
    question={question},
    knobs=(
        Knob("n", "int", 30, 2, 1000, help="examples; with 30 the effect is clear"),
        Knob("decay", "float", 0.0, 0.0, 10.0, help="weight decay; 0 shows training by itself"),
        Knob("data", "choice", "digits", choices=("digits", "folder:"), help="the pictures"),
        Knob("seeds", "int", 32, 1, 64, help="repetitions; 32 tell one point"),
    ),
    topics=("overfitting", "early-stopping"),
    run=run,
    meaning="The network stored the wrong labels too, and each of them costs it on new data.",
    next="Set n to 9: too few examples to learn the rule early, and the sign turns round.",
    mechanism=(
        When("Labels were stored."),
        When("It trained for 20 epochs."),
        When("With few examples {{n}} of them say little.", knobs={{"n": (2, 29)}}),
    ),
)
"""
CHOICE = """Question(
        "A small network trains for 20 epochs. Compared with stopping early, its error is …",
        "choice", "gap",
        (Choice("lower", high=-1), Choice("the same, ±1 point", -1, 1), Choice("higher", 1)),
        "points")"""
NUMBER = 'Question("By how many points does the error grow?", "number", "gap", (), "points")'
RESULT = """
    gap = 4.7 if knobs["n"] >= 10 else -3.1
    over = f"{knobs['seeds']} draws of data and start"
    yield Result((
        Fact("stopped_error", 0.307, "", 0.291, 0.323, knobs["seeds"], "student t", over),
        Fact("gap", gap, "points", gap - 0.8, gap + 0.8, knobs["seeds"], "student t", over),
        Fact("floor", 0.2, "", None, None, knobs["seeds"], "exact", "it is set so"),
    ))
"""
CURVES = """
    for epoch in range(21):
        train, held_out = math.exp(-epoch / 4), 0.6 + epoch / 20
        yield Progress(epoch, 20)
        yield Metric(epoch, "train loss", train, train * 0.8, train * 1.2)
        yield Metric(epoch, "validation loss", held_out, held_out - 0.1, held_out + 0.1)
        yield Metric(epoch, "accuracy", 0.5 + epoch / 50)
"""
HISTOGRAM = """
    for worlds in (100, 200, 300):
        for step in range(-8, 9):
            yield Metric(step / 2, "chance", math.exp(-step * step / 8))
        yield Metric(-2.6, "observed", 1)
"""
WAIT = """
    time.sleep(0.1)  # more than one report of progress takes
    yield Progress(8, 20)
    time.sleep(300)
"""
# So many, and then more of them until there is a file of this name beside the lesson.
ENOUGH = "enough"
FLOOD = f"""
    n, enough = 0, os.path.join(os.path.dirname(__file__), "{ENOUGH}")
    while n < 100_000 or n % 10_000 or not os.path.exists(enough):
        yield Metric(n, "loss", 1 / (n + 1))
        n += 1
"""
BODIES = {
    "probe": CURVES + RESULT,
    "bars": HISTOGRAM + RESULT,
    "slow": CURVES.replace("(21)", "(9)") + WAIT + RESULT,
    "sick": CURVES + '    yield Metric(7, "train loss", math.nan)\n' + RESULT,
    "nan": CURVES + RESULT.replace("0.307", "math.nan"),
    "broken": CURVES + "    raise ValueError('no pictures in the folder')\n",
    "crash": CURVES + "    os.kill(os.getpid(), signal.SIGSEGV)\n    time.sleep(9)\n",
    "memory": CURVES + "    os.kill(os.getpid(), signal.SIGKILL)\n    time.sleep(9)\n",
    "flood": FLOOD + RESULT,
    "amount": CURVES + RESULT,
}
TITLES = {"probe": "Does longer training help?", "amount": "How much does it cost?"}


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> Path:
    """Make the lessons of these *names* the only ones; returns the folder of their package."""
    site = folder / "site"
    package = site / "probes"
    info = site / "probes-1.dist-info"
    for path in (package, info):
        path.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: probes\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[studyapp.lessons]\nprobes = probes\n")
    (package / "__init__.py").write_text("")
    for name in names:
        text = LESSON.format(
            name=name,
            title=TITLES.get(name, "A probe"),
            body=BODIES[name],
            question=NUMBER if name == "amount" else CHOICE,
        )
        (package / f"{name}.py").write_text(text)
    config.save(config.settings_path(), "trusted", ("probes 1",))
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT)]))
    found = packs.installed
    monkeypatch.setattr(
        catalog.packs,
        "installed",
        lambda group: (
            [pack for pack in found(group) if pack.name == "probes"]
            if group == catalog.GROUP
            else found(group)
        ),
    )
    return package


def write_reference(package: Path, name: str) -> None:
    """A reference file as `lab reference` writes it, for one lesson at its defaults."""
    fact = {
        "name": "gap",
        "value": 5.0,
        "unit": "points",
        "low": 4.2,
        "high": 5.8,
        "n": 32,
        "method": "student t",
        "varies": "32 draws of data and start",
    }
    kept = {
        "version": 1,
        "knobs": {"n": 30, "decay": 0.0, "data": "digits", "seeds": 32},
        "seed": 0,
        "device": "cpu",
        "python": "3.11",
        "torch": None,
        "threads": 1,
        "date": "2026-11-01",
        "seconds": 6.0,
        "facts": [fact],
    }
    (package / "reference.json").write_text(json.dumps({name: kept}))
