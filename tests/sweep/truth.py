"""Compares a sweep over a folder with a plain loop over its single pictures: how a large one is checked.

``python -m tests.sweep.truth FOLDER [--limit N]`` takes minutes for 10,000 pictures, so no test runs it. It
ends with 1 where a number differs by more than it may.
"""

import argparse
import sys
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np

from actviz_core import load_model, sweep
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import read_settings
from tests.sweep.toys import plain_loop

LAYERS = ("conv1", "layer1.2.relu2", "layer3.0.conv1", "layer3.2.relu2", "fc")


def main() -> int:
    """Print for each layer how far a single picture's numbers are from the sweep's."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--model", default="cifar-resnet20")
    chosen = parser.parse_args()
    model, source = load_model(chosen.model), FolderSource(chosen.folder)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings({"ACTVIZ_DATA": folder})
        run = sweep(model, source, LAYERS, limit=chosen.limit, settings=settings)
        print(f"Accuracy {run.accuracy}, {len(run)} pictures, skipped {len(run.problems)}")
        for twice in (True, False):
            print("Each picture twice at once:" if twice else "Each picture alone, by torch's other kernels:")
            for layer in LAYERS:
                expected = plain_loop(model, islice(source, len(run)), layer, twice=twice)
                means = _relative(run.mean(layer), expected["mean"])
                line = f"  {layer}: mean {means:.1e}"
                for name in ("maximum", "place", "active", "silent"):
                    differ = int((getattr(run, name)(layer) != expected[name]).sum())
                    line += f", {name} {differ} of {expected[name].size} differ"
                    wrong += twice and differ > 0
                wrong += twice and means > 1e-5
                print(
                    f"{line}, maximum by {_relative(run.maximum(layer), expected['maximum']):.1e}", flush=True
                )
    return 1 if wrong else 0


def _relative(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, as a share of the largest value of the same channel."""
    return float((np.abs(found - expected).max(axis=0) / np.abs(expected).max(axis=0).clip(1e-30)).max())


if __name__ == "__main__":
    sys.exit(main())
