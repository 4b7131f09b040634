"""What the two process-wide settings of the app are worth: freed memory that is kept, and frozen objects."""

import gc
import json
import os
import pkgutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module

from actviz_core import capture, load_model, open_source, ui
from actviz_core.system.allocator import keep_freed_memory
from benchmarks.table import Row

PROCESSES = 3
PICTURES = 20


def rows() -> Iterator[Row]:
    """Compare processes that set themselves up so with others, in turn."""
    taken: dict[tuple[str, bool], list[float]] = {}
    for _ in range(PROCESSES):
        for kept in (True, False):
            for name, seconds in _asked(kept=kept).items():
                taken.setdefault((name, kept), []).append(seconds)
    for name, title, without in (
        ("capture", "all calls of resnet18, a picture after the other", "without `keep_freed_memory`"),
        ("collect", "garbage collection after each run of a page", "without `gc.freeze`"),
    ):
        set_up, plain = (statistics.median(taken[name, kept]) for kept in (True, False))
        yield Row(title, without, set_up / plain, None, f"{set_up * 1000:.1f} / {plain * 1000:.1f} ms")


def _asked(*, kept: bool) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.process_wide", "kept" if kept else "plain"]
    done = subprocess.run(
        command, env={**os.environ, "ACTVIZ_DEVICE": "cpu"}, stdout=subprocess.PIPE, check=True
    )
    times: dict[str, float] = json.loads(done.stdout)
    return times


def _median(times: list[float]) -> float:
    return statistics.median(times[len(times) // 4 :])  # the first ones find everything cold


def measure(*, kept: bool) -> dict[str, float]:
    """Seconds for one capture and for one collection, in a process that has loaded the whole app."""
    if kept:
        keep_freed_memory()
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        import_module(module.name)
    model, source = load_model("resnet18@random"), open_source("bundled-imagenet")
    captures = []
    for index in range(PICTURES):
        inputs = model.preprocess(source[index].image)
        begin = time.perf_counter()
        capture(model.module, inputs)
        captures.append(time.perf_counter() - begin)
    if kept:
        gc.collect()
        gc.freeze()
    collections = []
    for _ in range(PICTURES):
        begin = time.perf_counter()
        gc.collect()
        collections.append(time.perf_counter() - begin)
    return {"capture": _median(captures), "collect": _median(collections)}


if __name__ == "__main__":
    print(json.dumps(measure(kept=sys.argv[1] == "kept")))
