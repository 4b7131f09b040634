"""Steps of real networks, bit for bit what an interpreter of their traced code computes.

The reference shares nothing with the watch: torch.fx traces the code, and each function's result is cloned
as it returns. Functions that tracing takes for one piece (Swin's attention) and layers of torch (its
transformer encoder) are written out here instead.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torchvision.models import get_model
from torchvision.models.feature_extraction import NodePathTracer

from actviz_core.hooks import capture
from tests.hooks.reference import assert_bit_equal

STEPS = {
    "resnet18": {"add": 8, "flatten": 1},
    "densenet121": {"cat": 62, "relu": 1, "adaptive_avg_pool2d": 1, "flatten": 1},
    "vit_b_16": {"cat": 1, "add": 25},
    "swin_t": {"add": 24},
    "maxvit_t": {"mul": 33, "add": 77, "einsum": 44, "softmax": 22},
    "inception_v3": {"relu": 94, "cat": 15, "avg_pool2d": 9, "max_pool2d": 2, "flatten": 1},
}
SIZES = {"vit_b_16": 224, "maxvit_t": 224, "inception_v3": 96}
WORDS = {"relu": "relu", "relu_": "relu", "iadd": "add"}


class Clones(fx.Interpreter):
    """Clones every function's result the moment it returns, by the module whose code calls it."""

    def __init__(self, network: nn.Module) -> None:
        tracer = NodePathTracer()
        graph = tracer.trace(network)
        super().__init__(fx.GraphModule(tracer.root, graph).eval())
        self.owners = {node.name: name.rpartition(".")[0] for node, name in tracer.node_to_qualname.items()}
        self.results: list[tuple[str, str, Tensor]] = []

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if n.op in ("call_function", "call_method") and isinstance(result, Tensor):
            function = n.target if isinstance(n.target, str) else n.target.__name__
            self.results.append((self.owners[n.name], WORDS.get(function, function), result.clone()))
        return result


def traced_steps(network: nn.Module, x: Tensor, functions: set[str]) -> dict[str, Tensor]:
    """The results of these functions by call name."""
    handles = [
        module.register_forward_hook(lambda *_: None) for module in network.modules()
    ]  # one path for all
    clones = Clones(network)
    with torch.no_grad():
        clones.run(x)
    for handle in handles:
        handle.remove()
    counts: dict[str, int] = {}
    steps: dict[str, Tensor] = {}
    for owner, function, result in clones.results:
        if function in functions:
            name = f"{owner}/{function}"
            counts[name] = counts.get(name, 0) + 1
            steps[f"{name}#{counts[name]}"] = result
    return steps


@pytest.mark.parametrize("name", STEPS)
def test_the_steps_of_a_network_are_those_of_its_traced_code(name: str) -> None:
    torch.manual_seed(0)
    network = get_model(name, **({"init_weights": False} if name == "inception_v3" else {})).eval()
    size = SIZES.get(name, 64)
    x = torch.randn(1, 3, size, size)
    expected = traced_steps(network, x, set(STEPS[name]))
    counts = dict.fromkeys(STEPS[name], 0)
    for call in expected:
        counts[call.rpartition("/")[2].partition("#")[0]] += 1
    assert counts == STEPS[name]
    record = capture(network, x, steps=True)
    for call, value in expected.items():
        assert_bit_equal(record[call], value)
    layers = capture(network, x)
    assert [call for call in record if "/" not in call] == list(layers)
    for call, value in layers.items():
        assert_bit_equal(record[call], value)


def test_the_steps_inside_swins_attention_are_those_of_its_function() -> None:
    torch.manual_seed(0)
    network = get_model("swin_t").eval()
    x = torch.randn(1, 3, 64, 64)
    record = capture(network, x, steps=True)
    name = "features.1.1"  # the first block that rolls its windows; 16 x 16 patches become 21 x 21
    block = network.get_submodule(name)
    expected = swin_attention(block.attn, record[f"{name}.norm1"])
    captured = {call for call in record if call.startswith(f"{name}.attn/")}
    assert captured == {f"{name}.attn/{step}" for step in expected}
    for step, value in expected.items():
        assert_bit_equal(record[f"{name}.attn/{step}"], value)
    assert_bit_equal(record[f"{name}/add#1"], record[f"{name[:-1]}0"] + record[f"{name}.attn"])


