"""Files of visitors, read in a process of its own, against reading them in the server itself.

The process stands ready, as it does for whoever has the page open.
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from actviz_core.samples.visitor_pictures import picture_readers, read_visitor_picture
from actviz_core.untrusted.decoding import decode_image
from actviz_core.weights.file_reading import read_weights_file
from actviz_core.weights.state_dicts import read_state_dict, weights_readers
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row

ROUNDS = 7
TIME_TO_START = 6  # seconds in which a process is ready, on a slow machine too
PICTURE = (1600, 1200)
TENSORS, SIDE = 25, 1000  # 100 MB of float32


def rows() -> Iterator[Row]:
    """Measure a photograph, and a checkpoint of 100 MB."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _rows(Path(folder))


def _rows(folder: Path) -> Iterator[Row]:
    photograph, checkpoint = folder / "photograph.jpg", folder / "checkpoint.pt"
    photograph.write_bytes(_photograph())
    chance = torch.Generator().manual_seed(0)
    torch.save({f"l{i}": torch.randn(SIDE, SIDE, generator=chance) for i in range(TENSORS)}, checkpoint)

    def ready(work: Callable[[], object]) -> Callable[[], float]:
        def variant() -> float:
            time.sleep(TIME_TO_START)
            return timed(work)()

        return variant

    picture_readers().prepare()
    weights_readers().prepare()
    taken = in_turns(
        {
            "picture": ready(lambda: read_visitor_picture(photograph, "x.jpg", folder)),
            "picture here": timed(lambda: decode_image(photograph.read_bytes(), "x.jpg")),
            "weights": ready(lambda: read_state_dict(checkpoint, "x.pt", folder)),
            "weights here": timed(
                lambda: read_weights_file(checkpoint, folder / "written", {"name": "x.pt"})
            ),
            "weights loaded": timed(lambda: torch.load(checkpoint, weights_only=True)),
        },
        rounds=ROUNDS,
    )
    measured = "an uploaded photograph of 1600x1200, decoded in a process"
    yield ratio_row(measured, "decoding it in the server", taken["picture"], taken["picture here"])
    measured = "an uploaded checkpoint of 100 MB, read in a process"
    yield ratio_row(measured, "reading and writing it in the server", taken["weights"], taken["weights here"])
    yield ratio_row(measured, "torch.load alone", taken["weights"], taken["weights loaded"])


def _photograph() -> bytes:
    """A JPEG of as much detail as a photograph has."""
    rough = np.random.default_rng(0).integers(0, 256, (PICTURE[1] // 8, PICTURE[0] // 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(rough).resize(PICTURE).save(file, "JPEG", quality=90)
    return file.getvalue()
