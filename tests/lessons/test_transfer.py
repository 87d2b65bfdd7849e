"""The transfer lesson: its laws at shrunken sizes, its pictures, and (slow) its effects."""

from __future__ import annotations

import hashlib
import pickle
import re
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lessons import digits, pictures, transfer
from studyapp.lab.protocol import Fact, LessonEvent, Metric, Progress, Remark, Result, Value
from studyapp.lab.wording import true_of

DEFAULTS = {knob.name: knob.default for knob in transfer.LESSON.knobs}
ARMS = transfer.ARMS
PLACINGS = ("once", "anew", "centred")
OFFLINE = "http://127.0.0.1:1/"  # nothing listens there


def events(device: str = "cpu", seed: int = 0, **knobs: Value) -> list[LessonEvent]:
    return list(transfer.run({**DEFAULTS, **knobs}, device, seed))


def facts_of(found: list[LessonEvent]) -> Mapping[str, Fact]:
    assert isinstance(found[-1], Result)
    return {fact.name: fact for fact in found[-1].facts}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """As in the worker on two cores; small tensors gain nothing from a second thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {
        "OLD_LABELS": 4,
        "OLD_TEST": 2,
        "NEW_TEST": 2,
        "PRETRAIN_STEPS": 3,
        "PRETRAIN_BATCH": 4,
        "STEPS": 4,
        "HEAD_STEPS": 2,
        "PROBE_STEPS": 2,
        "LOOK_EVERY": 2,
    }
    for name, value in sizes.items():
        monkeypatch.setattr(transfer, name, value)


# What it says.


@pytest.mark.parametrize(
    ("name", "gap", "knobs", "words"),
    [
        ("gap_head_then_all", -5, {"placing": "anew", "ratio": 1.0}, "behind scratch"),
        ("gap_head_then_all", -5, {"placing": "anew", "ratio": 0.0}, "keeps still"),
        ("gap_head_then_all", -5, {"placing": "anew"}, "moves at 0.25 of the high rate"),
        ("gap_head_then_all", 5, {"k": 60}, "sees fewer than the learned one has"),
        ("gap_frozen", -5, {"placing": "anew"}, "from k = 5 a new body learns more"),
        ("gap_frozen", -5, {"placing": "centred"}, "negative transfer"),
        ("lost", 5, {}, "out of a new head's reach"),
    ],
)
def test_a_gap_that_is_resolved_is_told_at_any_knobs(
    name: str, gap: float, knobs: dict[str, Value], words: str
) -> None:
    fact = Fact(name, gap, "points", gap - 1, gap + 1, 16, "student t", "")
    other = replace(fact, value=-gap, low=-gap - 1, high=-gap + 1)
    told, never = (
        " ".join(true_of(transfer.LESSON.meaning, (one,), DEFAULTS | knobs))
        for one in (fact, other)
    )
    assert words in told
    assert words not in never


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("knob", "value"),
    [
        (knob.name, value)
        for knob in transfer.LESSON.knobs
        if knob.name not in ("repeats", "data")
        for value in (knob.choices or (knob.low, knob.high))
    ],
)
def test_a_knob_works_at_both_ends_of_its_range(knob: str, value: Value) -> None:
    found = events(**{"k": 1, "seeds": 2, knob: value})
    facts = facts_of(found)
    assert {choice.fact for choice in transfer.LESSON.question.choices} <= set(facts)
    assert transfer.LESSON.question.fact in facts
    assert all(0 <= facts[f"score_{arm}"].value <= 1 for arm in ARMS)
    assert {fact.n for fact in facts.values()} == {value if knob == "seeds" else 2}
    progress = [event for event in found if isinstance(event, Progress)]
    assert [p.done for p in progress] == sorted(p.done for p in progress)
    assert progress[0].done == 0
    assert progress[-1].done == progress[-1].total
    for series in (*ARMS.values(), "0–4 left: head, then all", "0–4 left: all, high rate"):
        steps = [m.step for m in found if isinstance(m, Metric) and m.series == series]
        assert steps == [0, 2, 4]


@pytest.mark.usefixtures("small")
def test_the_same_seed_gives_the_same_events_and_another_does_not() -> None:
    for placing in PLACINGS:
        first = events(seeds=2, placing=placing)
        assert events(seeds=2, placing=placing) == first
        assert facts_of(events(seeds=2, placing=placing, seed=1)) != facts_of(first)


@pytest.mark.usefixtures("small")
def test_one_seed_has_no_interval() -> None:
    found = events(seeds=1)
    facts = facts_of(found).values()
    assert all(fact.low is None and fact.high is None for fact in facts)
    assert all("no interval" in fact.varies for fact in facts)
    assert all(m.low is None and m.high is None for m in found if isinstance(m, Metric))


def shares(seeds: int, placing: str = "anew") -> transfer.Shares:
    knobs = {**DEFAULTS, "k": 2, "seeds": seeds, "placing": placing}
    returned: list[transfer.Shares] = []

    def whole() -> Iterator[LessonEvent]:
        returned.append((yield from transfer.digits(knobs, "cpu", 0)))

    for _ in whole():
        pass
    return returned[0]


@pytest.mark.usefixtures("small")
def test_a_seed_comes_out_the_same_however_many_run_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone, together = shares(1), shares(5)
    for name, values in alone.items():
        assert together[name][:1] == values
    monkeypatch.setitem(transfer.TOGETHER, "cpu", 2)  # in blocks of 2, 2 and 1
    assert shares(5) == together


@pytest.mark.usefixtures("small")
def test_placed_anew_is_another_place_at_every_step_but_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def scores(placing: str) -> list[float]:
        return [
            fact.value
            for name, fact in facts_of(events(seeds=4, placing=placing)).items()
            if name.startswith("score_")
        ]

    monkeypatch.setattr(transfer, "NEW_TEST", 20)
    assert scores("anew") != scores("once")
    monkeypatch.setattr(transfer, "STEPS", 1)
    assert scores("anew") == scores("once")


def test_every_arm_has_the_same_budget() -> None:
    plans = transfer.plan(40, 2e-3, 1e-2, 0.25)
    assert tuple(plans) == tuple(ARMS)
    assert {min(plan) for plan in plans.values()} == {0}
    assert max(plans["head_then_all"]) == 40
    assert plans["all"] == plans["scratch"], "the high rate is scratch's own"


# Data.


def test_the_digits_are_those_that_the_readme_names() -> None:
    images, labels = digits.load_digits()
    raw = (images * 16).to(torch.uint8).numpy().tobytes() + labels.to(torch.uint8).numpy().tobytes()
    readme = (Path(transfer.__file__).parent / "data" / "README.md").read_text()
    assert hashlib.sha256(raw).hexdigest() in re.findall(r"`([0-9a-f]{64})`", readme)


def rngs(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(i) for i in range(count)]


def normal(*shape: int) -> torch.Tensor:
    """As exact as a double: what Adam makes of a gradient near 0 is its rounding's sign."""
    return torch.randn(shape, generator=rngs(1)[0], dtype=torch.double)


