"""Reads what `capture` is asked for: layer, call and step names into what is wanted of each."""

import re
from collections.abc import Iterable, Mapping

from torch import nn

from actviz_core.errors import UnknownLayerError
from actviz_core.hooks.record import layer_of, unknown_name
from actviz_core.hooks.single_call import runs_at_most_once
from actviz_core.hooks.walk import all_names, named_modules

# What is wanted of a layer or a step: "" is every call, "#2" the second, "#2[0]" or "[0]" a part of a result.
Wanted = dict[str, tuple[str, ...]]

_STEP = re.compile(r"(?P<module>[^/]*)/(?P<function>\w+)(?P<selector>.*)")
_SELECTOR = re.compile(r"(?P<number>(#\d+)?)(\[.*)?")


def parse(names: Iterable[str], aliases: Mapping[str, str], *, steps: bool) -> Wanted:
    """What is wanted of each layer and step, by their own names. Raises `UnknownLayerError`.

    Whether a step exists is known only from a pass: here its module has to exist.
    """
    wanted: Wanted = {}
    for name in [names] if isinstance(names, str) else names:
        layer = layer_of(name, aliases)
        step = _STEP.fullmatch(name) if layer is None else None
        if layer is not None:
            own, selector = aliases[layer], name[len(layer) :]
        elif step is None or step["module"] not in aliases:
            raise unknown_name(name, aliases, "is not a layer of this network")
        elif not steps:
            raise UnknownLayerError(f"{name!r} is a step between layers; capture it with steps=True.")
        else:
            own, selector = f"{aliases[step['module']]}/{step['function']}", step["selector"]
        wanted[own] = (*wanted.get(own, ()), selector)
    return wanted


def step_of(name: str) -> str | None:
    """The step that a name belongs to, with its number if it has one: ``/max#1`` of ``/max#1[0]``.

    None for what cannot be a step's name; whether there is such a step only a pass tells.
    """
    step = _STEP.fullmatch(name)
    if step is None or not (selector := _SELECTOR.fullmatch(step["selector"])):
        return None
    return f"{step['module']}/{step['function']}{selector['number']}"


def is_step(root: nn.Module, name: str) -> bool:
    """Whether a name can only be that of a step between layers; whether there is one, only a pass tells."""
    if step_of(name) is None:
        return False
    return layer_of(name, {layer: None for layer, _ in named_modules(root)}) is None


def has_steps(root: nn.Module, names: Iterable[str]) -> bool:
    """Whether one of the names can only be that of a step."""
    return any(is_step(root, name) for name in names)


def function_of(step: str) -> str:
    """The function of a step: ``add`` of ``layer1.0/add#1``."""
    return step.rpartition("/")[2].partition("#")[0].partition("[")[0]


def matches(selector: str, number: int, place: str) -> bool:
    """Whether ``selector`` wants this part (``place``) of the call with this number."""
    return (
        any(full == selector or full.startswith(f"{selector}[") for full in (f"#{number}{place}", place))
        or not selector
    )


def last_calls(root: nn.Module, wanted: Wanted, aliases: Mapping[str, str]) -> dict[str, int] | None:
    """After which call each layer is done; None when that can't be known and the pass must run to its end."""
    last: dict[str, int] = {}
    for layer, selectors in wanted.items():
        numbers = [selector[1:].split("[")[0] for selector in selectors if selector.startswith("#")]
        if len(numbers) == len(selectors) and all(number.isdigit() for number in numbers):
            last[layer] = max(map(int, numbers))
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
    parts = [(step, *step.rsplit("/", 1)) for step in steps]
    return {f"{name}/{function}": step for step, module, function in parts for name in names[module]}
