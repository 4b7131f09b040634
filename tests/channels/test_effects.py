"""The answer with one channel changed, against passes with a plain forward hook."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from actviz_core import load_model, open_sample
from actviz_core.channels.effects import (
    Change,
    Worths,
    answer_with,
    channel_axis,
    edit_of,
    layer_worths,
    share_of_class,
)
from actviz_core.layouts.layout import default_layout
from actviz_core.models import Model

CALL, CHANNEL = "layer2.0.conv1", 7


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("cifar-resnet20")


@pytest.fixture(scope="module")
def inputs(model: Model) -> Tensor:
    return model.inputs(open_sample("bundled-cifar10/0").image)


def by_hand(
    model: Model, inputs: Tensor, change: Callable[[Tensor], Tensor]
) -> np.typing.NDArray[np.float64]:
    """Probabilities of all classes with the channel changed in place by a hook."""

    def hook(_module: object, _args: object, output: Tensor) -> Tensor:
        changed = output.clone()
        change(changed[:, CHANNEL])
        return changed

    handle = model.module.get_submodule(CALL).register_forward_hook(hook)
    try:
        with torch.no_grad():
            shares: np.typing.NDArray[np.float64] = model.module(inputs)[0].double().softmax(0).numpy()
    finally:
        handle.remove()
    return shares


@pytest.mark.parametrize(
    ("change", "factor", "hand"),
    [
        (Change.OFF, 1.0, lambda part: part.zero_()),
        (Change.MEAN, 1.0, lambda part: part.fill_(float(part.mean()))),
        (Change.SCALED, 2.5, lambda part: part.mul_(2.5)),
        (Change.SCALED, 0.0, lambda part: part.zero_()),
    ],
)
def test_an_answer_is_that_of_a_pass_changed_by_hand(
    model: Model, inputs: Tensor, change: Change, factor: float, hand: Callable[[Tensor], Tensor]
) -> None:
    found = answer_with(model, inputs, CALL, edit_of(change, CHANNEL, 1, factor))
    shares = by_hand(model, inputs, hand)
    assert found.indices == tuple(np.argsort(-shares, kind="stable"))
    np.testing.assert_allclose(found.probabilities, shares[list(found.indices)], rtol=1e-12)


def test_worths_are_the_falls_of_passes_with_each_channel_off(model: Model, inputs: Tensor) -> None:
    worths = layer_worths(model.module, inputs, CALL, share_of_class(model, 3), axis=1, batch=1)
    with torch.no_grad():
        whole = model.module(inputs)[0].double().softmax(0)[3].item()
    off = by_hand(model, inputs, lambda part: part.zero_())[3]
    assert worths.falls[CHANNEL] == pytest.approx(whole - off, abs=1e-15)
    order = np.argsort(-worths.falls)
    assert worths.place(int(order[0])) == 1
    assert worths.place(CHANNEL) == int(np.flatnonzero(order == CHANNEL)[0]) + 1


def test_equal_channels_share_a_place() -> None:
    worths = Worths(np.array([0.2, 0.5, 0.2, -0.1]))
    assert [worths.place(channel) for channel in range(4)] == [2, 1, 2, 4]
    assert worths.equals(0) == 2


def test_the_axis_of_channels_is_the_layouts_and_none_where_there_is_none() -> None:
    assert channel_axis(default_layout((1, 8, 4, 4))) == 1
    assert channel_axis(default_layout((1, 50, 64))) == 2
    assert channel_axis(default_layout((1, 2, 3, 4, 5, 6))) is None