def test_a_digit_is_placed_whole_and_anywhere() -> None:
    ink = torch.rand(300, 2, 8, 8, generator=rngs(1)[0]) + 0.5
    fields = transfer.place(ink, 0.0, False, rngs(2))
    assert torch.allclose(fields.sum((2, 3)), ink.sum((2, 3)))
    rows, columns = (fields.sum(axis) > 0 for axis in (3, 2))
    assert rows.sum(-1).unique().tolist() == columns.sum(-1).unique().tolist() == [8]
    for lines in (rows, columns):
        first = lines.int().argmax(-1)  # the topmost row, the leftmost column
        assert first[:, 0].unique().tolist() == first[:, 1].unique().tolist() == list(range(9))
    assert not torch.equal(rows, columns)


def test_a_centred_digit_is_in_the_middle_and_only_the_noise_is_chance() -> None:
    ink = torch.rand(3, 2, 8, 8, generator=rngs(1)[0])
    fields = transfer.place(ink, 0.0, True, rngs(2))
    assert torch.equal(fields[:, :, 4:12, 4:12], ink)
    assert torch.allclose(fields.sum(), ink.sum())
    noise = transfer.place(torch.zeros(400, 2, 8, 8), 0.3, True, rngs(2))
    assert noise.std().item() == pytest.approx(0.3, rel=0.02)


