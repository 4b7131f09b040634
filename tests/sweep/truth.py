"""Compares a sweep over a folder with a plain loop over its single pictures: how a large one is checked.

``python -m tests.sweep.truth FOLDER [--limit N]`` takes minutes for 10,000 pictures, so no test runs it. It
ends with 1 where a number differs by more than it may.
"""

import argparse
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actviz_core import load_model, sweep
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import read_settings
from actviz_core.sweep import Run
from tests.sweep.toys import plain_loops

LAYERS = ("conv1", "layer1.2.relu2", "layer3.0.conv1", "layer3.2.relu2", "fc")


def main() -> int:
    """Print for each layer how far a single picture's numbers are from the sweep's."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--model", default="cifar-resnet20")
    parser.add_argument("--layers", nargs="+", default=LAYERS)
    chosen = parser.parse_args()
    model, source = load_model(chosen.model), FolderSource(chosen.folder)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings({"ACTVIZ_DATA": folder})
        run = sweep(model, source, chosen.layers, limit=chosen.limit, settings=settings)
        print(f"Accuracy {run.accuracy}, {len(run)} pictures, skipped {len(run.problems)}")
        for twice in (True, False):
            print("Each picture twice at once:" if twice else "Each picture alone, by torch's other kernels:")
            expected = plain_loops(model, islice(source, len(run)), chosen.layers, twice=twice)
            wrong += _answers(run, expected[""], [model.classes.index(name) for name in source.classes])
            for layer in chosen.layers:
                differ = _layer(run, layer, expected[layer], run.labels)
                wrong += twice and differ
    return 1 if wrong else 0


def _answers(run: Run, expected: dict[str, NDArray[Any]], classes: list[int]) -> bool:
    """Compare the answers, and what follows from them; whether the accuracy is another one."""
    differ = int((run.answers != expected["answers"]).any(axis=1).sum())
    right = np.array(classes)[run.labels] == expected["answers"][:, 0]
    apart = float(np.abs(run.probabilities - expected["probabilities"]).max())
    print(
        f"  the ten most probable classes of {differ} pictures differ, probabilities by {apart:.1e}; "
        f"{int(right.sum())} of {len(right)} right"
    )
    return run.accuracy != right.mean()


def _layer(run: Run, layer: str, expected: dict[str, NDArray[Any]], labels: NDArray[Any]) -> bool:
    """Compare everything that is kept of a layer; whether something differs by more than it may."""
    summary, mean = run.summary(layer), expected["mean"].astype(np.float64)
    means = _relative(run.mean(layer), mean)
    counted = {name: getattr(run, name)(layer) != expected[name] for name in ("maximum", "place", "active")}
    counted["silent"] = run.silent(layer) != expected["silent"]
    for name, sign in (("largest", -1), ("smallest", 1)):
        rows = np.argsort(sign * expected["maximum"], axis=0, kind="stable")[:25].T
        counted[name] = getattr(summary, name)[:, : rows.shape[1]] != rows
    counted["times silent"] = summary.silent != expected["silent"].sum(0)
    for name, values in (("mean", np.array(run.mean(layer))), ("maximum", expected["maximum"])):
        bins = [np.histogram(column.astype(np.float64), 64)[0] for column in values.T]
        counted[f"histogram of {name}"] = getattr(summary, f"{name}_counts") != np.array(bins)
    by_class = np.stack([mean[labels == label].sum(0) for label in range(len(run.manifest.labels))])
    sums = max(_relative(summary.class_sums, by_class), _relative(summary.sums[None], mean.sum(0)[None]))
    told = ", ".join(f"{name} {int(differ.sum())} of {differ.size}" for name, differ in counted.items())
    off = _relative(run.maximum(layer), expected["maximum"])
    print(
        f"  {layer}: mean by {means:.1e}, sums by {sums:.1e}; differ: {told}; maximum by {off:.1e}",
        flush=True,
    )
    return means > 1e-5 or sums > 1e-5 or any(differ.any() for differ in counted.values())


def _relative(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """The largest difference, as a share of the largest value of the same channel."""
    return float((np.abs(found - expected).max(axis=0) / np.abs(expected).max(axis=0).clip(1e-30)).max())


if __name__ == "__main__":
    sys.exit(main())
