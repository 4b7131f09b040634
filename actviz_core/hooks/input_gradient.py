"""Follows one number of what a layer or step returned back to the network's input."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import torch
from torch import Tensor, nn

from actviz_core.errors import ChannelError
from actviz_core.hooks.nesting import named_tensors
from actviz_core.hooks.passes import StopPass, left_as_found, observed, run, unwrap
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import Wanted, names_of_layers, parse
from actviz_core.hooks.steps import StepWatch


def input_gradient(
    module: nn.Module, inputs: Tensor, call: str, objective: Callable[[Tensor], Tensor]
) -> tuple[float, Tensor]:
    """The number that ``objective`` makes of what ``call`` returned, and its gradient at ``inputs``.

    ``call`` is one call of a layer or step with its number: ``relu#2``, ``layer1.0/add#1``, ``lstm#1[0]``.
    ``objective`` gets the tensor as it was when it was returned and gives a tensor of one element; the pass
    ends there. The gradient is a tensor like ``inputs``, zero where the number does not depend on a value.
    The pass runs in eval mode; the module is left as found, the gradients of its parameters included.

    Raises `UnknownLayerError` where there is no such call, and `ChannelError` where torch follows no gradient
    from it to the input. What the module raises passes through.
    """
    network = unwrap(module)
    root = network.root
    aliases = names_of_layers(root, network.prefix)
    seen = _Seen(parse([call], aliases, steps=True), objective)
    variable = inputs.detach().clone().requires_grad_()
    with left_as_found(root, keep_mode=False, gradients=True):
        with ExitStack() as stack:
            if seen.layer in aliases:
                stack.enter_context(observed(root, seen.returned))
            else:
                watch = StepWatch(root, seen)
                stack.enter_context(observed(root, seen.returned, watch.entered, watch.left))
                stack.enter_context(watch.ready())
            with suppress(StopPass):
                run(root, variable)
        number = seen.number
        if number is None:
            raise unknown_name(call, aliases, "did not happen in this forward pass")
        if not number.requires_grad:
            raise ChannelError(f"Torch follows no gradient from {call!r} to the input.")
        (gradient,) = torch.autograd.grad(number, variable, allow_unused=True)
    found = torch.zeros_like(variable) if gradient is None else gradient
    return float(number.detach()), found.detach()


class _Seen:
    """Makes the number when the call happens, and ends the pass."""

    def __init__(self, wanted: Wanted, objective: Callable[[Tensor], Tensor]) -> None:
        ((self.layer, (selector,)),) = wanted.items()
        self._wanted = 1 if selector.number is None else selector.number
        self._place = selector.part
        self._objective = objective
        self._count = 0
        self.number: Tensor | None = None

    def returned(self, layer: str, output: Any) -> None:
        if layer == self.layer:
            self._see(output)
        self.settled()

    def began(self) -> None:
        """Nothing to do before a step."""

    def stepped(self, name: str, result: Any, *, certain: bool) -> None:
        if name == self.layer:
            self._see(result)
        if certain:
            self.settled()

    def withdrawn(self, name: str) -> None:
        if name == self.layer:
            if self._count == self._wanted:
                self.number = None
            self._count -= 1

    def settled(self) -> None:
        if self.number is not None:
            raise StopPass

    def _see(self, output: Any) -> None:
        self._count += 1
        if self._count == self._wanted:
            found = dict(named_tensors(output)).get(self._place)
            self.number = None if found is None else self._objective(found)
