"""gpu: one and the same matrix product in Python, in compiled code, and on a GPU if there is one.

A product of two n × n matrices takes n³ multiplications and as many additions, whoever does them.
What to watch: how many of these calculations each way does in a second, and how that changes with
n. GFLOP/s are billions of them a second.

- pure Python     three loops, one inside the other;
- torch, CPU      compiled code;
- torch, GPU      the same with the matrices in the GPU's memory, waited for at the end;
- torch, copied   both matrices to the GPU first, and the product back.

Times are those of this machine, and what else it does only adds to them: so of a few measurements
the shortest counts. The ways take turns, round after round, and a ratio is of one round.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from studyapp.lab.interval import median_interval
from studyapp.lab.protocol import (
    Axes,
    Choice,
    Fact,
    Knob,
    Lesson,
    LessonEvent,
    Metric,
    Progress,
    Question,
    Remark,
    Result,
    Value,
    When,
)
from studyapp.lab.seeds import generators, median_fact

LONG = 0.002  # seconds that a measurement lasts, at least
TAKES = 3  # measurements of each way in a round
PYTHON, CPU, GPU, COPIED = "pure Python", "torch, CPU", "torch, GPU", "torch, copied"

Product = Callable[[], object]
Rows = list[list[float]]
Times = dict[int, dict[str, list[float]]]  # by n and way, the seconds of a product in each round


# The ways.


def loops(a: Rows, b: Rows) -> Rows:
    """Multiply two n × n matrices as anyone would write it down."""
    n = len(a)
    product = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += a[i][k] * b[k][j]
            product[i][j] = total
    return product


def ways(a: Tensor, b: Tensor, device: str, in_python: bool) -> dict[str, Product]:
    """Return by name the ways to multiply a and b (n, n), which are on the CPU."""
    found: dict[str, Product] = {CPU: lambda: a @ b}
    if in_python:
        rows, others = a.tolist(), b.tolist()
        found[PYTHON] = lambda: loops(rows, others)
    if device != "cpu":
        here, too = a.to(device), b.to(device)
        found[GPU] = lambda: here @ too
        found[COPIED] = lambda: (a.to(device) @ b.to(device)).cpu()
    return found


def wait(device: str) -> None:
    """Return once the GPU has done what it was asked for: a call to it does not wait by itself."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


# Measuring.


def seconds(product: Product, count: int, device: str) -> float:
    """Return how long each of *count* products takes, one after the other."""
    wait(device)
    started = time.perf_counter()
    for _ in range(count):
        product()
    wait(device)
    return (time.perf_counter() - started) / count


def measure(found: Mapping[str, Product], takes: int, device: str) -> Iterator[dict[str, float]]:
    """Yield what a product takes by each way, time after time.

    A measurement is of so many products that it lasts as long as one of the slowest way: else what
    is over in a moment would slip through where other programs do not happen to run.
    """
    once = {}
    for name, product in found.items():
        product()  # the first one loads what it needs
        once[name] = seconds(product, 1, device)
    long = max(LONG, *once.values())
    counts = {name: math.ceil(long / each) for name, each in once.items()}
    for _ in range(takes):
        yield {name: seconds(product, counts[name], device) for name, product in found.items()}


def run(knobs: Mapping[str, Value], device: str, seed: int) -> Iterator[LessonEvent]:
    """Time every way at every n, from small to large; stream the rates, then the facts."""
    rounds, asked = int(knobs["rounds"]), [int(knobs[name]) for name in ("small", "size", "large")]
    sizes = sorted({*asked, *(n for n in (1 << i for i in range(12)) if n <= asked[2])})
    (rng,) = generators(seed, 1)
    takes = TAKES * rounds
    yield Progress(0, takes * len(sizes))
    yield Remark(
        "There is a GPU." if device != "cpu" else "No GPU is used: nothing is told of one."
    )
    times: Times = {}
    for index, n in enumerate(sizes):
        a, b = (torch.randn(n, n, generator=rng) for _ in range(2))
        found = ways(a, b, device, in_python=n <= asked[1])
        taken = []
        for took in measure(found, takes, device):
            taken.append(took)
            yield Progress(takes * index + len(taken), takes * len(sizes))
        each_round = [taken[first : first + TAKES] for first in range(0, takes, TAKES)]
        times[n] = {name: [min(t[name] for t in each) for each in each_round] for name in found}
        for name, each in times[n].items():
            yield Metric(math.log2(n), f"rate: {name}", *median_interval(rates(n, each)))
    small, size, large = asked
    yield Result(tuple(facts(times, small, size, large)))


def rates(n: int, times: list[float]) -> list[float]:
    """Return how many billion multiplications and additions a second that is."""
    return [2 * n**3 / each / 1e9 for each in times]


# Facts.


def facts(times: Times, small: int, size: int, large: int) -> Iterator[Fact]:
    """Yield rates, and how many times as fast one way is as another in the same round."""
    count = torch.get_num_threads()
    threads = f"{count} threads" if count > 1 else "1 thread"
    drawn = f"a round of timing, torch on {threads}: this machine at this hour, no other one"

    def rate(name: str, n: int, way: str) -> Fact:
        return median_fact(name, rates(n, times[n][way]), "GFLOP/s", drawn)

    def speedup(name: str, n: int, fast: str, slow: str) -> Fact:
        pairs = zip(times[n][slow], times[n][fast], strict=True)
        return median_fact(name, [one / other for one, other in pairs], "times", drawn)

    yield speedup("speedup", size, CPU, PYTHON)
    yield rate("python_rate", size, PYTHON)
    yield rate("torch_rate", size, CPU)
    yield speedup("small_speedup", small, CPU, PYTHON)
    yield rate("small_rate", small, CPU)
    yield rate("large_rate", large, CPU)
    here = GPU in times[large]
    yield Fact("gpus", float(here), "used", None, None, 1, "census", "this run")
    if here:
        yield speedup("gpu_speedup", large, GPU, CPU)
        yield speedup("gpu_copied_speedup", large, COPIED, CPU)
        yield speedup("gpu_small_speedup", small, GPU, CPU)
        yield rate("gpu_rate", large, GPU)


