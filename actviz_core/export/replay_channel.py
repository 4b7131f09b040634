"""The functions that scripts of a channel's page are made of: plain torch, nothing of this project.

`actviz_core.export.channel_script` copies them into a script, word for word. Like `actviz_core.export.replay`
this is outside of `actviz_core.hooks`, because a script must not need that package.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def watched(
    network: nn.Module,
    inputs: Tensor,
    layer: str,
    number: int,
    change: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Tensor, Any]:
    """Run the network: what the layer's call of this number returned, changed if wanted, and the answer."""
    kept: list[Tensor] = []
    calls = 0

    def hook(_module: nn.Module, _arguments: Any, output: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls != number:
            return output
        if change is not None:
            output = change(output.clone())
        kept.append(output.clone())
        return output

    handle = network.get_submodule(layer).register_forward_hook(hook)
    try:
        answer = network.eval()(inputs)
    finally:
        handle.remove()
    return kept[0], answer


def share(answer: Any, index: int, *, areas: bool) -> float:
    """The probability of a class; with ``areas``, the share of the picture where it is ahead."""
    if isinstance(answer, dict):
        answer = answer["out"] if "out" in answer else answer["logits"]
    scores = answer.detach().double()
    if areas:
        return float((scores.reshape(scores.shape[-3:]).argmax(0) == index).double().mean())
    return float(scores.reshape(-1).softmax(0)[index])


def box_of(
    network: nn.Module, size: tuple[int, int], layer: str, number: int, position: int, like: Tensor
) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the pixels that a cell depends on: what is no number reaches it."""
    picture = torch.randn((1, 3, *size), generator=torch.Generator().manual_seed(0)).to(like)

    def shallowest(strip: Callable[[Tensor, int], Tensor], deepest: int) -> int:
        low, high = 0, deepest  # a strip of depth low does not reach the cell, one of depth high does
        while high - low > 1:
            depth = (low + high) // 2
            spoilt = picture.clone()
            strip(spoilt, depth).fill_(torch.nan)
            with torch.no_grad():
                reached = watched(network, spoilt, layer, number)[0].reshape(-1)[position].isnan()
            low, high = (low, depth) if reached else (depth, high)
        return low

    height, width = size
    return (
        shallowest(lambda x, depth: x[..., :depth, :], height),
        height - shallowest(lambda x, depth: x[..., height - depth :, :], height),
        shallowest(lambda x, depth: x[..., :depth], width),
        width - shallowest(lambda x, depth: x[..., width - depth :], width),
    )


def pixels_of_half(network: nn.Module, inputs: Tensor, layer: str, number: int, position: int) -> int:
    """So many pixels make up half of the gradient of one value."""
    variable = inputs.detach().clone().requires_grad_()
    with torch.enable_grad():
        watched(network, variable, layer, number)[0].reshape(-1)[position].backward()
    if variable.grad is None or not variable.grad.any():
        return 0
    sizes = variable.grad[0].double().abs().sum(0).reshape(-1).cpu().numpy()
    return int(np.searchsorted(np.cumsum(np.sort(sizes / sizes.sum())[::-1]), 0.5)) + 1


def weights_of(part: nn.Module, channel: int) -> dict[str, float]:
    """The channel's own weights: the length of its kernel for each input, what is multiplied, and added."""
    found: dict[str, float] = {}
    weight, bias = getattr(part, "weight", None), getattr(part, "bias", None)
    if isinstance(part, (nn.modules.conv._ConvNd, nn.Linear)):
        kernels, groups = part.weight.detach(), getattr(part, "groups", 1)
        if getattr(part, "transposed", False):
            size, (group, within) = len(kernels) // groups, divmod(channel, kernels.shape[1])
            kernels = kernels[group * size : (group + 1) * size, within]
        else:
            size, group = kernels.shape[1], channel // (len(kernels) // groups)
            kernels = kernels[channel]
        for at, length in enumerate(kernels.double().reshape(size, -1).norm(dim=1).tolist()):
            found[f"weights for {group * size + at}"] = length
        if bias is not None:
            found["bias"] = float(bias[channel].detach())
        return found
    if weight is not None:
        found["scale"] = float(weight[channel].detach())
    if bias is not None:
        found["shift"] = float(bias[channel].detach())
    mean, variance = getattr(part, "running_mean", None), getattr(part, "running_var", None)
    if mean is not None and variance is not None:
        scale = found.get("scale", 1.0) / (float(variance[channel]) + float(getattr(part, "eps", 0.0))) ** 0.5
        found["scale in all"] = scale
        found["shift in all"] = found.get("shift", 0.0) - float(mean[channel]) * scale
    return found


def told(found: dict[str, float], expected: dict[str, float]) -> bool:
    """Say of each number whether it is the same here."""
    same = True
    for name, there in expected.items():
        here = found[name]
        if here == there or (here != here and there != there):
            words = "equal"
        elif abs(here - there) <= 1e-4 * max(abs(here), abs(there)):
            words = f"equal to four digits, there {there!r}"
        else:
            words, same = f"DIFFERENT, there {there!r}", False
        print(f"{name}: {here!r}, {words}")
    return same
