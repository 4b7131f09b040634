"""Reads what `capture` is asked for: layer, call and step names into what is wanted of each."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from torch import nn

from actviz_core.errors import UnknownLayerError
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.single_call import runs_at_most_once
from actviz_core.hooks.walk import all_names, named_modules
from actviz_core.names import CallName, Selector

Wanted = dict[str, tuple[Selector, ...]]
"""Which calls of each layer or step are wanted, by its own name."""


def parse(names: Iterable[str], aliases: Mapping[str, str], *, steps: bool) -> Wanted:
    """What is wanted of each layer and step, by their own names. Raises `UnknownLayerError`.

    Whether a step exists is known only from a pass: here its module has to exist.
    """
    wanted: Wanted = {}
    for name in [names] if isinstance(names, str) else names:
        asked = CallName.asked(name, aliases)
        if asked is None:
            raise unknown_name(name, aliases, "is not a layer of this network")
        if asked.function and not steps:
            raise UnknownLayerError(f"{name!r} is a step between layers; capture it with steps=True.")
        own = replace(asked, module=aliases[asked.module]).owner
        wanted[own] = (*wanted.get(own, ()), asked.selector)
    return wanted


def is_step(root: nn.Module, name: str) -> bool:
    """Whether a name can only be that of a step between layers; whether there is one, only a pass tells."""
    if "/" not in name:
        return False
    asked = CallName.asked(name, {layer for layer, _ in named_modules(root)})
    return asked is not None and asked.layer is None


def has_steps(root: nn.Module, names: Iterable[str]) -> bool:
    """Whether one of the names can only be that of a step."""
    return any(is_step(root, name) for name in names)


def call_of(root: nn.Module, call: str) -> CallName:
    """The parts of the name that a pass through ``root`` gave a call. Raises `UnknownLayerError`."""
    layers = {layer: None for layer, _ in named_modules(root)}
    name = CallName.made(call, layers)
    if name is None:
        raise unknown_name(call, layers, "is not a call of this network")
    return name


def last_calls(root: nn.Module, wanted: Wanted, aliases: Mapping[str, str]) -> dict[str, int] | None:
    """After which call each layer is done; None when that can't be known and the pass must run to its end."""
    last: dict[str, int] = {}
    for layer, selectors in wanted.items():
        numbers = [selector.number for selector in selectors if selector.number is not None]
        if len(numbers) == len(selectors):
            last[layer] = max(numbers)
        elif layer and layer in aliases and runs_at_most_once(root, layer):
            last[layer] = 1
        else:
            return None
    return last


def names_of_layers(root: nn.Module, prefix: str) -> dict[str, str]:
    """Every name a layer answers to (shared modules, wrappers) -> its first name in the network."""
    first: dict[int, str] = {}
    aliases = {name: first.setdefault(id(module), name) for name, module in all_names(root)}
    if prefix:
        aliases.update({f"{prefix}{name}".removesuffix("."): own for name, own in list(aliases.items())})
    return aliases


def names_of_steps(steps: Iterable[str], aliases: Mapping[str, str]) -> dict[str, str]:
    """Every name a step answers to: it follows the names of its module."""
    names: dict[str, list[str]] = {}
    for name, own in aliases.items():
        names.setdefault(own, []).append(name)
    parts = [(step, CallName.step(step)) for step in steps]
    return {
        replace(part, module=name).owner: step
        for step, part in parts
        if part is not None
        for name in names[part.module]
    }
