"""What a channel's page asks for: the box that a cell can see, and the worth of all channels of a layer."""

from collections.abc import Iterator
from functools import partial

import torch
from torchvision.models import resnet18

from actviz_core import capture, channel_worth, load_model, open_sample, receptive_field
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row

ROUNDS = 10
PASSES = 12
WORTH = 1.3


def rows() -> Iterator[Row]:
    """Measure the box, then the worth."""
    yield from _boxes()
    yield from _worth()


def _worth() -> Iterator[Row]:
    """All 64 channels of a layer of the bundled network, switched off in turn."""
    model = load_model("cifar-resnet20")
    inputs = model.inputs(open_sample("bundled-cifar10/0").image)
    many = inputs.repeat_interleave(64, 0)

    def bare() -> None:
        with torch.inference_mode():
            model.module(many)

    timings = in_turns(
        {
            "worth": timed(partial(channel_worth, model.module, inputs, "layer3.0.conv1", 3, batch=64)),
            "bare": timed(bare),
        },
        rounds=3 * ROUNDS,
        warm_up=3,
    )
    yield ratio_row(
        "worth of 64 channels, cifar-resnet20",
        "a bare pass of a batch of 64",
        timings["worth"],
        timings["bare"],
        WORTH,
    )


def _boxes() -> Iterator[Row]:
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
