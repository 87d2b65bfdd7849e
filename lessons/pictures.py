"""The pictures for `transfer`: a folder of the learner's own, or Oxford-IIIT Pet, on a ResNet-18.

Not a lesson: `transfer` asks, and this runs its four arms at the course's own size. The weights and
Oxford-IIIT Pet are fetched on first use into torch's cache (`torch.hub.get_dir()`, usually
~/.cache/torch/hub; TORCH_HOME moves it) and stay there.

torchvision is imported inside functions: it takes a second that the digits need not wait for.
"""

from __future__ import annotations

import hashlib
import pickle
import tarfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from statistics import NormalDist
from threading import Thread
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from studyapp.lab.interval import clopper_pearson, mean_interval
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Remark, Value
from studyapp.lab.seeds import mean_fact

Plan: TypeAlias = Mapping[int, tuple[float, float]]
"""From which step on the head and the body learn at which rates; a body at rate 0 is frozen."""

STEPS, HEAD_STEPS = 30, 10  # of every arm; of these, the head alone in head_then_all
RATE, HEAD_RATE = 1e-3, 1e-2  # the high rate; a head on a fixed body
BATCH = 32
PIXELS = 128  # not the 224 of the weights: a third of the time
TEST_LEAST, TEST_MOST = 5, 20  # test pictures per class
MOST = 4000  # pictures of one repeat: 200 MB, with which a run stays below 1.5 GB

DRAWN = "pictures, heads and batches; not the weights from ImageNet"

Classes: TypeAlias = dict[str, list[Path]]


def compare(
    knobs: Mapping[str, Value],
    arms: Mapping[str, Plan],
    names: Mapping[str, str],
    device: str,
    seed: int,
) -> Generator[LessonEvent, None, tuple[dict[str, list[float]], int]]:
    """Run *arms* with k labels per class; return for each arm the accuracy of every repeat, and on
    how many pictures each was measured.

    Pictures, heads and batches differ between repeats and are the same for the arms of one.
    Raises ValueError, one sentence, if pictures or weights are missing or unusable.
    """
    data, k, repeats = str(knobs["data"]), int(knobs["k"]), int(knobs["repeats"])
    load_torchvision()
    if data == "pets":
        classes = yield from pets()
    else:
        classes = folder(Path(data.removeprefix("folder:")))
    check_counts(classes, k)
    weights = yield from resnet18_weights()
    scores: dict[str, list[float]] = {arm: [] for arm in arms}
    batch = min(BATCH, k * len(classes))
    moving = sum(rate > 0 for plan in arms.values() for _, rate in at_each_step(plan))
    tests = sum(min(TEST_MOST, len(files) - k) for files in classes.values())
    done, total = 0, repeats * (moving * batch + k * len(classes) + tests)
    for repeat in range(repeats):
        yield Remark(
            f"Repeat {repeat + 1} of {repeats}: reading {k * len(classes) + tests} pictures."
        )
        generator = torch.Generator().manual_seed(seed * 1000 + repeat)
        start = int(torch.randint(2**31, (), generator=generator))
        train, test = draw(classes, k, generator)
        pixels = torch.empty(len(train) + len(test), 3, PIXELS, PIXELS, dtype=torch.uint8)
        for i, (file, _) in enumerate((*train, *test)):
            pixels[i] = read(file)
            done += 1
            yield Progress(done, total)
        x, x_test = torch.split(pixels.to(device), [len(train), len(test)])
        y, y_test = (torch.tensor([c for _, c in half], device=device) for half in (train, test))
        for arm, plan in arms.items():
            body, head = network(None if arm == "scratch" else weights, len(classes), start)
            body, head = body.to(device), head.to(device)
            for passed in fit(body, head, x, y, plan, torch.Generator().manual_seed(start)):
                done += passed
                yield Progress(done, total)
            right = head(features(body, x_test)).argmax(-1) == y_test
            scores[arm].append(right.cpu().double().mean().item())
            yield Metric(repeat + 1, names[arm], *accuracy_interval(scores[arm], len(test)))
    return scores, tests