@given(k=st.integers(1, 60), seed=st.integers(0, 999))
def test_no_image_is_used_twice(k: int, seed: int) -> None:
    labels = digits.load_digits()[1]
    generator = [torch.Generator().manual_seed(seed)]
    train, test = digits.split(labels, transfer.NEW, k, transfer.NEW_TEST, generator)
    old, old_test = digits.split(
        labels, transfer.OLD, transfer.OLD_LABELS, transfer.OLD_TEST, generator
    )
    assert labels[train[:, 0]].bincount().tolist() == [0] * 5 + [k] * 5
    assert labels[test[:, 0]].bincount().tolist() == [0] * 5 + [80] * 5
    assert labels[old[:, 0]].bincount().tolist() == [140] * 5
    assert labels[old_test[:, 0]].bincount().tolist() == [36] * 5
    used = torch.cat([train, test, old, old_test])
    assert len(used.unique()) == len(used)


# Loop.


def test_seeds_together_learn_what_plain_networks_learn_one_by_one() -> None:
    together = transfer.start(rngs(3), "cpu").double()
    alone = [tuple(part.double() for part in plain(generator)) for generator in rngs(3)]
    x, y = normal(10, 3, 16, 16), torch.arange(10).remainder(5)[:, None].expand(10, 3)
    for steps, head_rate, body_rate in ((2, 1e-2, 0.0), (3, 2e-3, 1e-3)):
        adam = transfer.optimizer(together, head_rate, body_rate)
        for _ in range(steps):
            transfer.descend(adam, together(x), y)
        for i, (body, head) in enumerate(alone):
            adam = torch.optim.Adam(
                [
                    {"params": head.parameters(), "lr": head_rate},
                    {"params": body.parameters(), "lr": body_rate},
                ]
            )
            for _ in range(steps):
                adam.zero_grad()
                output = head(body(x[:, i : i + 1]))
                torch.nn.functional.cross_entropy(output, y[:, i]).backward()
                adam.step()
    outputs = [head(body(x[:, i : i + 1])) for i, (body, head) in enumerate(alone)]
    assert torch.allclose(together(x), torch.stack(outputs, 1), atol=1e-7)


def plain(generator: torch.Generator) -> tuple[torch.nn.Sequential, torch.nn.Linear]:
    """Return the network of one seed, made of the layers that the docstring names."""
    body = torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 5, stride=2, padding=2),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(128, 64),
        torch.nn.ReLU(),
    )
    head = torch.nn.Linear(64, 5)
    drawn = list(transfer.start([generator], "cpu").parameters())
    with torch.no_grad():
        for parameter, weights in zip([*body.parameters(), *head.parameters()], drawn, strict=True):
            parameter.copy_(weights.reshape(parameter.shape))
    return body, head


def test_other_seeds_change_no_bit_of_a_seed_and_threads_only_the_rounding() -> None:
    pictures, y = normal(8, 5, 16, 16), torch.randint(5, (8, 5), generator=rngs(1)[0])

    def learned(seeds: int, exactness: torch.dtype) -> torch.Tensor:
        networks = transfer.start(rngs(seeds), "cpu").to(exactness)
        adam = transfer.optimizer(networks, 2e-3, 2e-3)
        x = pictures[:, :seeds].to(exactness)
        for _ in range(3):
            transfer.descend(adam, networks(x), y[:, :seeds])
        first: torch.Tensor = networks(x)[:, :2]
        return first

    assert torch.equal(learned(2, torch.float), learned(5, torch.float))
    two = learned(2, torch.double)
    torch.set_num_threads(2)
    assert torch.allclose(two, learned(2, torch.double), atol=1e-7)


@pytest.mark.usefixtures("small")
def test_a_body_at_rate_zero_forgets_nothing() -> None:
    facts = facts_of(events(seeds=2, ratio=0.0))
    for left, whole in (("old", "before"), ("probe", "untouched")):
        after, before = facts[f"{left}_head_then_all"], facts[f"{left}_{whole}"]
        assert replace(after, name=before.name) == before
    assert facts["forgetting_head_then_all"].value == facts["lost_head_then_all"].value == 0


