"""Attention lies where the tokens lie: laid on the grid, it gives what the layer itself returned."""

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import swin_t
from torchvision.models.swin_transformer import ShiftedWindowAttention

from actviz_core.errors import ShapeError
from actviz_core.hooks import (
    TokenGrid,
    WindowGrid,
    attention_from_prefix,
    attention_on_grid,
    capture_attention,
)
from tests.hooks import attention_toys
from tests.hooks.attention_toys import TOKENS, picture, seeded, small_vit
from tests.hooks.reference import cloned_activations


def test_the_weights_of_a_vit_on_their_grid_give_what_the_layer_returned() -> None:
    network, x = small_vit(), picture(64, 2)
    layer = "encoder.layers.encoder_layer_1.self_attention"
    tokens = cloned_activations(network, x)["encoder.layers.encoder_layer_1.ln_1"][0]
    module = network.get_submodule(layer)
    assert isinstance(module, nn.MultiheadAttention)
    with torch.no_grad():
        attended = module(tokens, tokens, tokens, need_weights=False)[0]
    attention = capture_attention(network, x, [layer])[layer]
    assert attention.layout == TokenGrid(1, (4, 4))
    assert attention.weights.shape == (2, 4, 17, 17)
    assert attention.weights.max() > 0.5  # far from uniform

    values = tokens @ module.in_proj_weight[64:].T + module.in_proj_bias[64:]
    values = values.unflatten(2, (4, 8)).detach()
    patches = values[:, 1:].unflatten(1, (4, 4)).numpy()
    for item, row, column in [(0, 0, 0), (1, 2, 1), (1, 3, 3)]:
        parts = []
        for head in range(4):
            to_patches = attention_on_grid(attention, head, row, column, picture=item)
            to_class = attention.weights[item, head, 1 + row * 4 + column, 0].item()
            parts.append(np.einsum("hw,hwd->d", to_patches, patches[item, :, :, head]))
            parts[-1] += to_class * values[item, 0, head].numpy()
        expected = module.out_proj(torch.from_numpy(np.concatenate(parts))).detach()
        torch.testing.assert_close(attended[item, 1 + row * 4 + column], expected, rtol=1e-4, atol=1e-4)


def test_the_class_tokens_attention_is_apart() -> None:
    attention = capture_attention(small_vit(), picture(64))["encoder.layers.encoder_layer_0.self_attention"]
    from_class = attention_from_prefix(attention, 3)
    assert from_class.shape == (4, 4)
    assert from_class.ravel().tolist() == attention.weights[0, 3, 0, 1:].tolist()
    mean = attention_from_prefix(attention, None)
    np.testing.assert_allclose(mean.ravel(), attention.weights[0, :, 0, 1:].mean(0), rtol=1e-6)


@pytest.mark.parametrize("layer", ["features.1.0.attn", "features.1.1.attn", "features.3.1.attn"])
def test_the_weights_of_swin_on_their_grid_give_what_the_layer_returned(layer: str) -> None:
    network, x = seeded(swin_t()), picture(64, 2)
    plain = cloned_activations(network, x)
    module = network.get_submodule(layer)
    assert isinstance(module, ShiftedWindowAttention)
    tokens, returned = plain[layer.replace("attn", "norm1")][0], plain[layer][0]
    attention = capture_attention(network, x)[layer]
    height, width = tokens.shape[1:3]
    dim, heads = tokens.shape[3], module.num_heads
    weight, bias = (p[2 * dim :].detach().numpy().astype(float) for p in (module.qkv.weight, module.qkv.bias))
    values = tokens.numpy().astype(float) @ weight.T + bias
    for item in range(2):
        for row, column in [(0, 0), (2, 5), (height - 1, width - 1), (height - 1, 0), (height // 2, 3)]:
            parts = []
            for head in range(heads):
                own = slice(head * dim // heads, (head + 1) * dim // heads)
                to_patches = np.nan_to_num(attention_on_grid(attention, head, row, column, picture=item))
                to_padding = 1 - to_patches.sum()  # padded tokens are zero: only the bias is left of them
                parts.append(
                    np.einsum("hw,hwd->d", to_patches, values[item, :, :, own]) + to_padding * bias[own]
                )
            expected = module.proj(torch.from_numpy(np.concatenate(parts)).float()).detach()
            torch.testing.assert_close(returned[item, row, column], expected, rtol=1e-3, atol=1e-4)


def test_swins_windows_are_shifted_padded_and_empty_outside() -> None:
    network = seeded(swin_t())
    record = capture_attention(network, picture(64))
    assert record["features.1.0.attn"].layout == WindowGrid((16, 16), (21, 21), (7, 7), (0, 0))
    assert record["features.1.1.attn"].layout == WindowGrid((16, 16), (21, 21), (7, 7), (3, 3))
    assert record["features.7.1.attn"].layout == WindowGrid((2, 2), (7, 7), (7, 7), (0, 0))
    seen = ~np.isnan(attention_on_grid(record["features.1.1.attn"], 0, 5, 12))
    assert np.argwhere(seen).min(0).tolist() == [3, 10]
    assert np.argwhere(seen).max(0).tolist() == [9, 15]
    wrapped = ~np.isnan(attention_on_grid(record["features.1.1.attn"], 0, 0, 5))
    assert np.flatnonzero(wrapped.any(1)).tolist() == [0, 1, 2]  # the rest of this window is padding
    assert record["features.7.1.attn"].weights.shape == (1, 24, 49, 49)


def test_a_grid_that_the_structure_does_not_tell_is_refused() -> None:
    network = attention_toys.SelfAttention().eval()
    attention = capture_attention(network, TOKENS)["attention"]
    with pytest.raises(ShapeError, match="5 tokens of this layer lie on the picture is not known"):
        attention_on_grid(attention, 0, 0, 0)
    with pytest.raises(ShapeError, match="no class token"):
        attention_from_prefix(attention, 0)
    vit = next(iter(capture_attention(small_vit(), picture(64)).values()))
    for head, row, item, message in [
        (4, 0, 0, "no head 4; there are 4: 0 to 3"),
        (0, 4, 0, "no row 4; there are 4"),
        (0, 0, 1, "no picture 1; there are 1"),
    ]:
        with pytest.raises(ShapeError, match=message):
            attention_on_grid(vit, head, row, 0, picture=item)
    with pytest.raises(ShapeError, match="no prefix token 1"):
        attention_from_prefix(vit, 0, 1)
