"""Reads one number from a network's answer: what a gradient is of, and what switching off is measured by."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from actviz_core.errors import TargetError
from actviz_core.hooks.nesting import named_tensors

# A class index, or a function from what the network returns to a tensor of one element.
Target = int | Callable[[Any], Tensor]


def answer_of(output: Any) -> Tensor:
    """The answer in what a network returned: its first tensor. Raises `TargetError` if there is none."""
    for _, tensor in named_tensors(output):
        return tensor
    raise TargetError(f"The network returned {type(output).__name__}, in which there is no tensor.")


def class_values(output: Any, target: int) -> Tensor:
    """The values of one class, summed over all axes but the pictures: shape (N,). Raises `TargetError`.

    An answer of one axis counts as that of one picture.
    """
    answer = answer_of(output)
    if answer.dim() == 0:
        raise TargetError("The network's answer is a single number: it has no classes.")
    if answer.dim() == 1:
        answer = answer[None]
    count = answer.shape[1]
    if isinstance(target, bool) or not 0 <= target < count:
        raise TargetError(
            f"There is no class {target}: the network's answer has the classes 0 to {count - 1}."
        )
    values = answer[:, target]
    return values if values.dim() == 1 else values.flatten(1).sum(1)


def number_of(output: Any, target: Target) -> Tensor:
    """The number that ``target`` picks from what a network returned, of shape (). Raises `TargetError`."""
    if callable(target):
        number: Any = target(output)
        if not isinstance(number, Tensor) or number.numel() != 1:
            got = f"shape {tuple(number.shape)}" if isinstance(number, Tensor) else type(number).__name__
            raise TargetError(f"The target function has to give a tensor of one element; it gave {got}.")
        number = number.reshape(())
    else:
        number = class_values(output, target).sum()
    if not torch.is_floating_point(number):
        raise TargetError(f"The answer holds {number.dtype}, which has no gradients.")
    return number
