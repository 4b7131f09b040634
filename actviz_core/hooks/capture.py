"""Runs a network once and returns, bit for bit, what chosen layers returned."""

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor, nn

from actviz_core.hooks.foresight import runs_at_most_once
from actviz_core.hooks.memory import CopyBeforeWrite, Kept, tensors_of_model
from actviz_core.hooks.nesting import named_tensors, tensors_in
from actviz_core.hooks.passes import StopPass, left_as_found, observed, run, unwrap
from actviz_core.hooks.record import Record, layer_of, unknown_name


def capture(
    module: nn.Module,
    inputs: Tensor | tuple[Any, ...],
    layers: Sequence[str] | None = None,
    *,
    keep_mode: bool = False,
    gradients: bool = False,
) -> Record:
    """Run ``module`` on ``inputs`` and keep what ``layers`` returned, at the moment they returned it.

    ``inputs`` is one tensor of any shape the module takes, or a tuple of its arguments. ``layers`` holds
    layer names (all calls of that layer) or call names (``relu#2``); None means every module below the root,
    and ``""`` is the root itself. The result maps call names to detached CPU tensors of the shapes and dtypes
    that the layers returned, in the order of execution.

    The pass runs in eval mode unless ``keep_mode``, without gradients unless ``gradients``, and ends as soon
    as nothing more is wanted. The module is left as found, also after an exception. Several threads may
    capture from the same module. Raises `UnknownLayerError` for a name that does not exist; what the module
    raises passes through.
    """
    network = unwrap(module)
    root = network.root
    aliases = _aliases(root, network.prefix)
    wanted = _parse([name for name, _ in root.named_modules() if name] if layers is None else layers, aliases)
    seen = _Seen(wanted, None if layers is None else _last_calls(root, wanted))
    if wanted:
        with left_as_found(root, keep_mode=keep_mode, gradients=gradients), observed(root, seen.returned):
            try:
                with seen.keeper:
                    run(root, inputs)
            except StopPass:
                pass
            seen.keeper.release(tensors_in(inputs))
            seen.keeper.release(tensors_of_model(root))
    return seen.record(aliases)


# What is wanted of a layer: "" is every call, "#2" the second, "#2[0]" or "[0]" a part of what it returned.
_Wanted = dict[str, tuple[str, ...]]


class _Seen:
    """Collects the wanted calls of one pass, and ends it after the last of them."""

    def __init__(self, wanted: _Wanted, last_calls: dict[str, int] | None) -> None:
        self.keeper = CopyBeforeWrite()
        self._wanted = wanted
        self._waiting_for = last_calls
        self._counts = dict.fromkeys(wanted, 0)
        self._kept: list[tuple[str, int, str, Kept]] = []

    def returned(self, layer: str, output: Any) -> None:
        if layer not in self._counts:
            return
        self._counts[layer] += 1
        number = self._counts[layer]
        self._kept.extend(
            (layer, number, place, self.keeper.keep(tensor))
            for place, tensor in named_tensors(output)
            if any(_matches(rest, number, place) for rest in self._wanted[layer])
        )
        if self._waiting_for is not None and self._waiting_for.get(layer) == number:
            del self._waiting_for[layer]
            if not self._waiting_for:
                raise StopPass

    def record(self, aliases: dict[str, str]) -> Record:
        values: dict[str, Tensor] = {}
        calls: dict[str, list[str]] = {layer: [] for layer in self._wanted}
        for layer, number, place, kept in self._kept:
            numbered = self._counts[layer] > 1 or any(rest.startswith("#") for rest in self._wanted[layer])
            name = f"{layer}#{number}{place}" if numbered else f"{layer}{place}"
            values[name] = kept.value
            calls[layer].append(name)
        for layer, rests in self._wanted.items():
            for rest in filter(None, rests):
                if not any(
                    _matches(rest, number, place) for of, number, place, _ in self._kept if of == layer
                ):
                    ran = f"{layer!r} ran {self._counts[layer]} times"
                    raise unknown_name(layer + rest, values, f"did not happen in this forward pass; {ran}")
        return Record(values, {layer: tuple(names) for layer, names in calls.items()}, aliases)


def _matches(rest: str, number: int, place: str) -> bool:
    return (
        any(full == rest or full.startswith(f"{rest}[") for full in (f"#{number}{place}", place)) or not rest
    )


def _parse(names: Iterable[str], aliases: dict[str, str]) -> _Wanted:
    wanted: _Wanted = {}
    for name in [names] if isinstance(names, str) else names:
        layer = layer_of(name, aliases)
        if layer is None:
            raise unknown_name(name, aliases, "is not a layer of this network")
        own = aliases[layer]
        wanted[own] = (*wanted.get(own, ()), name[len(layer) :])
    return wanted


def _last_calls(root: nn.Module, wanted: _Wanted) -> dict[str, int] | None:
    """After which call each layer is done; None when that can't be known and the pass must run to its end."""
    last: dict[str, int] = {}
    for layer, rests in wanted.items():
        numbers = [rest[1:].split("[")[0] for rest in rests if rest.startswith("#")]
        if len(numbers) == len(rests) and all(number.isdigit() for number in numbers):
            last[layer] = max(map(int, numbers))
        elif layer and runs_at_most_once(root, layer):
            last[layer] = 1
        else:
            return None
    return last


def _aliases(root: nn.Module, prefix: str) -> dict[str, str]:
    """Every name a layer answers to (shared modules, wrappers) -> its first name in the network."""
    first = {id(module): name for name, module in root.named_modules()}
    aliases = {name: first[id(module)] for name, module in root.named_modules(remove_duplicate=False)}
    if prefix:
        aliases.update({f"{prefix}{name}".removesuffix("."): own for name, own in list(aliases.items())})
    return aliases
