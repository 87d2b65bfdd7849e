"""Many seeds at once: each is what it would be alone, and its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

import studyapp
from studyapp.lab import interval, protocol, seeds
from studyapp.lab.interval import clopper_pearson, mean_interval


def make() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))


def test_a_seed_draws_the_same_however_many_there_are() -> None:
    few = [torch.rand(4, generator=one) for one in seeds.generators(7, 2)]
    many = [torch.rand(4, generator=one) for one in seeds.generators(7, 9)]
    assert all(torch.equal(a, b) for a, b in zip(few, many, strict=False))
    assert len({tuple(row.tolist()) for row in many}) == 9
    other = torch.rand(4, generator=seeds.generators(8, 1)[0])
    assert not torch.equal(other, many[0])


def test_a_stack_takes_its_numbers_from_the_seeds_own_generators_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    few, many = (seeds.stack(make, seeds.generators(7, count)) for count in (2, 5))
    assert torch.equal(torch.get_rng_state(), before)
    for name, rows in many.items():
        assert len(rows) == 5
        assert rows.requires_grad
        assert rows.is_leaf
        assert torch.equal(rows[:2], few[name])
    own = seeds.generators(7, 1)
    first = seeds.stack(make, own)
    assert not torch.equal(first["0.weight"], seeds.stack(make, own)["0.weight"])  # it went on


def test_a_module_that_fails_leaves_torchs_own_generator_as_it_was() -> None:
    before = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError):
        seeds.stack(lambda: nn.Linear(3, 1 // 0), seeds.generators(0, 1))
    assert torch.equal(torch.get_rng_state(), before)


def test_running_statistics_are_refused() -> None:
    with pytest.raises(ValueError, match="BatchNorm1d has buffers: running_mean"):
        seeds.stack(lambda: nn.BatchNorm1d(3), seeds.generators(0, 2))


def test_every_seed_passes_its_own_x_through_its_own_network() -> None:
    weights = seeds.stack(make, seeds.generators(3, 4))
    x = torch.randn(4, 6, 3, generator=seeds.generators(0, 1)[0])
    found = seeds.per_seed(make())(weights, x)
    for index in range(4):
        net = make()
        net.load_state_dict({name: rows[index] for name, rows in weights.items()})
        assert torch.allclose(found[index], net(x[index]), atol=1e-6)


def test_facts_have_the_interval_of_their_kind() -> None:
    mean = seeds.mean_fact("gap", torch.tensor([1.0, 2.0, 4.0]), "points", "data")
    assert (mean.value, mean.low, mean.high) == mean_interval([1.0, 2.0, 4.0])
    assert (mean.unit, mean.n, mean.varies) == ("points", 3, "3 draws of data")
    rows = [9.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    median = seeds.median_fact("epoch", torch.tensor(rows), "epochs", "data")
    assert (median.value, median.low, median.high) == (3.5, 1.0, 9.0)
    share = seeds.share_fact("worse", torch.tensor([True, False, True]), "of seeds", "data")
    assert (share.value, share.low, share.high) == clopper_pearson(2, 3)
    for fact in (
        seeds.mean_fact("gap", [1.0], "", "data"),
        seeds.median_fact("gap", [1.0], "", "data"),
        seeds.share_fact("worse", [True], "", "data"),
    ):
        assert (fact.value, fact.low, fact.high, fact.n) == (1.0, None, None, 1)
        assert fact.varies == "one draw, no interval"


def test_the_lines_for_ones_own_experiment_run_many_seeds() -> None:
    """Those of CONTRIBUTING.md, with the imports that it names."""
    page = (Path(studyapp.__file__).parents[1] / "CONTRIBUTING.md").read_text()
    (code,) = re.findall(r"```python\n(def run\(.*?)```", page, re.DOTALL)
    assert code.count("\n") <= 15
    names = {"torch": torch, "nn": nn, **vars(protocol), **vars(seeds), **vars(interval)}
    names["binary_cross_entropy_with_logits"] = binary_cross_entropy_with_logits
    exec(code, names)
    *events, result = names["run"]({"seeds": 3, "n": 16}, "cpu", 0)
    curve = [event.value for event in events if isinstance(event, protocol.Metric)]
    (fact,) = result.facts
    assert (len(curve), fact.n) == (100, 3)
    assert fact.low < fact.value < curve[0] / 2  # they learn
