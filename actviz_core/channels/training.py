"""Tells from a network's parameters whether it was ever trained."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

_NORMS = (
    nn.modules.batchnorm._BatchNorm,
    nn.LayerNorm,
    nn.GroupNorm,
)
_ENOUGH = 256  # so many numbers at least show how they are distributed
_CLOSE = 0.1  # relative error of their spread


def is_untrained(module: nn.Module) -> bool:
    """Whether the parameters look as torch and the usual ways to start a network leave them.

    Normalisation scales by one, shifts by nothing and has seen no picture, and every bias is zero or drawn
    evenly from torch's own range for it, ``1 / sqrt(inputs)`` on both sides; both for all layers that have
    them, and at least one layer has. A network without any such layer counts as trained, since nothing tells.
    """
    signs = [sign for part in module.modules() for sign in _signs(part)]
    return bool(signs) and all(signs)


def _signs(part: nn.Module) -> Iterator[bool]:
    """For each thing in this layer that training would have changed: whether it is as at the start."""
    if isinstance(part, _NORMS):
        for value, start in (
            (part.weight, 1.0),
            (part.bias, 0.0),
            (getattr(part, "running_mean", None), 0.0),
            (getattr(part, "running_var", None), 1.0),
        ):
            if isinstance(value, Tensor) and not value.is_meta:
                yield bool((value == start).all())
    elif isinstance(part, (nn.modules.conv._ConvNd, nn.Linear)):
        bias = part.bias
        if isinstance(bias, Tensor) and not bias.is_meta and bias.any():
            yield _is_evenly_drawn(part.weight.detach().float(), bias.detach().float())
        elif isinstance(bias, Tensor) and not bias.is_meta:
            yield True


def _is_evenly_drawn(weight: Tensor, bias: Tensor) -> bool:
    """Whether bias, and weight where the bias is short, fill torch's range for them evenly."""
    bound = 1 / math.sqrt(max(1, weight[0].numel()))
    values = bias if bias.numel() >= _ENOUGH else torch.cat([bias.reshape(-1), weight.reshape(-1)])
    if float(values.abs().max()) > bound * (1 + 1e-6):
        return False
    spread = float(values.square().mean().sqrt()) / bound * math.sqrt(3)
    return abs(spread - 1) < _CLOSE or values.numel() < _ENOUGH