@torch.no_grad()
def swin_attention(attention: Any, x: Tensor) -> dict[str, Tensor]:
    """Shifted windows of 7 x 7 as the paper has them, in torchvision's order of operations."""
    (side, shift), heads, channels = (7, 3), attention.num_heads, x.shape[-1]
    steps: dict[str, Tensor] = {}
    missing = -x.shape[1] % side
    steps["pad#1"] = x = F.pad(x, (0, 0, 0, missing, 0, missing))
    rows = x.shape[1]
    steps["roll#1"] = x = torch.roll(x, (-shift, -shift), (1, 2))

    def windows(values: Tensor) -> Tensor:
        count = rows // side
        return (
            values.reshape(count, side, count, side, -1).permute(0, 2, 1, 3, 4).reshape(count**2, side**2, -1)
        )

    steps["linear#1"] = mixed = F.linear(windows(x[0]), attention.qkv.weight, attention.qkv.bias)
    query, key, value = mixed.reshape(len(mixed), side**2, 3, heads, channels // heads).permute(2, 0, 3, 1, 4)
    steps["mul#1"] = query = query * (channels // heads) ** -0.5
    steps["matmul#1"] = weights = query.matmul(key.transpose(-2, -1))
    steps["add#1"] = weights = weights + attention.get_relative_position_bias()
    region = torch.zeros(rows, rows)
    borders = (0, rows - side, rows - shift, rows)
    for count, (top, bottom) in enumerate(pairwise(borders)):
        for place, (left, right) in enumerate(pairwise(borders)):
            region[top:bottom, left:right] = 3 * count + place
    regions = windows(region[..., None]).squeeze(-1)
    steps["sub#1"] = difference = regions.unsqueeze(1) - regions.unsqueeze(2)
    steps["masked_fill#1"] = mask = difference.masked_fill(difference != 0, -100.0)
    steps["masked_fill#2"] = mask = mask.masked_fill(difference == 0, 0.0)
    steps["add#2"] = (weights.unsqueeze(0) + mask.unsqueeze(1).unsqueeze(0)).clone()
    weights = steps["add#2"].view(-1, heads, side**2, side**2)
    steps["softmax#1"] = weights = weights.softmax(-1)
    steps["matmul#2"] = mixed = weights.matmul(value)
    mixed = mixed.transpose(1, 2).reshape(-1, side**2, channels)
    steps["linear#2"] = mixed = F.linear(mixed, attention.proj.weight, attention.proj.bias)
    count = rows // side
    whole = (
        mixed.view(count, count, side, side, channels).permute(0, 2, 1, 3, 4).reshape(1, rows, rows, channels)
    )
    steps["roll#2"] = torch.roll(whole, (shift, shift), (1, 2))
    return steps


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("activation", [F.relu, F.gelu])
def test_the_steps_of_torchs_encoder_layer_are_those_of_its_formula(
    activation: Callable[[Tensor], Tensor], norm_first: bool, batch_first: bool
) -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(
        8, 2, 16, activation=activation, batch_first=batch_first, norm_first=norm_first
    )
    encoder = nn.Sequential(layer, nn.Linear(8, 8)).eval()
    tokens = torch.randn(2, 4, 8)
    record = capture(encoder, tokens, steps=True)

    def attend(x: Tensor) -> Tensor:
        return layer.self_attn(x, x, x, need_weights=False)[0]

    name = activation.__name__
    handle = layer.self_attn.register_forward_hook(lambda *_: None)  # off its fused kernel, as every capture
    with torch.no_grad():
        first = tokens + attend(layer.norm1(tokens) if norm_first else tokens)
        middle = first if norm_first else layer.norm1(first)
        active = activation(layer.linear1(layer.norm2(middle) if norm_first else middle))
        second = middle + layer.linear2(active)
    handle.remove()
    expected = {"0/add#1": first, f"0/{name}#1": active, "0/add#2": second}
    assert [call for call in record if "/" in call] == list(expected)
    for call, value in expected.items():
        assert_bit_equal(record[call], value)
