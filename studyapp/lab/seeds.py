"""What a lesson needs to train many seeds at once: S networks of one shape, stacked.

A seed is one repetition: its own data, its own start. Everything random in it comes from a
generator of its own: so it draws the same, to the last bit, whatever the device and however many
seeds run beside it. Imports torch, so the app's own process never imports it; a lesson may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from studyapp.lab.interval import clopper_pearson, mean_interval, median_interval
from studyapp.lab.protocol import Fact

Weights = dict[str, Tensor]
"""The parameters of S networks by name: S on top of each other, (S, …)."""


def generators(run: int, count: int) -> list[torch.Generator]:
    """Return a source of random numbers for each of *count* seeds of run number *run*, on the CPU.

    Those of run 0 start from the numbers 0, 1, 2, …, those of run 1 from 65,536 and on: no two runs
    share one. (After 65,536 runs they would, for torch takes 32 bits of what it starts from.)
    """
    return [torch.Generator().manual_seed(run * 2**16 + index) for index in range(count)]


def stack(
    make: Callable[[], nn.Module], generators: Sequence[torch.Generator], device: str = "cpu"
) -> Weights:
    """Make a network for each generator, with random numbers from it alone, and stack the weights.

    They are ready for an optimizer. Buffers, which a layer keeps beside its weights (a running
    mean), are refused: `per_seed` cannot keep those of each network.
    """
    nets = []
    with torch.random.fork_rng(devices=[]):  # torch's own generator is afterwards as it was
        for generator in generators:
            # A layer draws its weights from torch's own generator: it is lent the state of the
            # seed's, and the seed's takes the state that it ends in.
            torch.set_rng_state(generator.get_state())
            nets.append(make())
            generator.set_state(torch.get_rng_state())
    weights, buffers = stack_module_state(nets)  # a Linear(20, 64) of S networks: (S, 64, 20)
    if buffers:
        raise ValueError(f"{type(nets[0]).__name__} has buffers: {', '.join(buffers)}")
    # Cut off from the networks that they are copies of: these are now what learns.
    return {name: rows.detach().to(device).requires_grad_() for name, rows in weights.items()}


def per_seed(net: nn.Module) -> Callable[[Weights, Tensor], Tensor]:
    """Return a function of (weights, x (S, n, …)): what each seed's network makes of its own x.

    For one seed that is net(x) with the seed's weights in place of net's own. vmap does it for the
    S along the first dimension of weights and x, in one go: much faster than a loop over seeds.
    """

    def of_one_seed(weights: Weights, x: Tensor) -> Tensor:  # without the S
        output: Tensor = functional_call(net, weights, (x,))
        return output

    return vmap(of_one_seed)


def mean_fact(name: str, values: Tensor | Sequence[float], unit: str, drawn: str) -> Fact:
    """Return the mean over seeds, from one value of each, with Student's t interval.

    *drawn* says what differs from seed to seed: "data and start". One seed has no interval.
    """
    rows = values.tolist() if isinstance(values, Tensor) else list(values)
    mean, low, high = mean_interval(rows)
    method = "student t" if len(rows) > 1 else "one draw"
    return Fact(name, mean, unit, low, high, len(rows), method, varies(len(rows), drawn))


def median_fact(name: str, values: Tensor | Sequence[float], unit: str, drawn: str) -> Fact:
    """Return the median over seeds, for what is skewed: epochs, or a loss near zero.

    Its interval goes from one of the sorted values to another. Fewer than six seeds have none: even
    the one from the lowest to the highest value would miss more often than in 5% of runs.
    """
    rows = values.tolist() if isinstance(values, Tensor) else list(values)
    middle, low, high = median_interval(rows)
    method = "order statistics" if low is not None else "too few for an interval"
    return Fact(name, middle, unit, low, high, len(rows), method, varies(len(rows), drawn))


def share_fact(name: str, hits: Tensor | Sequence[bool], unit: str, drawn: str) -> Fact:
    """Return the share of seeds for which something holds, with its exact interval."""
    rows = hits.tolist() if isinstance(hits, Tensor) else list(hits)
    share, low, high = clopper_pearson(sum(rows), len(rows))
    told = varies(len(rows), drawn)
    if len(rows) == 1:
        return Fact(name, share, unit, None, None, 1, "one draw", told)
    return Fact(name, share, unit, low, high, len(rows), "clopper-pearson", told)


def lead_fact(
    name: str, own: Sequence[float], rivals: Sequence[Sequence[float]], unit: str, drawn: str
) -> Fact:
    """Return how far one arm is ahead of the best of its rivals, negative if behind.

    All are values by seed, and so paired. Which rival is best is only estimated, so the differences
    to all of them have to lie in their intervals at once: of r intervals each may miss in an r-th
    of 5% of runs (Bonferroni). Then the lead, the lowest of the differences, lies between their
    lowest low end and their lowest high end.
    """
    level = 1 - 0.05 / len(rivals)
    differences = [
        mean_interval([a - b for a, b in zip(own, rival, strict=True)], level) for rival in rivals
    ]
    told = varies(len(own), drawn)
    if len(own) == 1:
        lead = min(mean for mean, _, _ in differences)
        return Fact(name, lead, unit, None, None, 1, "one draw", told)
    lead, low, high = (min(ends) for ends in zip(*differences, strict=True))
    method = f"student t, Bonferroni over {len(rivals)} rivals"
    return Fact(name, lead, unit, low, high, len(own), method, told)


def varies(seeds: int, drawn: str) -> str:
    """Return what an interval over seeds covers, in words."""
    return f"{seeds} draws of {drawn}" if seeds > 1 else "one draw, no interval"
