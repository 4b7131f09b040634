"""Heads on the page: MaxViT's windows on their part of the picture, and plain words where none are drawn."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import MaxVit

from actviz_core.hooks import attention_on_grid, capture_attention
from actviz_core.hooks.token_layout import TokenGrid
from actviz_core.ui.activations import attention_view
from actviz_core.workspace.shared import Workspace
from tests.hooks.attention_toys import HeadAfterHead, MaskedFusedAttention, OverChannels, WindowsBesideHeads
from tests.pages.test_tokens import inputs, seeded, shown_head
from tests.pages.visit import check_fine, click, drawn, figure, press, read_page, visit

ServeToy = Callable[[nn.Module], Workspace]
LAYER = "1.blocks.0.layers.0.layers"


def maxvit() -> nn.Module:
    """A grid of 8 x 8 for pictures of 8 x 8, in windows of 4 x 4."""
    return seeded(
        lambda: nn.Sequential(
            nn.Upsample(scale_factor=4),
            MaxVit((32, 32), 8, 4, [16], [1], head_dim=8, stochastic_depth_prob=0.0, num_classes=3),
        )
    )


class ClassAttention(nn.Module):
    """Only the class token looks, at itself and all patches."""

    num_heads = 2

    def forward(self, x: Tensor) -> Tensor:
        heads = x.unflatten(2, (2, 4)).transpose(1, 2)
        looked = (heads[:, :, :1] @ heads.transpose(-2, -1)).softmax(-1) @ heads
        return looked.transpose(1, 2).flatten(2)


class Gate(nn.Module):
    """Called attention, but it makes no weights: each place has a gate of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x.mean(2, keepdim=True).sigmoid()


class SpatialAttention(Gate):
    """The name that such gates have in many networks."""


class Tokens(nn.Module):
    """Turns a picture into 16 tokens with 8 channels, and lets a layer called ``attend`` mix them."""

    def __init__(self, attend: nn.Module) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 2, 2)
        self.attend = attend
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.attend(self.patches(x).flatten(2).transpose(1, 2))
        return self.fc(tokens.flatten(1)[:, :8])


@pytest.mark.parametrize(
    ("kind", "seen", "words"),
    [
        ("window", ({4, 5, 6, 7}, {0, 1, 2, 3}), "A patch sees only its window of 4 x 4 patches."),
        (
            "grid",
            ({1, 3, 5, 7}, {0, 2, 4, 6}),
            "A patch sees only 4 x 4 patches, each 2 rows or 2 columns from the next.",
        ),
    ],
)
def test_maxvits_patches_see_their_part_of_the_picture(
    serve_toy: ServeToy, kind: str, seen: tuple[set[int], set[int]], words: str
) -> None:
    network = maxvit()
    workspace = serve_toy(network)
    name = f"{LAYER}.{kind}_attention.attn_layer.1"
    app = visit("activations", {"layers": name})
    check_fine(app)
    click(app, "attention_mean", None, (5, 2))
    check_fine(app)
    heard = capture_attention(network, inputs(workspace))[name]
    for head in range(2):
        expected = attention_on_grid(heard, head, 5, 2)
        rows, columns = (set(axis.tolist()) for axis in np.nonzero(np.isfinite(expected)))
        assert (rows, columns) == seen
        np.testing.assert_array_equal(
            shown_head(figure(app, "attention_heads"), head),
            expected[min(rows) : max(rows) + 1, min(columns) : max(columns) + 1],
        )
    assert "From the patch in row 5, column 2," in read_page(app)
    assert "of 16 patches that it can see" in read_page(app)
    assert words in read_page(app)


def test_a_block_leads_to_the_attention_that_it_holds(serve_toy: ServeToy) -> None:
    serve_toy(maxvit())
    app = visit("activations", {"layers": f"{LAYER}.grid_attention"})
    assert "attention_heads" not in drawn(app)
    press(app, "Show its attention heads")
    check_fine(app)
    assert "attention_heads" in drawn(app)


@pytest.mark.parametrize(
    ("attend", "words"),
    [
        (OverChannels(), "they weigh channels, not places. Each of the 2 heads has 4 x 4 weights,"),
        (
            HeadAfterHead(),
            "not known, so its weights (3 x 16 x 16: heads, tokens that look, tokens looked at)",
        ),
        (SpatialAttention(), "made no attention weights whose heads and tokens can be told apart."),
        (MaskedFusedAttention(), "this layer makes attention weights several times in one run."),
        (WindowsBesideHeads(heads_first=True, windows=2), "whose heads and tokens can be told apart."),
        (WindowsBesideHeads(heads_first=True, windows=4), "so its weights (2 x 4 x 4: heads,"),
    ],
    ids=["over channels", "a softmax a head", "no softmax", "several times", "ambiguous", "in windows"],
)
def test_heads_that_are_not_drawn_are_told_and_why(
    serve_toy: ServeToy, attend: nn.Module, words: str
) -> None:
    serve_toy(seeded(lambda: Tokens(attend)))
    app = visit("activations", {"layers": "attend"})
    check_fine(app)
    assert "attention_heads" not in drawn(app)
    assert words in read_page(app)


def test_only_the_class_token_can_look_where_only_it_does(
    serve_toy: ServeToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = TokenGrid(1, (3, 5), class_only=True)
    monkeypatch.setattr(TokenGrid, "seen_by", lambda *_: grid)
    monkeypatch.setattr(
        "actviz_core.hooks.attention.patch_embedding",
        lambda module: SimpleNamespace(layer="patches", prefix=1) if isinstance(module, Tokens) else None,
    )
    network = seeded(lambda: Tokens(ClassAttention()))
    workspace = serve_toy(network)
    app = visit("activations", {"layers": "attend"})
    check_fine(app)
    weights = capture_attention(network, inputs(workspace))["attend"].weights
    assert weights.shape == (1, 2, 1, 16)
    for head in range(2):
        np.testing.assert_array_equal(
            shown_head(figure(app, "attention_heads"), head), weights[0, head, 0, 1:].reshape(3, 5)
        )
    assert attention_view.ONLY_CLASS in read_page(app)
    assert next(box for box in app.selectbox if box.label == "Look from").options == ["class token"]
    click(app, "attention_mean", None, (1, 2))
    check_fine(app)
    assert "From the class token," in read_page(app)
    assert torch.equal(weights.sum(-1).round(decimals=5), torch.ones(1, 2, 1))