def test_a_probe_reads_what_has_only_moved_and_not_what_is_gone() -> None:
    y = torch.arange(50).remainder(5)[:, None].expand(50, 3)
    telling = torch.zeros(50, 3, 64).scatter_(2, y[..., None], 1.0)
    places = torch.randperm(64, generator=torch.Generator().manual_seed(0))

    def read(features: torch.Tensor) -> list[float]:
        x = features.reshape(50, 3 * 64, 1, 1)
        return transfer.probe(torch.nn.Identity(), head, x, y, x, y)

    head = transfer.start(rngs(3), "cpu").head
    before = [parameter.clone() for parameter in head.parameters()]
    assert read(telling) == read(telling[..., places]) == [1.0] * 3
    assert read(torch.ones(50, 3, 64)) == [0.2] * 3
    assert all(map(torch.equal, before, head.parameters())), "the next body gets the same new head"


# Facts.

accuracies = st.lists(
    st.tuples(*[st.integers(0, 400).map(lambda hits: hits / 400)] * 4), min_size=1, max_size=20
)


@given(accuracies)
def test_a_lead_is_the_difference_to_the_best_of_the_others(
    seeds: list[tuple[float, ...]],
) -> None:
    columns = map(list, zip(*seeds, strict=True))
    scores = dict(zip((f"score_{arm}" for arm in ARMS), columns, strict=True))
    means = {arm: 100 * sum(scores[f"score_{arm}"]) / len(seeds) for arm in ARMS}
    for arm in ARMS:
        fact = transfer.lead(arm, scores, "")
        best = max(means[other] for other in ARMS if other != arm)
        assert fact.value == pytest.approx(means[arm] - best, abs=1e-9)
        assert (fact.low is None) == (fact.high is None) == (len(seeds) == 1)
        if fact.low is not None and fact.high is not None:
            assert fact.low <= fact.value <= fact.high


def test_a_lead_is_not_certain_before_it_beats_every_rival() -> None:
    # ahead of two for certain, of the last by a hair in one seed of four
    scores = {
        "score_scratch": [0.9, 0.8, 0.9, 0.8],
        "score_frozen": [0.1, 0.0, 0.1, 0.0],
        "score_head_then_all": [0.1, 0.0, 0.1, 0.0],
        "score_all": [0.9, 0.8, 0.9, 0.7],
    }
    fact = transfer.lead("scratch", scores, "")
    # scipy: t.ppf(1 - .05 / 3 / 2, 3) = 4.856656; the differences to the last are 0, 0, 0 and 10
    assert fact.value == pytest.approx(2.5)
    assert fact.low == pytest.approx(2.5 - 4.856656 * 5 / 2, abs=1e-5)
    assert fact.high == pytest.approx(2.5 + 4.856656 * 5 / 2, abs=1e-5)


def test_few_pictures_all_read_right_do_not_make_a_share_certain() -> None:
    mean, low, high = pictures.accuracy_interval([1.0] * 5, 40)
    assert (mean, high) == (1, 1)
    assert low == pytest.approx(0.025 ** (1 / 200))  # 200 of 200
    assert pictures.accuracy_interval([1.0] * 5) == (1, 1, 1)
    apart = [0.5, 0.9, 0.6, 1.0, 0.7]  # more than counting explains
    assert pictures.accuracy_interval(apart, 40) == pictures.accuracy_interval(apart)
    assert pictures.accuracy_interval([1.0], 40) == (1, None, None)


def test_few_pictures_that_differ_equally_do_not_make_a_gap_certain() -> None:
    ones, others = [1.0] * 2, [0.975] * 2
    assert pictures.gap_interval(ones, others) == pytest.approx((2.5,) * 3)
    mean, low, high = pictures.gap_interval(ones, others, 40)
    assert mean == pytest.approx(2.5)
    # 80 of 80 and 78 of 80, each with one right and one wrong more
    p, q = 81 / 82, 79 / 82
    reach = 1.959964 * ((p * (1 - p) + q * (1 - q)) / 82) ** 0.5
    assert (low, high) == pytest.approx((100 * (p - q - reach), 100 * (p - q + reach)))
    apart = [0.5, 0.9, 0.6]  # more than counting explains
    assert pictures.gap_interval(apart, others[:1] * 3, 40) == pictures.gap_interval(
        apart, others[:1] * 3
    )
    assert pictures.gap_interval([1.0], [0.9], 40)[1:] == (None, None)


def test_no_way_wins_by_a_picture_in_each_of_two_repeats() -> None:
    scores = {f"score_{arm}": [0.975] * 2 for arm in transfer.ARMS} | {"score_all": [1.0] * 2}
    facts = {fact.name: fact for fact in transfer.facts(scores, "repeats", 40)}
    for name in ("gap_all", "lead_all"):
        assert facts[name].low < 0 < facts[name].high


