"""The plainest way to get activations, to compare with: a cloning hook on every module."""

from typing import Any

import torch
from torch import Tensor, nn


def cloned_activations(module: nn.Module, *inputs: Tensor) -> dict[str, list[Tensor]]:
    """Every layer's first-tensor outputs, call by call, from the module's own eval-mode pass."""
    seen: dict[str, list[Tensor]] = {}

    def keep(name: str) -> Any:
        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                seen.setdefault(name, []).append(output.detach().clone())

        return hook

    modes = [(child, child.training) for child in module.modules()]
    handles = [child.register_forward_hook(keep(name)) for name, child in module.named_modules() if name]
    try:
        module.eval()
        with torch.no_grad():
            module(*inputs)
    finally:
        for handle in handles:
            handle.remove()
        for child, mode in modes:
            child.training = mode
    return seen


def assert_bit_equal(first: Tensor, second: Tensor) -> None:
    """Equal in shape, dtype and every bit; NaN equals the same NaN, and -0.0 differs from 0.0."""
    assert first.shape == second.shape
    assert first.dtype == second.dtype
    assert first.contiguous().numpy().tobytes() == second.contiguous().numpy().tobytes()
