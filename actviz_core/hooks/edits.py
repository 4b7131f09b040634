"""Changes what flows through a network: forward what a call returned, backward the gradient it passes on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from actviz_core.errors import EditError
from actviz_core.hooks.nesting import with_tensors
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import parse
from actviz_core.names import Selector, step_parts

Edit = Callable[[Tensor], Tensor]


def switch_off(channels: int | Sequence[int], *, axis: int = 1) -> Edit:
    """An edit that sets whole channels to zero; all others keep every bit.

    ``axis`` is the channels' axis: 1 in (N, C, H, W), -1 in tokens (N, L, C). Two of these are equal when
    they do the same. Where there is no such channel, the pass raises `EditError`.
    """
    return _Scaled(_numbers(channels), 0.0, axis)


def scale(channels: int | Sequence[int], factor: float, *, axis: int = 1) -> Edit:
    """An edit that multiplies whole channels by ``factor``; all others keep every bit.

    ``axis`` as in `switch_off`, and 0 is the same as that: also what was no number becomes zero.
    """
    return _Scaled(_numbers(channels), float(factor), axis)


def only_positive() -> Edit:
    """An edit that sets everything below zero to zero, as a ReLU does."""
    return F.relu


def check_changeable(tensor: Tensor) -> None:
    """Raise `EditError` for values of which torch cannot change a single channel."""
    kind = None
    if tensor.is_quantized:
        kind = "quantized"
    elif tensor.layout is not torch.strided:
        kind = "sparse"
    elif tensor.is_nested:
        kind = "nested"
    elif tensor.is_floating_point() and tensor.element_size() == 1:
        kind = str(tensor.dtype)
    if kind is not None:
        raise EditError(f"Torch cannot change a single channel of {kind} values.")


def _numbers(channels: int | Sequence[int]) -> tuple[int, ...]:
    return (channels,) if isinstance(channels, int) else tuple(dict.fromkeys(channels))


@dataclass(frozen=True)
class _Scaled:
    channels: tuple[int, ...]
    factor: float
    axis: int

    def __call__(self, tensor: Tensor) -> Tensor:
        check_changeable(tensor)
        axes = f"(shape {tuple(tensor.shape)})"
        if not -tensor.dim() <= self.axis < tensor.dim():
            raise EditError(f"There is no axis {self.axis} in what this call returned {axes}.")
        count = tensor.shape[self.axis]
        for channel in self.channels:
            if not 0 <= channel < count:
                there = f"there are 0 to {count - 1} along axis {self.axis} {axes}"
                raise EditError(f"There is no channel {channel}: {there}.")
        where = torch.tensor(self.channels, dtype=torch.long, device=tensor.device)
        if self.factor == 0:
            return tensor.index_fill(self.axis, where, 0)
        return tensor.index_copy(self.axis, where, tensor.index_select(self.axis, where) * self.factor)


@dataclass(frozen=True)
class _Asked:
    """An edit as it was asked for; ``selector`` tells which calls and parts of the layer."""

    name: str
    selector: Selector
    edit: Edit


class Editing:
    """Makes the edits of one pass. ``of_steps`` tells whether some are of steps between layers."""

    def __init__(self, edits: Mapping[str, Edit], aliases: Mapping[str, str], *, steps: bool) -> None:
        self._asked: dict[str, list[_Asked]] = {}
        for name, edit in edits.items():
            for own, (selector,) in parse([name], aliases, steps=steps).items():
                self._asked.setdefault(own, []).append(_Asked(name, selector, edit))
        self.of_steps = not self._asked.keys() <= aliases.keys()
        self._aliases = aliases
        self._counts = dict.fromkeys(self._asked, 0)
        self._made: set[str] = set()
        self._repeating = False

    def edited(self, name: str, output: Any) -> Any:
        """What the network goes on with after this call; the output itself where nothing is to be edited."""
        return self._visit(name, output, apply)

    def hooked(self, name: str, output: Any, hook: Callable[[Edit, Tensor, str], None]) -> None:
        """Call ``hook(edit, tensor, name of the edit)`` for what is to be edited."""

        def visit(edit: Edit, tensor: Tensor, asked: str) -> Tensor:
            hook(edit, tensor, asked)
            return tensor

        self._visit(name, output, visit)

    def _visit(self, name: str, output: Any, make: Callable[[Edit, Tensor, str], Tensor]) -> Any:
        asked = self._asked.get(name)
        if asked is None:
            return output
        self._counts[name] += 1
        for one in asked:
            if self._repeating and one.selector.number is not None:
                raise EditError(
                    f"{one.name!r} runs a second time in the backward pass (it is checkpointed): "
                    "there only all calls of a layer can be edited."
                )
            output = with_tensors(output, partial(self._make, one, self._counts[name], make))
        return output

    def withdrawn(self, name: str) -> None:
        """The last step of this name turned out to be its module's own output."""
        asked = self._asked.get(name, [])
        if asked and any(one.selector.selects(self._counts[name], "") for one in asked):
            module = step_parts(name)[0]
            raise EditError(f"The last {name!r} is what {module!r} itself returns: edit {module!r} instead.")
        if asked:
            self._counts[name] -= 1

    def repeating(self) -> None:
        """The pass has ended: what still runs is a checkpointed block's second time, in the backward pass."""
        self._repeating = True

    def all_made(self) -> None:
        """Raise `UnknownLayerError` for an edit of a call that did not happen in this whole pass."""
        for own, asked in self._asked.items():
            for one in asked:
                if one.name not in self._made and (one.selector or own not in self._aliases):
                    ran = f"{own!r} ran {self._counts[own]} times"
                    raise unknown_name(one.name, self._aliases, f"did not happen in this forward pass; {ran}")

    def _make(
        self,
        one: _Asked,
        number: int,
        make: Callable[[Edit, Tensor, str], Tensor],
        place: str,
        tensor: Tensor,
    ) -> Tensor:
        if not one.selector.selects(number, place):
            return tensor
        self._made.add(one.name)
        return make(one.edit, tensor, one.name)


def apply(edit: Edit, tensor: Tensor, name: str) -> Tensor:
    """The edit's tensor, made where no watch takes it for a step of the network. Raises `EditError`."""
    with torch._C.DisableTorchFunction():
        result: Any = edit(tensor)
    if not isinstance(result, Tensor):
        raise EditError(f"The edit of {name!r} gave {type(result).__name__}, where a tensor is needed.")
    if result.shape != tensor.shape or result.dtype != tensor.dtype:
        wanted = f"{tuple(tensor.shape)} of {tensor.dtype}"
        raise EditError(
            f"The edit of {name!r} gave {tuple(result.shape)} of {result.dtype}; {wanted} is needed."
        )
    return result