def test_gaps_and_what_is_forgotten_are_paired_by_seed() -> None:
    found = {
        "score_scratch": [0.2, 0.4],
        "score_frozen": [0.3, 0.5],
        "score_head_then_all": [0.2, 0.4],
        "score_all": [0.6, 0.4],
        "old_before": [0.9, 1.0],
        "old_head_then_all": [0.9, 1.0],
        "old_all": [0.5, 0.6],
        "probe_untouched": [0.9, 1.0],
        "probe_head_then_all": [0.8, 0.9],
        "probe_all": [0.7, 0.8],
    }
    facts = {fact.name: fact for fact in transfer.facts(found, "chance")}
    assert {name: facts[name].value for name in found} == pytest.approx(
        {name: sum(values) / 2 for name, values in found.items()}
    )
    for name, points in (
        ("gap_frozen", 10),
        ("forgetting", 40),
        ("forgetting_head_then_all", 0),
        ("lost", 20),
        ("lost_head_then_all", 10),
    ):
        fact = facts[name]
        assert (fact.value, fact.low, fact.high) == pytest.approx((points,) * 3)
    assert facts["gap_all"].value == pytest.approx(20)
    assert facts["gap_all"].high - facts["gap_all"].value == pytest.approx(12.7062 * 20, rel=1e-4)
    assert 0 <= facts["score_frozen"].low <= facts["old_before"].high <= 1, "they are shares"


# Pictures.


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """torch's cache folder, empty, and nothing to fetch from."""
    pictures.load_torchvision()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("torch.hub._hub_dir", None)
    weights_at(OFFLINE + "resnet18-00000000.pth", monkeypatch)
    pets_at([(OFFLINE + "images.tar.gz", None)], monkeypatch)
    return tmp_path / "torch" / "hub"


def weights_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision import models

    published = models.ResNet18_Weights.IMAGENET1K_V1
    stand_in = SimpleNamespace(url=url, meta=published.meta, transforms=published.transforms)
    monkeypatch.setattr(models, "ResNet18_Weights", SimpleNamespace(IMAGENET1K_V1=stand_in))


