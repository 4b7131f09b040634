"""What attention and functional steps cost while they are looked at, and that nothing of it stays.

The same network twice: one that is captured in every round, and one that nobody ever looked into.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torchvision.models import resnet18, vit_b_16

from actviz_core import capture
from actviz_core.hooks import capture_attention
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row

ATTENTION = "encoder.layers.encoder_layer_0.self_attention"
ROUNDS = 15
OFF = 1.05  # 1.00 and a machine's noise


def rows() -> Iterator[Row]:
    """Measure attention in vit_b_16 and steps in resnet18, random weights, 224."""
    yield from _rows(
        "vit_b_16",
        vit_b_16,
        {
            "attention of one layer": lambda network, inputs: capture_attention(network, inputs, [ATTENTION]),
            "attention of all layers": capture_attention,
        },
    )
    yield from _rows(
        "resnet18",
        resnet18,
        {
            "all calls": capture,
            "all calls and steps": lambda network, inputs: capture(network, inputs, steps=True),
        },
    )


def _rows(
    name: str, build: Callable[[], nn.Module], looks: Mapping[str, Callable[[nn.Module, Tensor], object]]
) -> Iterator[Row]:
    torch.manual_seed(0)
    inputs = torch.randn(1, 3, 224, 224)
    looked_into, untouched = build().eval(), build().eval()
    variants = {look: timed(partial(run, looked_into, inputs)) for look, run in looks.items()}
    variants |= {
        "after": _second_forward(looked_into, inputs),
        "untouched": _second_forward(untouched, inputs),
    }
    timings = in_turns(variants, rounds=ROUNDS, warm_up=2)
    for look in looks:
        yield ratio_row(f"{look}, {name}", "a bare forward pass", timings[look], timings["untouched"])
    yield ratio_row(
        f"{name} when looking is over",
        "one that nobody looked into",
        timings["after"],
        timings["untouched"],
        OFF,
    )


def _second_forward(network: nn.Module, inputs: Tensor) -> Callable[[], float]:
    """Every call gives the seconds of a forward pass that follows another, whatever ran before."""

    def forward() -> None:
        with torch.no_grad():
            network(inputs)

    def variant() -> float:
        forward()
        return timed(forward)()

    return variant
