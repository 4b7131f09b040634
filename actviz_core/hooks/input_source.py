"""Finds which layer or step made the tensor that goes into a layer."""

import weakref
from contextlib import suppress
from typing import Any

from torch import Tensor, nn

from actviz_core.hooks.nesting import named_tensors, tensors_in
from actviz_core.hooks.passes import StopPass, left_as_found, observed, run, unwrap
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import names_of_layers
from actviz_core.hooks.steps import StepWatch
from actviz_core.names import Selector


def input_source(module: nn.Module, inputs: Tensor | tuple[Any, ...], layer: str) -> str | None:
    """The layer or step whose result is the first tensor that goes into ``layer``, in its first call.

    Its call's name with the number of the call, ``layer1.0.relu#1`` or ``layer1.0/add#1``; the last one where
    a tensor went through several (in-place layers, ``nn.Identity``). None where it is the network's input, or
    was looked at in another way in between (``view``, ``permute``, ``chunk``). The pass ends there; it runs
    in eval mode, and the module is left as found.

    Raises `UnknownLayerError` for a layer that is not there or does not run.
    """
    network = unwrap(module)
    root = network.root
    aliases = names_of_layers(root, network.prefix)
    if layer not in aliases:
        raise unknown_name(layer, aliases, "is not a layer of this network")
    makers = _Makers()
    watch = StepWatch(root, makers)

    def before(_module: nn.Module, args: tuple[Any, ...]) -> None:
        makers.asked_for(next(tensors_in(args), None))
        raise StopPass

    with left_as_found(root, keep_mode=False, gradients=False):
        handle = root.get_submodule(aliases[layer]).register_forward_pre_hook(before)
        try:
            with (
                observed(root, makers.returned, watch.entered, watch.left),
                watch.ready(),
                suppress(StopPass),
            ):
                run(root, inputs)
        finally:
            handle.remove()
    if not makers.asked:
        raise unknown_name(layer, aliases, "never ran in this forward pass")
    return makers.answer


class _Makers:
    """Remembers who returned each tensor that is still alive."""

    def __init__(self) -> None:
        self.asked = False
        self.answer: str | None = None
        self._counts: dict[str, int] = {}
        self._made: dict[int, tuple[weakref.ref[Tensor], str]] = {}

    def returned(self, layer: str, output: Any) -> None:
        self._note(layer, output)

    def began(self) -> None:
        """Nothing to do before a step."""

    def stepped(self, name: str, result: Any, *, certain: bool) -> None:
        del certain  # a step that turns out to be a module's own output is then noted as the module's
        self._note(name, result)

    def withdrawn(self, name: str) -> None:
        self._counts[name] -= 1

    def settled(self) -> None:
        """Nothing to do when a module returns."""

    def asked_for(self, tensor: Tensor | None) -> None:
        self.asked = True
        found = self._made.get(id(tensor))
        if found is not None and found[0]() is tensor:
            self.answer = found[1]

    def _note(self, name: str, output: Any) -> None:
        self._counts[name] = self._counts.get(name, 0) + 1
        for place, tensor in named_tensors(output):
            self._made[id(tensor)] = (weakref.ref(tensor), f"{name}{Selector(self._counts[name], place)}")
