"""Runs a network once and reduces what chosen calls return, at once and keeping no tensor."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from actviz_core.hooks.nesting import named_tensors
from actviz_core.hooks.passes import left_as_found, observed, run, unwrap
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import Wanted, has_steps, names_of_layers, parse
from actviz_core.hooks.steps import StepWatch
from actviz_core.names import CallName, Selector

R = TypeVar("R")
Reduce = Callable[[str, str, Tensor], R]


def reduce_calls(
    module: nn.Module, inputs: Tensor | tuple[Any, ...], layers: Sequence[str], reduce: Reduce[R]
) -> dict[str, R]:
    """Run ``module`` on ``inputs`` to its end; ``reduce(call, place, tensor)`` gets what ``layers`` returned.

    ``layers`` are names of layers, calls and steps as in `capture`. ``reduce`` is called within the pass, so
    that memory holds one activation at a time: the tensor is the network's own, on its device, and may be
    overwritten later, so read it and keep nothing of it. ``call`` always has its number (``conv1#1``), and
    ``place`` tells where in a nested result the tensor stands (``[0]``; "" for a tensor alone).

    The result maps call names, as in `capture`, to what ``reduce`` gave, in the order of execution. The
    module runs in eval mode without gradients and is left as found. Raises `UnknownLayerError` for a name
    that does not exist or did not happen; what the module and ``reduce`` raise passes through.
    """
    network = unwrap(module)
    root = network.root
    aliases = names_of_layers(root, network.prefix)
    steps = has_steps(root, layers)
    seen = _Reduced(parse(layers, aliases, steps=steps), aliases, reduce)
    with ExitStack() as stack:
        stack.enter_context(left_as_found(root, keep_mode=False, gradients=False))
        if steps:
            watch = StepWatch(root, seen)
            stack.enter_context(observed(root, seen.returned, watch.entered, watch.left))
            stack.enter_context(watch.ready())
        else:
            stack.enter_context(observed(root, seen.returned))
        run(root, inputs)
    return seen.named()


class _Reduced(Generic[R]):
    """Collects the reduced calls of one pass; a step that turns out to be its module's output is let go."""

    def __init__(self, wanted: Wanted, aliases: Mapping[str, str], reduce: Reduce[R]) -> None:
        self._wanted = wanted
        self._aliases = aliases
        self._reduce = reduce
        self._counts = dict.fromkeys(wanted, 0)
        self._steps: set[str] = set()
        self._found: list[tuple[str, int, str, R]] = []

    def returned(self, layer: str, output: Any) -> None:
        if layer not in self._counts:
            return
        self._counts[layer] += 1
        number = self._counts[layer]
        selectors = self._wanted[layer]
        for place, tensor in named_tensors(output):
            if any(selector.selects(number, place) for selector in selectors):
                with torch._C.DisableTorchFunction():  # or the reduction would count as steps of the network
                    reduced = self._reduce(f"{layer}{Selector(number)}", place, tensor)
                self._found.append((layer, number, place, reduced))

    def began(self) -> None:
        """Nothing to do before a step."""

    def stepped(self, name: str, result: Any, *, certain: bool) -> None:  # noqa: ARG002  # see `withdrawn`
        self._steps.add(name)
        self.returned(name, result)

    def withdrawn(self, name: str) -> None:
        if name in self._counts:
            number = self._counts[name]
            self._found = [found for found in self._found if found[:2] != (name, number)]
            self._counts[name] -= 1

    def settled(self) -> None:
        """Nothing to do: the pass runs to its end."""

    def named(self) -> dict[str, R]:
        """What was reduced, by call name. Raises `UnknownLayerError` for what did not happen."""
        named: dict[str, R] = {}
        for layer, number, place, reduced in self._found:
            alone = (
                layer not in self._steps
                and self._counts[layer] == 1
                and all(selector.number is None for selector in self._wanted[layer])
            )
            named[str(CallName.written(layer, number, place, self._aliases, alone=alone))] = reduced
        for layer, selectors in self._wanted.items():
            for selector in selectors:
                if not any(of == layer and selector.selects(number, at) for of, number, at, _ in self._found):
                    raise unknown_name(f"{layer}{selector}", named, "returned no tensor in this forward pass")
        return named
