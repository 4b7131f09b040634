"""The page of a channel for all kinds of networks: every card shows something true, or says why not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from actviz_core.models import load_model
from actviz_core.samples import open_sample
from actviz_core.workspace.shared import Workspace
from tests.hooks.reference import cloned_activations
from tests.pages.channel_page import cards, open_channel
from tests.pages.test_own_weights import saved, state_of, upload
from tests.pages.visit import check_fine, drawn, figure, tile, visit
from tests.toy_models import Fails

ServeToy = Callable[[nn.Module], Workspace]


class HalfDead(nn.Module):
    """A channel that is always zero beside three that are not, and a depthwise layer."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.deep = nn.Conv2d(4, 4, 3, groups=4)
            self.fc = nn.Linear(4, 3)
        self.relu = nn.ReLU()
        with torch.no_grad():
            self.conv.weight[2] = 0
            self.conv.bias[2] = -1.0  # type: ignore[index]
            self.fc.bias.copy_(torch.tensor([0.5, -0.5, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.deep(self.relu(self.conv(x))).mean((2, 3)))


def test_a_channel_that_is_always_zero_is_told_by_every_card(serve_toy: ServeToy) -> None:
    serve_toy(HalfDead())
    app = open_channel("relu", 2)
    check_fine(app)
    told = cards(app)
    assert told["looks"][0] == (
        "This cell can depend on 2 x 2 of the picture's 8 x 8 pixels, and on no other. "
        "For this picture no small change of any pixel would change its value."
    )
    assert told["computes"] == ["ReLU has no weights: it computes the same whatever was learned."]
    assert told["worth"][0] == "Without channel 2, nothing changes: every class keeps its share."
    assert told["excites"][0] == (
        "Channel 2 answers to all 20 pictures of bundled-cifar10 with the same largest value, 0."
    )
    assert told["made"][0] == (
        "No noise that was tried changes the channel's mean at all, so there is nothing to climb."
    )
    assert told["twins"] == ["There is nothing to compare: a map that is the same everywhere has no pattern."]


def test_a_kernel_of_zeros_and_a_depthwise_kernel_say_what_they_are(serve_toy: ServeToy) -> None:
    serve_toy(HalfDead())
    assert cards(open_channel("conv", 2))["computes"][0] == (
        "It has a kernel of 3 x 3 for each of the picture's 3 colours. All of them are zero. It adds -1."
    )
    app = open_channel("deep", 1)
    bias = float(HalfDead().deep.bias[1].detach())  # type: ignore[index]
    assert cards(app)["computes"][0] == (
        f"It has one kernel of 3 x 3, for channel 1 of its input alone. It adds {bias:.4g}."
    )
    weight = HalfDead().deep.weight[1, 0].detach().numpy()
    np.testing.assert_array_equal(tile(app, 1, (3, 3), "channel_kernels"), weight)


@pytest.mark.parametrize(
    ("key", "layer", "channel"),
    [
        ("vit_b_16@random", "encoder.layers.encoder_layer_1.mlp", 5),
        ("swin_t@random", "features.1.1.attn", 5),
        ("lraspp_mobilenet_v3_large@random", "backbone.1.block.0.0", 2),
    ],
)
def test_transformers_and_segmentations_have_every_card(key: str, layer: str, channel: int) -> None:
    app = open_channel(layer, channel, model=key)
    check_fine(app)
    assert {"channel_map", "channel_looks", "channel_worth", "channel_excites", "channel_twins"} <= drawn(app)
    assert all(cards(app).values())
    model = load_model(key)
    value = cloned_activations(model.module, model.inputs(open_sample("bundled-cifar10/0").image))[layer][0]
    if value.dim() == 3:  # tokens: a class token, then the patches by rows
        own = value[0, 1:, channel].reshape(14, 14)
    else:
        own = value[0, channel] if value.shape[1] != value.shape[2] else value[0, ..., channel]
    np.testing.assert_array_equal(figure(app, "channel_map")["data"][0]["z"], own.numpy())


def test_tokens_that_see_everything_say_so() -> None:
    told = cards(open_channel("encoder.layers.encoder_layer_1.mlp", 5, model="vit_b_16@random"))
    assert told["looks"][0].startswith("Every cell of this layer can depend on every part of the picture.")


def test_a_teams_network_has_every_card(new_server: Any) -> None:
    new_server(ACTVIZ_MODELS="tests.pages.test_channel_networks:HalfDead")
    app = open_channel("relu", 1, model="tests.pages.test_channel_networks:HalfDead")
    check_fine(app)
    told = cards(app)
    assert all(told.values())
    assert "class " in told["worth"][0]  # its classes have no names


def test_uploaded_weights_are_the_ones_that_are_shown(new_server: Any) -> None:
    new_server()
    app = visit("weights")
    state = state_of("cifar-resnet20")
    state["conv1.weight"][3] *= 2
    upload(app, "ours.pt", saved(state))
    app = open_channel("conv1", 3, model=app.session_state["view"].model_key)
    check_fine(app)
    np.testing.assert_array_equal(
        tile(app, 1, (3, 3), "channel_kernels"), state["conv1.weight"][3, 1].numpy()
    )
    assert all(cards(app).values())


def test_values_that_are_no_numbers_are_told(serve_toy: ServeToy) -> None:
    module = HalfDead()
    with torch.no_grad():
        module.conv.bias[1] = torch.nan  # type: ignore[index]
    serve_toy(module)
    app = open_channel("conv", 1)
    told = cards(app)
    assert told["looks"] == ["An ordinary picture makes no finite value in this cell of 'conv'."]
    assert told["excites"][0] == "Channel 1 has no finite value for any picture of bundled-cifar10."
    assert "not finite" in told["worth"][0]
    assert told["twins"] == ["This map holds values that are no finite numbers, so it cannot be compared."]


def test_a_network_that_fails_is_told_once(serve_toy: ServeToy) -> None:
    serve_toy(Fails())
    app = visit("channel", {"layers": "conv"})
    assert not app.exception
    assert drawn(app) == set()
