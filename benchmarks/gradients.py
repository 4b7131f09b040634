"""Gradients against torch's own forward and backward pass, and worth against bare passes of a batch."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from actviz_core import capture_gradients, channel_worth, load_model
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row

LAYER = "layer1.0.conv1"
TARGET = 3
ROUNDS = 15


def rows() -> Iterator[Row]:
    """Measure one layer and all calls of resnet18 with random weights at 224, and 64 channels' worth."""
    torch.manual_seed(0)
    network = resnet18().eval()
    inputs = torch.randn(1, 3, 224, 224)
    timings = in_turns(
        {
            "one, torch": timed(lambda: _to_layer(network, inputs, LAYER)),
            "one": timed(lambda: capture_gradients(network, inputs, TARGET, [LAYER])),
            "all, torch": timed(lambda: _to_input(network, inputs)),
            "all": timed(lambda: capture_gradients(network, inputs, TARGET)),
        },
        rounds=ROUNDS,
        warm_up=2,
    )
    against = "torch's forward + backward to it"
    one = f"gradients of {LAYER}, resnet18, 224"
    yield ratio_row(one, against, timings["one"], timings["one, torch"], 1.15)
    everything = "gradients of all calls, resnet18, 224"
    yield ratio_row(everything, "torch's forward + backward", timings["all"], timings["all, torch"], 1.6)
    yield _worth()


def _worth() -> Row:
    model = load_model("cifar-resnet20")
    x = torch.randn(1, 3, 32, 32)
    batch = x.repeat(64, 1, 1, 1)

    def bare() -> None:
        with torch.no_grad():
            model.module(batch)

    timings = in_turns(
        {
            "bare": timed(bare),
            "worth": timed(lambda: channel_worth(model.module, x, "layer3.0.conv1", TARGET)),
        },
        rounds=ROUNDS,
        warm_up=2,
    )
    against = "a bare pass of a batch of 64"
    return ratio_row("worth of 64 channels, cifar-resnet20", against, timings["worth"], timings["bare"], 1.3)


def _to_layer(network: nn.Module, inputs: Tensor, layer: str) -> Tensor:
    """The gradient of one layer as one would write it: a hook that keeps the output, and autograd.grad."""
    kept: list[Tensor] = []
    handle = network.get_submodule(layer).register_forward_hook(lambda _module, _args, out: kept.append(out))
    try:
        answer = network(inputs)
    finally:
        handle.remove()
    (gradient,) = torch.autograd.grad(answer[:, TARGET].sum(), kept)
    return gradient


def _to_input(network: nn.Module, inputs: Tensor) -> Tensor:
    leaf = inputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(leaf)[:, TARGET].sum(), [leaf])
    return gradient
