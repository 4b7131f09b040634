"""Attention weights are those of the pass that made the prediction, and lie where the tokens lie."""

import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model, swin_t

from actviz_core.errors import UnknownLayerError
from actviz_core.hooks import (
    Origin,
    TokenGrid,
    capture_attention,
)
from tests.hooks import attention_toys
from tests.hooks.attention_toys import TOKENS, picture, seeded
from tests.hooks.reference import assert_bit_equal, cloned_activations
from tests.hooks.test_left_as_found import hooks_of


@pytest.mark.parametrize(
    ("name", "size", "layers"), [("vit_b_32", 224, 12), ("swin_t", 64, 12), ("swin_v2_t", 64, 12)]
)
def test_the_pass_is_the_plain_pass_bit_for_bit(name: str, size: int, layers: int) -> None:
    torch.manual_seed(0)
    network, x = get_model(name).eval(), picture(size)
    with torch.no_grad():
        logits = network(x)
    record = capture_attention(network, x)
    assert record.output is not None
    assert_bit_equal(record.output, logits)
    assert len(record) == layers
    assert hooks_of(network) == 0
    for attention in record.values():
        assert attention.deviation == 0.0
        assert attention.origin == (Origin.RECOMPUTED if name == "vit_b_32" else Origin.USED)
        torch.testing.assert_close(attention.weights.sum(-1), torch.ones(attention.weights.shape[:3]))


def test_swins_weights_are_the_softmax_that_the_network_used() -> None:
    network, x = seeded(swin_t()), picture(64)
    used: list[Tensor] = []
    original = torch.nn.functional.softmax

    def keep(*args: Any, **kwargs: Any) -> Tensor:
        used.append(original(*args, **kwargs))
        return used[-1]

    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr("torch.nn.functional.softmax", keep)
        network(x)
    record = capture_attention(network, x)
    assert len(used) == len(record) == 12
    for attention, weights in zip(record.values(), used, strict=True):
        assert_bit_equal(attention.weights, weights)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("need_weights", [True, False])
def test_torchs_attention_layer_gives_its_own_weights(
    batch_first: bool, masked: bool, need_weights: bool
) -> None:
    torch.manual_seed(0)
    network = attention_toys.SelfAttention(batch_first=batch_first, need_weights=need_weights).eval()
    x = TOKENS if batch_first else TOKENS.transpose(0, 1).contiguous()
    mask = torch.ones(5, 5, dtype=torch.bool).triu(1) if masked else None
    with torch.no_grad():
        output = network(x.clone(), mask)
        _, expected = network.attention(x, x, x, attn_mask=mask, average_attn_weights=False)
    record = capture_attention(network, (x.clone(), mask))
    assert list(record) == ["attention"]
    attention = record["attention"]
    torch.testing.assert_close(attention.weights, expected, rtol=1e-5, atol=1e-6)
    assert (attention.weights[:, :, 0, 1:] == 0).all().item() == masked
    assert attention.deviation < 1e-6
    assert attention.layout is None
    assert record.output is not None
    assert_bit_equal(record.output, output)
    assert attention.origin == (Origin.USED if need_weights and not batch_first else Origin.RECOMPUTED)


def test_cross_attention_counts_the_key_that_torch_adds() -> None:
    torch.manual_seed(0)
    network = attention_toys.CrossAttention().eval()
    with torch.no_grad():
        _, expected = network.attention(TOKENS[:, :2], TOKENS, TOKENS, average_attn_weights=False)
    weights = capture_attention(network, TOKENS)["attention"].weights
    assert weights.shape == (2, 2, 2, 6)
    torch.testing.assert_close(weights, expected, rtol=1e-5, atol=1e-6)


def test_fused_attention_takes_the_mask_scale_and_shared_heads_of_the_pass() -> None:
    torch.manual_seed(0)
    fused = attention_toys.FusedAttention()
    network = nn.Sequential(fused).eval()
    with torch.no_grad():
        query, key, _ = fused.project(TOKENS).unflatten(2, (-1, 4)).transpose(1, 2).split([2, 1, 1], 1)
    attention = capture_attention(network, TOKENS)["0"]
    assert attention.origin == Origin.RECOMPUTED
    assert attention.deviation < 1e-6
    for last in range(5):
        scores = torch.stack([query[:, :, last] @ key[b, 0, : last + 1].T for b in range(2)])
        expected = torch.stack([scores[b, b] for b in range(2)]).mul(0.3).softmax(-1)
        torch.testing.assert_close(attention.weights[:, :, last, : last + 1], expected)
        assert (attention.weights[:, :, last, last + 1 :] == 0).all()


