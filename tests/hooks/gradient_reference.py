"""The plainest right way to get gradients, to compare with: a tensor hook on what each module returned."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn


def tensors(output: Any, place: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors of an output, alone or in tuples, lists and dicts, with their place."""
    if isinstance(output, Tensor):
        yield place, output
    elif isinstance(output, dict):
        for key, item in output.items():
            yield from tensors(item, f"{place}[{key}]")
    elif isinstance(output, (tuple, list)):
        for index, item in enumerate(output):
            yield from tensors(item, f"{place}[{index}]")


def hooked_gradients(
    module: nn.Module, x: Tensor, number: Callable[[Any], Tensor]
) -> dict[str, Tensor | None]:
    """Every call's gradient, None where no hook was called, and ``input``; an own pass in eval mode."""
    seen: dict[tuple[str, int, str], Tensor | None] = {}
    counts: dict[str, int] = {}
    forward = [True]  # a checkpointed block runs again in the backward pass

    def keeping(layer: str) -> Any:
        def keep(_module: nn.Module, _args: Any, output: Any) -> None:
            if not forward:
                return
            counts[layer] = counts.get(layer, 0) + 1
            for place, tensor in tensors(output):
                key = layer, counts[layer], place
                seen[key] = None
                if tensor.requires_grad:
                    tensor.register_hook(lambda gradient, key=key: _keep(seen, key, gradient))

        return keep

    modes = [(child, child.training) for child in module.modules()]
    grads = [(parameter, parameter.grad) for parameter in module.parameters()]
    handles = [child.register_forward_hook(keeping(name)) for name, child in module.named_modules() if name]
    try:
        module.eval()
        leaf = x.clone().requires_grad_()
        with torch.enable_grad():
            value = number(module(leaf * 1))
            forward.clear()
            value.backward()
    finally:
        for handle in handles:
            handle.remove()
        for child, mode in modes:
            child.training = mode
        for parameter, grad in grads:
            parameter.grad = grad
    found = {
        f"{layer}#{call}{place}" if counts[layer] > 1 else f"{layer}{place}": gradient
        for (layer, call, place), gradient in seen.items()
    }
    return {"input": leaf.grad} | found


def _keep(
    seen: dict[tuple[str, int, str], Tensor | None], key: tuple[str, int, str], gradient: Tensor
) -> None:
    seen[key] = gradient.detach().clone()