def pets_at(resources: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchvision.datasets.OxfordIIITPet._RESOURCES", resources)


def paint(file: Path, colour: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 9), colour).save(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven red and seven blue pictures."""
    for colour in ("red", "blue"):
        for i in range(7):
            paint(tmp_path / "mine" / colour / f"{i}.png", colour)
    return tmp_path / "mine"


def sentence(**knobs: Value) -> str:
    with pytest.raises(ValueError, match=r"^[^\n]+\.$") as caught:
        events(**knobs)
    return str(caught.value)


@pytest.mark.usefixtures("cache")
def test_a_folder_that_cannot_be_used_is_refused_in_one_sentence(folder: Path) -> None:
    data = f"folder:{folder}"
    assert "not a whole path" in sentence(data="folder:mine")
    assert f"{folder}/none: there is no such folder" in sentence(data=f"{data}/none")
    assert "there is no such folder" in sentence(data=f"{data}/red/0.png")
    assert "has no subfolders" in sentence(data=f"{data}/red")
    assert "needs 8 pictures of each class" in sentence(data=data, k=3)
    assert "and blue has 7" in sentence(data=data, k=3)
    shutil.rmtree(folder / "blue")
    assert "has one class, red" in sentence(data=data)
    (folder / "blue").mkdir()
    assert "and blue has 0" in sentence(data=data, k=1)
    shutil.rmtree(folder / "red")
    (folder / "red").mkdir()
    (folder / "red" / "notes.txt").write_text("no picture")
    assert "has no pictures" in sentence(data=data, k=1)


@pytest.mark.usefixtures("cache")
def test_more_pictures_than_memory_has_room_for_are_refused_before_any_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(most: int) -> str:
        monkeypatch.setattr(pictures, "MOST", most)
        return sentence(data=f"folder:{folder}", k=2)

    assert "The weights of ResNet-18" in said(14), "all 14 go on"
    assert "2 classes at k = 2 are 14 pictures at once" in said(13)
    assert "13 is the most; take a smaller k or fewer classes" in said(13)


def test_offline_one_sentence_says_what_is_missing_and_where_it_belongs(
    cache: Path, folder: Path
) -> None:
    missing = sentence(data="pets")
    assert "Oxford-IIIT Pet (800 MB of pictures)" in missing
    assert f"it belongs in {cache / 'oxford-iiit-pet'}." in missing
    missing = sentence(data=f"folder:{folder}", k=2)
    assert "The weights of ResNet-18 (resnet18-00000000.pth, 45 MB)" in missing
    assert f"it belongs in {cache / 'checkpoints'}." in missing


def test_an_incomplete_set_of_pets_is_refused(cache: Path) -> None:
    (cache / "oxford-iiit-pet" / "images").mkdir(parents=True)
    (cache / "oxford-iiit-pet" / "annotations").mkdir()
    assert "oxford-iiit-pet is incomplete; delete that folder" in sentence(data="pets")


def test_weights_that_are_none_are_refused(
    cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache / "checkpoints").mkdir(parents=True)
    contents = [b"", b"no weights", b"PK\x03\x04", pickle.dumps(Touching(cache / "hit"), 2)]
    for wrong in ({}, [1, 2], {"fc.bias": torch.zeros(3)}, Touching(cache / "hit")):
        torch.save(wrong, made := BytesIO())
        contents.append(made.getvalue())
    for content in contents:  # under the name that its hash gives it
        digest = hashlib.sha256(content).hexdigest()
        file = cache / "checkpoints" / f"resnet18-{digest[:8]}.pth"
        file.write_bytes(content)
        weights_at(OFFLINE + file.name, monkeypatch)
        assert f"{file} does not hold the weights" in sentence(data=f"folder:{folder}", k=2)
    assert not (cache / "hit").exists()


class Touching:
    """What makes a file when it is unpickled: weights are to be read as weights alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet-18 that has learned nothing, under the name that the weights have."""
    pictures.load_torchvision()
    from torchvision.models import resnet18

    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "resnet18-.pth"
    torch.save(resnet18().state_dict(), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return file.rename(file.with_name(f"resnet18-{digest[:8]}.pth"))


def test_weights_of_another_hash_are_refused(cache: Path, folder: Path, checkpoint: Path) -> None:
    file = cache / "checkpoints" / "resnet18-00000000.pth"
    file.parent.mkdir(parents=True)
    shutil.copy(checkpoint, file)
    assert f"{file} does not hold the weights" in sentence(data=f"folder:{folder}", k=2)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"STEPS": 2, "HEAD_STEPS": 1, "BATCH": 4, "PIXELS": 32}.items():
        monkeypatch.setattr(pictures, name, value)


@pytest.fixture
def stored(cache: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """torch's cache folder with the weights in it."""
    (cache / "checkpoints").mkdir(parents=True)
    shutil.copy(checkpoint, cache / "checkpoints")
    weights_at(OFFLINE + checkpoint.name, monkeypatch)
    return cache


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which it is served."""
    files = tmp_path / "site"
    files.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(files))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield files, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.usefixtures("stored", "brief")
def test_a_folder_of_pictures_runs_all_arms_and_repeats_bitwise(folder: Path) -> None:
    data = f"folder:{folder}"
    found = events(data=data, k=2, repeats=2)
    facts = facts_of(found)
    assert {f"score_{arm}" for arm in ARMS} | {f"lead_{arm}" for arm in ARMS} < set(facts)
    assert "forgetting" not in facts, "ImageNet is not here to ask"
    assert {fact.n for fact in facts.values()} == {2}
    progress = [event for event in found if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total
    assert [m.step for m in found if isinstance(m, Metric)] == [1] * 4 + [2] * 4
    assert events(data=data, k=2, repeats=2) == found
    alone = facts_of(events(data=data, k=2, repeats=1))
    assert all(fact.low is None and fact.n == 1 for fact in alone.values())


@pytest.mark.slow
@pytest.mark.usefixtures("stored", "brief")
def test_a_learned_head_tells_red_from_blue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "STEPS", 20)
    facts = facts_of(events(data=f"folder:{folder}", k=2, repeats=1))
    assert facts["score_frozen"].value == 1


@pytest.mark.slow
@pytest.mark.usefixtures("stored", "brief")
def test_a_broken_picture_is_named(folder: Path) -> None:
    whole = (folder / "red" / "3.png").read_bytes()
    for damaged in (b"", b"no picture", whole[:40], whole[:60] + b"\0" * 20):
        (folder / "red" / "3.png").write_bytes(damaged)
        said = sentence(data=f"folder:{folder}", k=2)
        assert said == f"{folder}/red/3.png is not a picture that can be read."


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_the_weights_are_fetched_once_with_progress(
    cache: Path,
    folder: Path,
    checkpoint: Path,
    site: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files, address = site
    shutil.copy(checkpoint, files)
    weights_at(address + checkpoint.name, monkeypatch)
    knobs: dict[str, Value] = {"data": f"folder:{folder}", "k": 2, "repeats": 1}
    found = events(**knobs)
    assert found[0] == Remark(
        f"Fetching the weights of ResNet-18, 45 MB, into {cache / 'checkpoints'}."
    )
    assert isinstance(found[1], Progress)
    assert found[1].total == 45
    assert (cache / "checkpoints" / checkpoint.name).read_bytes() == checkpoint.read_bytes()
    weights_at(OFFLINE + checkpoint.name, monkeypatch)
    assert facts_of(events(**knobs)) == facts_of(found)


def test_weights_damaged_on_the_way_are_not_kept(
    cache: Path, folder: Path, site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, address = site
    (files / "resnet18-12345678.pth").write_bytes(b"not what was published")
    weights_at(address + "resnet18-12345678.pth", monkeypatch)
    assert "could not be (invalid hash value" in sentence(data=f"folder:{folder}", k=2)
    assert list((cache / "checkpoints").iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_pets_are_fetched_unpacked_and_told_apart(
    stored: Path, tmp_path: Path, site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, address = site
    source = tmp_path / "source"
    for split in ("trainval", "test"):
        lines = []
        for i in range(4):
            paint(source / "images" / f"Abyssinian_{split}{i}.jpg", "red")
            paint(source / "images" / f"beagle_{split}{i}.jpg", "blue")
            lines += [f"Abyssinian_{split}{i} 1 1 1", f"beagle_{split}{i} 5 2 1"]
        (source / "annotations").mkdir(exist_ok=True)
        (source / "annotations" / f"{split}.txt").write_text("\n".join(lines) + "\n")
    resources = []
    for name in ("images", "annotations"):
        archive = files / f"{name}.tar.gz"
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(source / name, name)
        md5 = hashlib.md5(archive.read_bytes()).hexdigest()
        resources.append((address + archive.name, md5))
    pets_at(resources, monkeypatch)
    found = events(data="pets", k=3, repeats=1)
    note, progress = found[:2]
    assert isinstance(note, Remark)
    assert str(stored / "oxford-iiit-pet") in note.text
    assert isinstance(progress, Progress)
    classes = pictures.pets()
    with pytest.raises(StopIteration) as stop:
        next(classes)
    assert {name: len(files) for name, files in stop.value.value.items()} == {"cat": 8, "dog": 8}
    assert facts_of(found)["score_frozen"].n == 1
    assert "dog has 8" in sentence(data="pets", k=4) or "cat has 8" in sentence(data="pets", k=4)


# The effects, at the size that the learner sees.


@pytest.mark.slow
def test_five_labels_are_helped_by_a_learned_body_only_while_they_keep_their_places() -> None:
    once = facts_of(events(placing="once"))
    assert {fact.n for fact in once.values()} == {16}  # the defaults; the effects of anew are large
    anew = facts_of(events(placing="anew", seeds=8))
    # The intervals of independent code: plain networks, one after the other, 16 seeds of its own,
    # and a probe by L-BFGS.
    for facts, name, low, high in (
        (once, "gap_frozen", 14.1, 18.3),
        (once, "gap_head_then_all", 15.9, 20.8),
        (once, "gap_all", 10.9, 15.6),
        (once, "forgetting", 22.9, 37.7),
        (once, "lost", 3.9, 6.9),
        (anew, "gap_frozen", -24.0, -17.5),
        (anew, "gap_head_then_all", -14.6, -8.2),
        (anew, "forgetting", 18.1, 27.8),
        (anew, "lost", 4.0, 6.7),
    ):
        fact = facts[name]
        assert fact.low is not None
        assert fact.high is not None
        assert fact.low <= high
        assert low <= fact.high
        assert fact.low > 0 if low > 0 else fact.high < 0
    gentle = once["forgetting_head_then_all"]
    assert gentle.high is not None
    assert gentle.high < 10