def accuracy_interval(
    values: Sequence[float], pictures: int = 0
) -> tuple[float, float | None, float | None]:
    """Return (mean, low, high) by Student's t, cut at 0 and 1, between which every share lies.

    If each value is a share of few *pictures*, the interval is at least as wide as one that counts
    all of them: near 1 a few repeats differ too little, and all right would leave no width at all.
    """
    mean, low, high = mean_interval(values)
    if low is None or high is None:
        return mean, None, None
    if pictures:
        total = pictures * len(values)
        _, least, most = clopper_pearson(round(mean * total), total)
        low, high = min(low, least), max(high, most)
    return mean, max(low, 0.0), min(high, 1.0)


def gap_interval(
    ones: Sequence[float], others: Sequence[float], pictures: int = 0, level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Return (mean, low, high) of the differences between two shares of each repeat, in points.

    If each is a share of few *pictures*, the interval is at least as wide as one that counts all of
    them, with one more right and one more wrong in each count (Agresti & Caffo 2000): a few repeats
    that happen to differ equally would leave no width. It takes the two counts as independent; in
    truth both are of the same pictures, and vary together.
    """
    differences = [one - other for one, other in zip(ones, others, strict=True)]
    mean, low, high = mean_interval(differences, level)
    if low is None or high is None:
        return 100 * mean, None, None
    if pictures:
        total = pictures * len(differences)
        p, q = ((sum(shares) * pictures + 1) / (total + 2) for shares in (ones, others))
        spread = ((p * (1 - p) + q * (1 - q)) / (total + 2)) ** 0.5
        reach = NormalDist().inv_cdf((1 + level) / 2) * spread
        low, high = min(low, p - q - reach), max(high, p - q + reach)
    return 100 * mean, 100 * low, 100 * high


def share_fact(name: str, shares: Sequence[float], drawn: str, pictures: int = 0) -> Fact:
    """Return the mean of the shares read right, with the interval of `accuracy_interval`."""
    how = "student t or clopper-pearson, the wider" if pictures else "student t"
    return with_interval(
        mean_fact(name, shares, "", drawn), accuracy_interval(shares, pictures), how
    )


def gap_fact(
    name: str, ones: Sequence[float], others: Sequence[float], drawn: str, pictures: int = 0
) -> Fact:
    """Return the mean of the paired differences, with the interval of `gap_interval`."""
    fact = mean_fact(name, points(ones, others), "points", drawn)
    how = "student t or counts, the wider" if pictures else "student t"
    return with_interval(fact, gap_interval(ones, others, pictures), how)


def points(ones: Sequence[float], others: Sequence[float]) -> list[float]:
    """Return the differences in percentage points, paired by repeat."""
    return [100 * (one - other) for one, other in zip(ones, others, strict=True)]


def with_interval(fact: Fact, interval: tuple[float, float | None, float | None], how: str) -> Fact:
    """Return the fact with another interval, made as *how* says; one repeat has none."""
    _, low, high = interval
    return replace(fact, low=low, high=high, method=how if fact.n > 1 else fact.method)


def load_torchvision() -> None:
    """Import torchvision, also where its compiled operators do not load.

    They need the build of torch that they were made for, and no CPU-only torch is that of a
    torchvision made for CUDA. Nothing here uses them, but the import wants two to be declared.
    """
    try:
        import torchvision  # type: ignore[import-untyped]
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "() -> ()")
        import torchvision  # noqa: F401


# Data.


def folder(path: Path) -> Classes:
    """Return the pictures of each class: a subfolder of *path* each, as ImageFolder reads them."""
    from torchvision.datasets import ImageFolder  # type: ignore[import-untyped]

    said = f"data = folder:{path}"
    if not path.is_absolute():
        raise ValueError(f"{said} is not a whole path, such as {Path.home() / 'pictures'}.")
    if not path.is_dir():
        raise ValueError(f"{said}: there is no such folder.")
    try:
        dataset = ImageFolder(path, allow_empty=True)
    except FileNotFoundError:
        raise ValueError(
            f"{said} has no subfolders; put the pictures of each class into one of its own."
        ) from None
    except OSError as error:
        raise ValueError(f"{said} cannot be read ({error.strerror}).") from error
    classes: Classes = {name: [] for name in dataset.classes}
    for file, label in dataset.samples:
        classes[dataset.classes[label]].append(Path(file))
    if not dataset.samples:
        raise ValueError(f"{said} has no pictures in its subfolders.")
    if len(classes) < 2:
        raise ValueError(f"{said} has one class, {dataset.classes[0]}; it takes at least two.")
    return classes


def pets() -> Generator[LessonEvent, None, Classes]:
    """Return the cats and the dogs of Oxford-IIIT Pet, fetched with torchvision if missing."""
    from torchvision.datasets import OxfordIIITPet

    cache = Path(torch.hub.get_dir())
    home = cache / "oxford-iiit-pet"
    if not ((home / "images").is_dir() and (home / "annotations").is_dir()):
        yield Remark(f"Fetching Oxford-IIIT Pet, 800 MB (1.6 GB unpacked), into {home}.")
        what = "Oxford-IIIT Pet (800 MB of pictures)"
        yield from watched(lambda: OxfordIIITPet(cache, download=True), what, home, 1600)
    classes: Classes = {"cat": [], "dog": []}
    try:
        for split in ("trainval.txt", "test.txt"):
            # a line: name, breed, species (1 cat, 2 dog), breed within the species
            for line in (home / "annotations" / split).read_text().splitlines():
                name, _, species, _ = line.split()
                classes["cat" if species == "1" else "dog"].append(home / "images" / f"{name}.jpg")
    except (OSError, ValueError):
        raise ValueError(f"{home} is incomplete; delete that folder and run again.") from None
    return classes


def check_counts(classes: Classes, k: int) -> None:
    """Raise ValueError for the first class with too few pictures, or if they are too many in all.

    A folder may have any number of classes, and the pictures of a repeat are in memory at once.
    """
    for name, files in classes.items():
        if len(files) < k + TEST_LEAST:
            raise ValueError(
                f"k = {k} needs {k + TEST_LEAST} pictures of each class, {TEST_LEAST} of them to "
                f"test on, and {name} has {len(files)}."
            )
    together = sum(min(k + TEST_MOST, len(files)) for files in classes.values())
    if together > MOST:
        raise ValueError(
            f"{len(classes)} classes at k = {k} are {together:,} pictures at once, with those to "
            f"test on, and {MOST:,} is the most; take a smaller k or fewer classes."
        )


def draw(
    classes: Classes, k: int, generator: torch.Generator
) -> tuple[list[tuple[Path, int]], list[tuple[Path, int]]]:
    """Return (file, class) of k pictures of each class to train on, and of others to test on."""
    train, test = [], []
    for label, files in enumerate(classes.values()):
        order = torch.randperm(len(files), generator=generator).tolist()
        train += [(files[i], label) for i in order[:k]]
        test += [(files[i], label) for i in order[k : k + TEST_MOST]]
    return train, test


def read(file: Path) -> Tensor:
    """Return a picture's middle, (3, PIXELS, PIXELS), in bytes: floats take four times as much."""
    from PIL import Image
    from torchvision.datasets.folder import default_loader  # type: ignore[import-untyped]
    from torchvision.transforms import functional  # type: ignore[import-untyped]

    try:
        picture = functional.resize(default_loader(str(file)), PIXELS * 256 // 224)
        pixels: Tensor = functional.pil_to_tensor(functional.center_crop(picture, PIXELS))
    except Image.DecompressionBombError as error:
        raise ValueError(f"{file} is too large a picture: {error}") from error
    except Exception as error:  # Pillow has a dozen kinds for a damaged file
        raise ValueError(f"{file} is not a picture that can be read.") from error
    return pixels


def normalised(pixels: Tensor) -> Tensor:
    """Return pictures (n, 3, PIXELS, PIXELS) as the weights expect them, from their bytes."""
    from torchvision.models import ResNet18_Weights  # type: ignore[import-untyped]
    from torchvision.transforms import functional

    expected = ResNet18_Weights.IMAGENET1K_V1.transforms()
    floats = functional.convert_image_dtype(pixels, torch.float)  # 0 to 1
    pictures: Tensor = functional.normalize(floats, expected.mean, expected.std)
    return pictures


def resnet18_weights() -> Generator[LessonEvent, None, dict[str, Tensor]]:
    """Return torchvision's ResNet-18 weights (ImageNet), fetched if missing."""
    from torchvision.models import ResNet18_Weights

    published = ResNet18_Weights.IMAGENET1K_V1
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    file = cache / Path(published.url).name

    def load() -> dict[str, Tensor]:
        weights: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
            published.url, str(cache), "cpu", progress=False, check_hash=True, weights_only=True
        )
        return weights

    if not file.exists():
        megabytes = round(published.meta["_file_size"])
        yield Remark(f"Fetching the weights of ResNet-18, {megabytes} MB, into {cache}.")
        what = f"The weights of ResNet-18 ({file.name}, {megabytes} MB)"
        yield from watched(load, what, cache, megabytes)
    try:
        _check_hash(file)
        weights = load()
        network(weights, 2, 0)
    except (OSError, RuntimeError, EOFError, TypeError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{file} does not hold the weights of ResNet-18; delete it and run again."
        ) from error
    return weights


def _check_hash(file: Path) -> None:
    """Raise RuntimeError unless *file* has the hash that its name begins to give: torch asks that
    of what it fetches, not of what is there."""
    with file.open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if not found.startswith(file.stem.rpartition("-")[2]):
        raise RuntimeError(f"{file} is not what was published")


def watched(job: Callable[[], object], what: str, into: Path, megabytes: int) -> Iterator[Progress]:
    """Run *job*, which fetches *what*, in a thread; yield by how many MB *into* has grown."""
    outcome: Future[object] = Future()

    def work() -> None:
        try:
            outcome.set_result(job())
        except BaseException as error:
            outcome.set_exception(error)  # raised again below, by whoever waits

    before = size(into)
    Thread(target=work, daemon=True).start()
    while not outcome.done():
        wait([outcome], timeout=0.5)
        grown = round((size(into) - before) / 1e6)
        yield Progress(min(grown, megabytes), megabytes)
    try:
        outcome.result()
    except (OSError, RuntimeError, EOFError, HTTPException, tarfile.TarError) as error:
        reason = getattr(error, "reason", error)
        raise ValueError(
            f"{what} must be fetched once and could not be ({reason}); it belongs in {into}."
        ) from error


def size(path: Path) -> int:
    """Return the bytes in all files below *path*."""
    total = 0
    for file in path.rglob("*"):
        with suppress(OSError):  # a download renames its partial files
            total += file.stat().st_size
    return total


# Model. Batch norm is as in the course: its statistics follow the pictures while the body moves.


def network(
    weights: Mapping[str, Tensor] | None, classes: int, seed: int
) -> tuple[nn.Module, nn.Module]:
    """Return a ResNet-18 body, new if *weights* is None, and a new head; equal for equal seeds."""
    from torchvision.models import resnet18

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, head = resnet18(), nn.Linear(512, classes)
    if weights is not None:
        model.load_state_dict(weights)
    return nn.Sequential(*list(model.children())[:-1], nn.Flatten()), head


def features(body: nn.Module, pictures: Tensor) -> Tensor:
    """Return what a body at rest makes of the bytes of n pictures: (n, 512)."""
    body.eval()
    with torch.no_grad():
        return torch.cat([body(normalised(some)) for some in torch.split(pictures, BATCH)])


# Loop.


def at_each_step(plan: Plan) -> Iterator[tuple[float, float]]:
    """Yield the rates of head and body at each of the STEPS."""
    for step in range(STEPS):
        yield plan[max(start for start in plan if start <= step)]


def fit(
    body: nn.Module,
    head: nn.Module,
    pictures: Tensor,
    labels: Tensor,
    plan: Plan,
    generator: torch.Generator,
) -> Iterator[int]:
    """Train by *plan*; yield how many pictures each step took through a moving body."""
    for step, (head_rate, body_rate) in enumerate(at_each_step(plan)):
        if step in plan:
            groups = [{"params": head.parameters(), "lr": head_rate}]
            if body_rate:
                groups.append({"params": body.parameters(), "lr": body_rate})
            optimizer = torch.optim.Adam(groups)
            fixed = None if body_rate else features(body, pictures)  # (n, 512), for all steps
        pick = torch.randperm(len(labels), generator=generator)[:BATCH]
        optimizer.zero_grad()
        seen = body.train()(normalised(pictures[pick])) if fixed is None else fixed[pick]
        loss = F.cross_entropy(head(seen), labels[pick])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        yield len(pick) if fixed is None else 0
