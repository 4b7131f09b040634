"""Attention with windows beside the heads, a softmax a head, over channels, or of the class token alone."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from actviz_core.errors import ShapeError, UnknownLayerError
from actviz_core.hooks import (
    Attention,
    Origin,
    TokenGrid,
    WindowGrid,
    attention_from_prefix,
    attention_on_grid,
    capture_attention,
)
from tests.hooks import attention_toys
from tests.hooks.attention_toys import picture, seeded
from tests.hooks.reference import assert_bit_equal, cloned_activations

WINDOWS = torch.randn(2, 12, 8, generator=torch.Generator().manual_seed(7))


def heard(network: nn.Module, x: Tensor) -> Attention:
    """The only attention of a network, whose pass is checked to be the plain one."""
    with torch.no_grad():
        expected = network(x)
    record = capture_attention(network, x)
    assert record.output is not None
    assert_bit_equal(record.output, expected)
    (attention,) = record.values()
    return attention


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("heads_first", [False, True])
def test_windows_beside_the_heads_are_counted_with_the_pictures(heads_first: bool, fused: bool) -> None:
    network = seeded(nn.Sequential(attention_toys.WindowsBesideHeads(heads_first=heads_first, fused=fused)))
    attention = heard(network, WINDOWS)
    assert attention.weights.shape == (6, 2, 4, 4)
    assert attention.origin == Origin.USED
    layer = network[0]
    projected = layer.get_submodule("qkv")(WINDOWS).detach()
    for item in range(2):
        for window in range(3):
            tokens = projected[item, 4 * window : 4 * window + 4]
            for head in range(2):
                query, key = (tokens[:, at + 4 * head : at + 4 * head + 4] for at in (0, 8))
                torch.testing.assert_close(
                    attention.weights[3 * item + window, head], (query @ key.T).softmax(-1)
                )


def test_two_axes_that_could_be_the_heads_are_passed_over() -> None:
    network = seeded(nn.Sequential(attention_toys.WindowsBesideHeads(heads_first=True, windows=2)))
    assert len(capture_attention(network, WINDOWS)) == 0
    with pytest.raises(UnknownLayerError, match="has no attention in this forward pass"):
        capture_attention(network, WINDOWS, ["0"])


def test_a_softmax_for_each_head_makes_the_heads() -> None:
    attention = heard(nn.Sequential(attention_toys.HeadAfterHead()), WINDOWS)
    assert attention.weights.shape == (2, 3, 12, 12)
    tokens = WINDOWS[..., :2]
    for head in range(3):
        expected = (tokens @ tokens.transpose(1, 2)).softmax(-1)
        torch.testing.assert_close(attention.weights[:, head], expected)
        tokens = WINDOWS[..., 2 * head + 2 : 2 * head + 4] + expected @ tokens


def test_a_layer_without_a_number_of_heads_has_one() -> None:
    attention = heard(nn.Sequential(attention_toys.OneHead()), WINDOWS)
    assert attention.weights.shape == (2, 1, 12, 12)
    assert_bit_equal(attention.weights[:, 0], (WINDOWS @ WINDOWS.transpose(1, 2)).softmax(-1))
    assert not attention.of_channels


def test_weights_of_channels_are_told_from_those_of_places() -> None:
    attention = heard(nn.Sequential(attention_toys.OverChannels()), WINDOWS)
    assert attention.weights.shape == (2, 2, 4, 4)
    assert attention.of_channels
    assert attention.layout is None
    places = heard(nn.Sequential(attention_toys.WrittenOut()), WINDOWS)
    assert not places.of_channels


@pytest.mark.parametrize("kind", ["window", "grid"])
@pytest.mark.parametrize("block", [0, 1])
def test_maxvits_weights_on_their_grid_give_what_the_layer_returned(kind: str, block: int) -> None:
    network, x = attention_toys.small_maxvit(), picture(64, 2)
    name = f"blocks.{block}.layers.0.layers.{kind}_attention"
    plain = cloned_activations(network, x)
    attention = capture_attention(network, x)[f"{name}.attn_layer.1"]
    side = 16 >> block
    assert attention.layout == WindowGrid((side, side), (side, side), (4, 4), (0, 0), spread=kind == "grid")
    # With values that say where they are from, the layer itself mixes them, and puts them back in place.
    partition: Any = network.get_submodule(name)
    layer = partition.attn_layer[1]
    heads, dim = layer.n_heads, layer.n_heads * layer.head_dim
    tokens = plain[f"{name}.attn_layer.0"][0]
    values = layer.to_qkv(tokens)[..., 2 * dim :].detach()
    placed = on_grid(partition, values)
    returned = on_grid(partition, plain[f"{name}.attn_layer.1"][0])
    for item, row, column in [(0, 0, 0), (1, side - 1, 2), (1, 5, side - 2)]:
        mixed = []
        for head in range(heads):
            own = placed[item, head * layer.head_dim : (head + 1) * layer.head_dim]
            weights = torch.from_numpy(attention_on_grid(attention, head, row, column, picture=item))
            assert int(weights.isfinite().sum()) == 16
            mixed.append((own * weights.nan_to_num()).sum((1, 2)))
        expected = layer.merge(torch.cat(mixed)).detach()
        torch.testing.assert_close(returned[item, :, row, column], expected, rtol=1e-3, atol=1e-3)


def on_grid(partition: Any, groups: Tensor) -> Tensor:
    """(N, G, L, C) of a MaxViT layer back on the grid, (N, C, H, W), by the layer's own parts."""
    swapped = partition.get_submodule("departition_swap")(groups)
    size = partition.p
    counts = (side // size for side in partition.grid_size)
    placed: Tensor = partition.get_submodule("departition_op")(swapped, size, *counts)
    return placed


def test_patches_of_maxvits_grid_attention_lie_apart() -> None:
    record = capture_attention(attention_toys.small_maxvit(), picture(64))
    attention = record["blocks.0.layers.0.layers.grid_attention.attn_layer.1"]
    seen = attention_on_grid(attention, 0, 6, 11)
    rows, columns = (~torch.from_numpy(seen).isnan()).nonzero(as_tuple=True)
    assert sorted(set(rows.tolist())) == [2, 6, 10, 14]
    assert sorted(set(columns.tolist())) == [3, 7, 11, 15]


@pytest.mark.parametrize(
    ("name", "layer", "shape", "layout"),
    [
        ("nest_tiny", "levels.0.transformer_encoder.1.attn", (16, 3, 196, 196), (56, 14)),
        ("nest_tiny", "levels.2.transformer_encoder.7.attn", (1, 12, 196, 196), (14, 14)),
        ("efficientvit_m0", "stages.0.blocks.0.mixer.m.attn", (4, 4, 49, 49), (14, 7)),
    ],
)
def test_timms_blocks_and_cascades_lie_in_windows(
    name: str, layer: str, shape: tuple[int, ...], layout: tuple[int, int]
) -> None:
    timm = pytest.importorskip("timm")
    attention = capture_attention(seeded(timm.create_model(name)), picture(224))[layer]
    side, window = layout
    assert attention.weights.shape == shape
    assert attention.layout == WindowGrid((side, side), (side, side), (window, window), (0, 0))


def test_only_the_class_token_looks_in_timms_class_attention() -> None:
    timm = pytest.importorskip("timm")
    record = capture_attention(seeded(timm.create_model("xcit_nano_12_p16_224")), picture(224))
    assert record["blocks.0.attn"].of_channels
    attention = record["cls_attn_blocks.0.attn"]
    assert attention.layout == TokenGrid(1, (14, 14), class_only=True)
    shown = attention_from_prefix(attention, 2)
    assert shown.ravel().tolist() == attention.weights[0, 2, 0, 1:].tolist()
    with pytest.raises(ShapeError, match="Only the class token looks in this layer"):
        attention_on_grid(attention, 2, 3, 3)


def test_the_class_token_alone_is_told_from_all_tokens() -> None:
    whole = TokenGrid(1, (2, 3))
    assert whole.seen_by((1, 4, 7, 7)) == whole
    assert whole.seen_by((1, 4, 1, 7)) == TokenGrid(1, (2, 3), class_only=True)
    assert whole.seen_by((1, 4, 6, 6)) == TokenGrid(0, (2, 3))
    assert whole.seen_by((1, 4, 4, 4)) is None
