"""Attention through the workspace: kept, from the pass that predicted, and said where it isn't."""

import pytest
import torch
from torch import Tensor, nn

from actviz_core.errors import ModelFailedError, UnknownLayerError
from actviz_core.hooks import capture_attention
from actviz_core.workspace.activations import ActivationStore
from tests.toy_models import CountedNet, Counter, Fails, model_of, picture


class Attends(nn.Module):
    """Lets the rows of a picture look at each other; with ``restless``, otherwise in each pass."""

    def __init__(self, *, restless: bool = False) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)
        self.restless = restless
        self.counted = Counter()

    def forward(self, x: Tensor) -> Tensor:
        self.counted.number += 1
        rows = x.mean(1) + (self.counted.number if self.restless else 0)
        return self.attend(rows, rows, rows, need_weights=False)[0].mean((1, 2))


def test_attention_is_computed_once_and_is_that_of_the_prediction() -> None:
    network, store = Attends(), ActivationStore(1 << 20)
    model = model_of(network)
    first = store.attention(model, "toy/0", lambda: picture(0), "attend")
    assert store.attention(model, "toy/0", lambda: picture(0), "attend") is first
    assert network.counted.number == 2  # the prediction's, and the one that listens
    assert first.same_pass
    assert first.names == ("attend",)
    expected = capture_attention(network, picture(0))["attend"].weights
    assert torch.equal(first["attend"], expected)
    assert torch.equal(first.attention[0].weights, expected)
    assert store.attention(model, "toy/1", lambda: picture(1), "attend") is not first


def test_attention_and_output_of_one_layer_are_kept_apart() -> None:
    model, store = model_of(Attends()), ActivationStore(1 << 20)
    store.attention(model, "toy/0", lambda: picture(0), "attend")
    assert store.calls(model, "toy/0", lambda: picture(0), ["attend"])["attend"].names == ("attend[0]",)


def test_a_network_that_answers_otherwise_each_time_is_told() -> None:
    store = ActivationStore(1 << 20)
    assert not store.attention(
        model_of(Attends(restless=True)), "toy/0", lambda: picture(0), "attend"
    ).same_pass


def test_layers_without_attention_and_networks_that_fail_are_told() -> None:
    store = ActivationStore(1 << 20)
    with pytest.raises(UnknownLayerError, match="'conv'"):
        store.attention(model_of(CountedNet()), "toy/0", lambda: picture(0), "conv")
    with pytest.raises(ModelFailedError, match="toy could not process"):
        store.attention(model_of(CountedNet(Fails())), "toy/0", lambda: picture(0), "conv")
