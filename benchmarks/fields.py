"""The box of pixels that a cell can depend on, against one capture that ends at the same layer."""

from collections.abc import Iterator
from functools import partial

import torch
from torchvision.models import resnet18

from actviz_core import capture, receptive_field
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row

ROUNDS = 10
PASSES = 12


def rows() -> Iterator[Row]:
    """Measure an early and a late layer of resnet18 with random weights at 224."""
    torch.manual_seed(0)
    network = resnet18().eval()
    four = torch.randn(4, 3, 224, 224)
    for layer in ("layer1.0.conv1", "layer3.0.conv1"):
        timings = in_turns(
            {
                "box": timed(partial(receptive_field, network, (1, 3, 224, 224), layer, (5, 6))),
                "four": timed(partial(capture, network, four, [layer])),
            },
            rounds=ROUNDS,
            warm_up=2,
        )
        yield ratio_row(
            f"box of a cell of {layer}, resnet18, 224",
            "a capture of 4 pictures up to there",
            timings["box"],
            timings["four"],
            PASSES,
        )