LESSON = Lesson(
    name="gpu",
    version=1,
    title="How fast is a matrix product?",
    question=Question(
        text=(
            "Two matrices of {size} × {size} numbers are multiplied on the CPU: by three loops in "
            "Python, one inside the other, and by torch, which is compiled code. How many times as "
            "fast is torch, on this machine? (It may use a half of the CPU's cores, Python uses "
            "one.)"
        ),
        kind="choice",
        fact="speedup",
        unit="times",
        told="torch is {} as fast as loops in Python",
        choices=(
            Choice("less than 10 times", high=10.0),
            Choice("10 to 100 times", low=10.0, high=100.0),
            Choice("100 to 1,000 times", low=100.0, high=1000.0),
            Choice("more than 1,000 times", low=1000.0),
        ),
    ),
    knobs=(
        Knob(
            "size",
            "int",
            100,
            16,
            160,
            help="the largest product that Python does, too; 100 are a million multiplications",
        ),
        Knob("small", "int", 4, 1, 16, help="a small product, to see what a call costs"),
        Knob("large", "int", 1024, 256, 2048, help="a large product, for torch alone"),
        Knob(
            "rounds",
            "int",
            11,
            6,
            101,
            gpu=31,
            help="how often all are measured; the median is told, so one slow round does not count",
        ),
    ),
    topics=("gpu", "matrix-multiplication", "vectorisation"),
    run=run,
    axes=(Axes("n as a power of 2: 7 is 128 × 128", "GFLOP/s", "rate"),),
    meaning=(
        When(
            "At {size} × {size} torch is {fact:speedup} as fast as loops in Python (speedup): "
            "{fact:torch_rate} against {fact:python_rate}, where 1 GFLOP/s is a billion "
            "multiplications and additions a second. Both do the same {size}³ of each.",
            fact="speedup",
            low=1.0,
        ),
        When(
            "Python looks up at each step what two objects are, and how such things are "
            "multiplied. Compiled code knows that all are numbers (here of 32 bits, Python's have "
            "64), takes several at once and has those at hand that it needs again."
        ),
        When(
            "At {small} × {small} torch reaches {fact:small_rate} only, at {large} × {large} "
            "{fact:large_rate}: a call costs about as much whether it has little to do or a lot.",
            fact="small_speedup",
            low=1.0,
        ),
        When(
            "At {small} × {small} Python is faster: torch is {fact:small_speedup} as fast "
            "(small_speedup). The call alone takes longer than Python takes for the work.",
            fact="small_speedup",
            high=1.0,
        ),
        When(
            "No GPU was used, so nothing was measured of one. It has many more units that "
            "calculate at the same time than a CPU, and starting it costs more. So predict before "
            "you run this where there is one: at which n does it begin to win?",
            fact="gpus",
            high=0.0,
        ),
        When(
            "At {large} × {large} the GPU is {fact:gpu_speedup} as fast as the CPU (gpu_speedup) "
            "with the matrices in its memory, and {fact:gpu_copied_speedup} if they have to be "
            "brought there and the product back.",
            fact="gpu_speedup",
            low=1.0,
        ),
        When(
            "Even at {large} × {large} the GPU is slower than the CPU, {fact:gpu_speedup} as fast "
            "(gpu_speedup).",
            fact="gpu_speedup",
            high=1.0,
        ),
        When(
            "At {small} × {small} the GPU loses: it is {fact:gpu_small_speedup} as fast as the CPU "
            "(gpu_small_speedup). There is too little to do for what starting it costs.",
            fact="gpu_small_speedup",
            high=1.0,
        ),
        When(
            "These are times of this machine, at this hour. Rounds that follow each other share "
            "what else it does, so the next hour's median may lie outside an interval."
        ),
    ),
    next=(
        When(
            "Set small to 1, the product of two numbers: who wins?",
            knobs={"small": (2, 16)},
        ),
        When(
            "Set size to 16: is torch as many times as fast?",
            knobs={"size": (64, 160)},
        ),
        When(
            "Set large to 2,048: do eight times the calculations take eight times as long?",
            knobs={"large": (256, 1024)},
        ),
        When(
            "Set size to 100 and small to 4 again: what changed, and what stayed?",
            knobs={"size": (16, 63), "small": (1, 1)},
        ),
    ),
    mechanism=(
        When(
            "A product of n × n matrices takes n³ multiplications and as many additions, whoever "
            "does them."
        ),
        When(
            "Python treats each number as an object, one after the other; compiled code takes "
            "several side by side at once."
        ),
        When(
            "A call costs a fixed time. A large product shares it among very many calculations, a "
            "small one does not."
        ),
        When(
            "A GPU has far more units than a CPU, and so needs far more to do at once to be worth "
            "its start and the way to its memory."
        ),
    ),
)