def test_a_layer_that_attends_twice_has_numbered_calls() -> None:
    network = nn.Sequential(attention_toys.MaskedFusedAttention())
    record = capture_attention(network, TOKENS)
    assert list(record) == ["0#1", "0#2"]
    assert (record["0#1"].weights[:, :, 3, :2] == 0).all()
    only = capture_attention(network, TOKENS, ["0#2"])
    assert list(only) == ["0#2"]
    assert_bit_equal(only["0#2"].weights, record["0#2"].weights)
    assert not torch.equal(record["0#1"].weights, record["0#2"].weights)


def test_a_written_out_softmax_is_kept_as_it_was_used() -> None:
    network = nn.Sequential(attention_toys.WrittenOut())
    heads = TOKENS.unflatten(2, (2, 4)).transpose(1, 2)
    record = capture_attention(network, TOKENS)
    assert list(record) == ["0"]
    assert record["0"].origin == Origin.USED
    assert_bit_equal(record["0"].weights, (heads @ heads.transpose(-2, -1)).softmax(-1))


def test_timms_vit_gives_the_weights_of_its_pass_fused_or_not() -> None:
    timm = pytest.importorskip("timm")
    network = seeded(timm.create_model("vit_tiny_patch16_224", depth=2, reg_tokens=4, img_size=64))
    x = picture(64)
    with torch.no_grad():
        logits = network(x)
    fused = capture_attention(network, x)
    assert list(fused) == ["blocks.0.attn", "blocks.1.attn"]
    assert fused.output is not None
    assert_bit_equal(fused.output, logits)
    assert fused["blocks.1.attn"].layout == TokenGrid(5, (4, 4))
    assert fused["blocks.1.attn"].deviation < 1e-5
    for name in fused:
        vars(network.get_submodule(name))["fused_attn"] = False
    used = cloned_activations(network, x)["blocks.1.attn.attn_drop"][0]
    written = capture_attention(network, x)["blocks.1.attn"]
    assert written.origin == Origin.USED
    assert_bit_equal(written.weights, used)
    torch.testing.assert_close(fused["blocks.1.attn"].weights, used, rtol=1e-3, atol=1e-5)


def test_layers_without_attention_are_named_with_those_that_have_it() -> None:
    network = attention_toys.SelfAttention().eval()
    wrapped = nn.Sequential(network, nn.Linear(8, 8))
    with pytest.raises(UnknownLayerError, match=r"'1' has no attention.*'0\.attention'"):
        capture_attention(wrapped, TOKENS, ["1"])
    with pytest.raises(UnknownLayerError, match=r"'0\.atention' is not a layer.*'0\.attention'"):
        capture_attention(wrapped, TOKENS, ["0.atention"])
    with pytest.raises(UnknownLayerError, match=r"'0\.attention#2' has no attention"):
        capture_attention(wrapped, TOKENS, ["0.attention#2"])
    with pytest.raises(UnknownLayerError, match=r"'1' was not captured or has no attention"):
        capture_attention(wrapped, TOKENS)["1"]


def test_another_threads_attention_is_not_heard() -> None:
    inside, finished = threading.Event(), threading.Event()

    class Waits(nn.Module):
        """Lets the other thread run in the middle of a pass."""

        def forward(self, x: Tensor) -> Tensor:
            if threading.current_thread() is not stranger:
                inside.set()
                assert finished.wait(30)
            return x

    torch.manual_seed(0)
    layer = attention_toys.SelfAttention()
    network = nn.Sequential(Waits(), layer).eval()

    def call_directly() -> None:
        assert inside.wait(30)
        with torch.no_grad():
            network(TOKENS + 1)
        finished.set()

    stranger = threading.Thread(target=call_directly)
    stranger.start()
    record = capture_attention(network, TOKENS)
    stranger.join()
    assert list(record) == ["1.attention"]
    with torch.no_grad():
        _, expected = layer.attention(TOKENS, TOKENS, TOKENS, average_attn_weights=False)
    torch.testing.assert_close(record["1.attention"].weights, expected, rtol=1e-5, atol=1e-6)
