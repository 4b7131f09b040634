"""Sweeps the bundled network over N pictures of noise, and prints the seconds and its memory as JSON.

A process of its own, or several started by torchrun, run by `benchmarks.sweeping`:
`python -m benchmarks.swept N`.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from actviz_core import Source, load_model
from actviz_core.settings import read_settings
from actviz_core.sweep import ranks
from actviz_core.sweep.sweeping import make_run
from benchmarks.resident import resident_bytes

LAYERS = ("layer1.2.relu2", "layer2.2.relu2", "layer3.2.relu2")


class Noise(Source):
    """Pictures of 32 x 32 pixels that are made when they are read, so that none is in memory."""

    def __init__(self, count: int) -> None:
        super().__init__("patterns", "Noise", ("cat", "dog"), np.arange(count) % 2)

    def _image(self, index: int) -> Image.Image:
        return Image.fromarray(np.random.default_rng(index).integers(0, 256, (32, 32, 3), np.uint8))

    def _thumbnails(self, indices: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        raise NotImplementedError


def main() -> None:
    """Sweep, and print what it took: seconds without starting, resident bytes at the end."""
    model = load_model("cifar-resnet20", settings=read_settings({"ACTVIZ_DEVICE": "cpu"}))
    with tempfile.TemporaryDirectory() as folder, ranks.joined("cpu"):
        settings = read_settings({"ACTVIZ_DATA": str(Path(folder)), "ACTVIZ_DEVICE": "cpu"})
        started = time.perf_counter()
        make_run(model, Noise(int(sys.argv[1])), LAYERS, settings=settings)
        if ranks.rank() == 0:
            print(json.dumps({"seconds": time.perf_counter() - started, "resident": resident_bytes()}))


if __name__ == "__main__":
    main()
