"""Layers of vision transformers on the page: patches, tokens beside them, heads; and what cannot be drawn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import SwinTransformer, VisionTransformer

from actviz_core.hooks import attention_from_prefix, attention_on_grid, capture, capture_attention
from actviz_core.workspace.shared import Workspace
from tests.pages.visit import (
    check_fine,
    choose,
    click,
    drawn,
    figure,
    offered,
    press,
    read_page,
    said,
    shown_channels,
    tile,
    visit,
)

ServeToy = Callable[[nn.Module], Workspace]
BLOCK = "encoder.layers.encoder_layer_0"


def seeded(build: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build().eval()
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.3)
        return network


def vit() -> nn.Module:
    return seeded(lambda: VisionTransformer(8, 2, 2, 2, 8, 8, num_classes=3))


def swin() -> nn.Module:
    return seeded(lambda: SwinTransformer([2, 2], 4, [2], [2], [2, 2], num_classes=3))


def inputs(workspace: Workspace) -> Tensor:
    model = workspace.model("cifar-resnet20")
    return model.preprocess(workspace.sample("bundled-cifar10/0").image)


def test_tokens_are_no_channels_on_the_layers_page_either(serve_toy: ServeToy) -> None:
    serve_toy(vit())
    layers = [BLOCK, f"{BLOCK}.self_attention", "encoder.ln", "conv_proj"]
    shown = visit("activations", {"layers": layers, "activations_layer": BLOCK})
    assert len(shown_channels(shown)) == 8
    assert "4 layers chosen: 8 + 8 + 8 + 8 channels" in read_page(visit("layers", {"layers": layers}))


def test_tokens_lie_on_their_patch_grid_with_the_class_token_below(serve_toy: ServeToy) -> None:
    network = vit()
    workspace = serve_toy(network)
    values = capture(network, inputs(workspace), [BLOCK])[BLOCK][0].numpy()
    app = visit("activations", {"layers": BLOCK})
    check_fine(app)
    np.testing.assert_array_equal(tile(app, 3, (4, 4)), values[1:, 3].reshape(4, 4))
    assert "Read as 4 x 4 patches plus a class token: the network's patch size is 2." in read_page(app)
    assert figure(app, "activations_tokens")["data"][0]["x"].tolist() == values[0].tolist()


def test_another_reading_can_be_chosen_and_holds_for_one_layer(serve_toy: ServeToy) -> None:
    workspace = serve_toy(vit())
    app = visit("activations", {"layers": [BLOCK, "conv_proj"], "reading": "sequence"})
    check_fine(app)
    values = workspace.activations(
        workspace.model("cifar-resnet20"), workspace.sample("bundled-cifar10/0"), [BLOCK]
    )[BLOCK]
    np.testing.assert_array_equal(figure(app, "activations_grid")["data"][0]["z"], values[0].T.numpy())
    assert "Read as 17 positions with 8 channels each: you chose this reading." in read_page(app)
    choose(app, "Read as", "auto")
    assert "4 x 4 patches" in read_page(app)
    choose(app, "Read as", "sequence")
    choose(app, "Layer", "conv_proj")
    check_fine(app)
    assert "Read as" not in read_page(app)


def test_a_reading_that_is_not_there_is_said(serve_toy: ServeToy) -> None:
    serve_toy(vit())
    app = visit("activations", {"layers": BLOCK, "reading": "upside-down"})
    (message,) = said(app)
    assert message.startswith("The link's reading=upside-down is not possible here. It can be: auto, tokens,")
    assert "4 x 4 patches" in read_page(app)


def test_heads_look_from_the_class_token_and_from_a_clicked_patch(serve_toy: ServeToy) -> None:
    network = vit()
    workspace = serve_toy(network)
    app = visit("activations", {"layers": BLOCK})
    press(app, "Show its attention heads")
    check_fine(app)
    heard = capture_attention(network, inputs(workspace))[f"{BLOCK}.self_attention"]
    for head in range(2):
        np.testing.assert_array_equal(
            shown_head(figure(app, "attention_heads"), head), attention_from_prefix(heard, head)
        )
    assert "From the class token," in read_page(app)
    click(app, "attention_mean", None, (1, 2))
    for head in range(2):
        np.testing.assert_array_equal(
            shown_head(figure(app, "attention_heads"), head), attention_on_grid(heard, head, 1, 2)
        )
    assert "From the patch in row 1, column 2," in read_page(app)


def test_a_patch_of_swin_sees_its_window_only(serve_toy: ServeToy) -> None:
    serve_toy(swin())
    app = visit("activations", {"layers": "features.1.0.attn"})
    check_fine(app)
    assert "of 4 patches that it can see" in read_page(app)
    assert "Read as 4 x 4 places with 4 channels each, channels last" in read_page(app)


def shown_head(drawing: dict[str, Any], head: int) -> np.ndarray:
    heatmap = drawing["data"][0]
    cells = np.isfinite(heatmap["z"]) & (heatmap["customdata"] == head)
    rows, columns = np.nonzero(cells)
    shown: np.ndarray = heatmap["z"][rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return shown


class Odd(nn.Module):
    """Returns what no picture has, beside an answer."""

    def __init__(self, make: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.odd = Returns(make)
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.odd(x)
        return self.fc(x.mean((2, 3)))


class Returns(nn.Module):
    """Returns what a function makes of its input."""

    def __init__(self, make: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.make = make

    def forward(self, x: Tensor) -> Tensor:
        return self.make(x)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: torch.tensor(7 * len(x)),
        lambda x: x > 0.5,
        lambda x: (x * 9).long(),
        lambda x: torch.complex(x, x),
        lambda x: x.bfloat16(),
        lambda x: x.to_sparse(),
        lambda x: x.unsqueeze(2).expand(-1, -1, 4, -1, -1),
        lambda x: x[None, None].expand(2, 2, -1, -1, -1, -1),
        lambda x: x[0, 0, 0, 0],
        lambda x: x[0],
        lambda x: x.repeat(6, 1, 1, 1),
        lambda x: x.flatten(2),
    ],
    ids=[
        *("scalar", "bool", "long", "complex", "bfloat16", "sparse"),
        *("volume", "six axes", "scalar of floats", "unbatched", "larger batch", "positions"),
    ],
)
def test_whatever_a_layer_returns_is_drawn_with_its_numbers(
    serve_toy: ServeToy, make: Callable[[Tensor], Tensor]
) -> None:
    serve_toy(Odd(make))
    app = visit("activations", {"layers": "odd"})
    check_fine(app)
    assert "activations_grid" in drawn(app)
    assert "activations_histogram" in drawn(app)


def test_a_layer_that_returns_no_value_says_so(serve_toy: ServeToy) -> None:
    serve_toy(Odd(lambda x: x[:, :0]))
    app = visit("activations", {"layers": "odd"})
    check_fine(app)
    (hint,) = offered(app)
    assert hint.startswith("odd cannot be drawn. An activation of shape (1, 0, 8, 8) has no values")
    assert "Its values: torch.float32, 0 x 8 x 8." in read_page(app)
