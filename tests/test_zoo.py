"""Every network of torchvision, every call of it, bit for bit what plain hooks see."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights

from actviz_core import capture
from actviz_core.models.building import on_meta_device
from actviz_core.models.torchvision_networks import building_arguments, torchvision_networks
from tests.support.filling import with_some_values

NAMES = [network.name for network in torchvision_networks()]
SMALLER = {"swin": 32}  # torchvision gives 224 or 256 as the smallest, but pads whatever comes


def test_the_whole_zoo_is_walked() -> None:
    assert len(NAMES) == len(set(NAMES)) == 86


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_call_is_captured_bit_for_bit(name: str) -> None:
    entry = min(get_model_weights(name), key=lambda entry: entry.meta["min_size"])
    module = with_some_values(on_meta_device(lambda: get_model(name, **building_arguments(name, entry))))
    side = SMALLER.get(name.split("_")[0], entry.meta["min_size"][0])
    x = torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(1))
    expected, output = reference(module, x)
    record = capture(module, x)
    assert list(record) == list(expected)
    for call, value in expected.items():
        assert (record[call].dtype, record[call].shape) == (value.dtype, value.shape), call
        assert record[call].equal(value) or same_bits(record[call], value), call
    ran = {call.split("[")[0].split("#")[0] for call in record}
    assert len(ran) > 0.8 * sum(not module._modules for module in module.modules())
    assert all(bool(value.isfinite().all()) and float(value.std()) > 0 for _, value in tensors(output))


def reference(module: nn.Module, x: Tensor) -> tuple[dict[str, Tensor], Any]:
    """Every call's tensors from cloning forward hooks, by call name in the order of execution; the output."""
    seen: list[tuple[str, int, str, Tensor]] = []
    counts: dict[str, int] = {}

    def keeping(layer: str) -> Any:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
            counts[layer] = counts.get(layer, 0) + 1
            seen.extend((layer, counts[layer], place, tensor.clone()) for place, tensor in tensors(output))

        return keep

    handles = [part.register_forward_hook(keeping(name)) for name, part in module.named_modules() if name]
    with torch.no_grad():
        output = module(x)
    for handle in handles:
        handle.remove()
    calls = {
        f"{layer}#{number}{place}" if counts[layer] > 1 else f"{layer}{place}": tensor
        for layer, number, place, tensor in seen
    }
    assert len(calls) == len(seen)
    return calls, output


def tensors(output: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors of an output, alone or in a tuple or dict, with their place."""
    if isinstance(output, Tensor):
        yield "", output
    elif isinstance(output, tuple):
        yield from ((f"[{place}]", item) for place, item in enumerate(output) if isinstance(item, Tensor))
    elif isinstance(output, dict):
        yield from ((f"[{place}]", item) for place, item in output.items())
    else:
        assert output is None


def same_bits(first: Tensor, second: Tensor) -> bool:
    """Also where there are values that are no numbers."""
    return first.contiguous().numpy().tobytes() == second.contiguous().numpy().tobytes()
