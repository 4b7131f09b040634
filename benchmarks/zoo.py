"""Capture of every call of every network that torchvision has, against the network's bare forward pass.

Weights are random, and one picture is as large as each network's own weights want it.
"""

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from actviz_core import capture
from actviz_core.models.torchvision_networks import torchvision_networks
from actviz_core.settings import read_settings
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row
from tests.support.filling import with_some_values

ROUNDS = 3
MEDIAN = 1.5


def rows() -> Iterator[Row]:
    """One row a network, and the median of all, which has the target."""
    settings = read_settings({})
    ratios = []
    for network in torchvision_networks():
        parts = network.on_meta_device(settings)
        side = parts.preprocess.size[0]
        row = _row(f"{network.name}, {side}", with_some_values(parts.module), torch.rand(1, 3, side, side))
        ratios.append(row.ratio)
        yield row
    median = statistics.median(ratios)
    against = "their bare forward passes"
    spread = f"{min(ratios):.2f}x to {max(ratios):.2f}x"
    yield Row(f"median of these {len(ratios)} networks", against, median, MEDIAN, spread)


def _row(name: str, module: nn.Module, inputs: Tensor) -> Row:
    def bare() -> None:
        with torch.no_grad():
            module(inputs)

    variants = {"bare": timed(bare), "all": timed(lambda: capture(module, inputs))}
    timings = in_turns(variants, rounds=ROUNDS)
    return ratio_row(f"all calls of {name}", "a bare forward pass", timings["all"], timings["bare"])
