"""Sweeps against a bare loop over the same batches; their memory, and two processes against one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from actviz_core import Model, load_model, module_tree
from actviz_core.analysis import all_convolutions
from actviz_core.settings import read_settings
from actviz_core.sweep.passes import Passes
from benchmarks.stopwatch import in_turns, timed
from benchmarks.swept import LAYERS
from benchmarks.table import Row, ratio_row

BATCH, BATCHES = 128, 4
ROUNDS = 9


def rows() -> Iterator[Row]:
    """Measure the bundled network on noise; decoding is apart, and memory that of fresh processes."""
    yield from _throughput()
    small, large = (_process(["-m", "benchmarks.swept", str(count)], 2) for count in (1000, 10_000))
    mb = [found["resident"] / 2**20 for found in (large, small)]
    detail = f"{mb[0]:,.0f} MB / {mb[1]:,.0f} MB"
    yield Row("resident memory after sweeping 10,000 pictures", "1,000 pictures", mb[0] / mb[1], 1.05, detail)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    shared = _process([*torchrun, "benchmarks.swept", "10000"], 1)
    seconds = [found["seconds"] for found in (shared, large)]
    detail = f"{seconds[0]:.1f} s / {seconds[1]:.1f} s"
    name = "sweep of 10,000 by 2 processes with a thread each"
    yield Row(name, "1 process with 2 threads", seconds[0] / seconds[1], 1.0, detail)


def _throughput() -> Iterator[Row]:
    model = load_model("cifar-resnet20", settings=read_settings({"ACTVIZ_DEVICE": "cpu"}))
    generator = torch.Generator().manual_seed(0)
    batches = [torch.randn(BATCH, 3, 32, 32, generator=generator) for _ in range(BATCHES)]
    convolutions = all_convolutions(module_tree(model.module, batches[0][:2]))
    chosen = {"three layers": (LAYERS, 1.2), f"all {len(convolutions)} convolutions": (convolutions, 1.7)}
    variants: dict[str, Callable[[], float]] = {"bare": timed(lambda: _bare(model, batches))}
    variants |= {name: timed(_sweeping(model, layers, batches)) for name, (layers, _) in chosen.items()}
    timings = in_turns(variants, rounds=ROUNDS)
    for name, (_, limit) in chosen.items():
        measured = f"sweep of {name}, cifar-resnet20, batches of {BATCH}"
        yield ratio_row(measured, "a bare loop over the same batches", timings[name], timings["bare"], limit)


def _bare(model: Model, batches: Sequence[Tensor]) -> None:
    with torch.no_grad():
        for inputs in batches:
            model.module(inputs)


def _sweeping(model: Model, layers: Sequence[str], batches: Sequence[Tensor]) -> Callable[[], None]:
    passes = Passes(model, layers)
    calls = passes.plan()

    def sweep() -> None:
        for inputs in batches:
            passes.sweep(inputs, calls)

    return sweep


def _process(arguments: Sequence[str], threads: int) -> dict[str, float]:
    environ = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    ended = subprocess.run(
        [sys.executable, *arguments], env=environ, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found
