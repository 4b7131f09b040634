"""Tells whether two networks would make the same shapes of the same input, whatever their weights are."""

import dataclasses
import types
from collections.abc import Hashable, Iterator, Mapping
from enum import Enum
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from actviz_core.hooks.walk import is_scripted

_BOOKS = frozenset(vars(nn.Module())) - {"training"}
_HOOKS = tuple(sorted(name for name in _BOOKS if name.endswith("_hooks")))
_TELLS_OF_WEIGHTS = frozenset(("pretrained_cfg", "default_cfg"))  # timm's notes about a file
_PLAIN = (
    bool, int, float, complex, str, bytes, type(None), type, range, slice, Enum, torch.dtype, torch.device,
    torch.Size, types.BuiltinFunctionType,
)  # fmt: skip
_LARGEST = 10_000  # entries of a container; more is data rather than a description


class _NotPlainError(Exception):
    """Something whose equality is not known: an object, a closure, an array."""


def architecture_of(network: nn.Module) -> Hashable | None:
    """What a network is made of: equal for two networks that differ in nothing but the values of tensors.

    Names, classes, shapes and dtypes count, and all plain attributes (numbers, texts, containers of these,
    functions): a stride changes no parameter's shape. None where a module holds something that cannot be
    compared, such as an object, a closure or a hook.
    """
    first: dict[int, str] = {}
    first_tensors: dict[int, str] = {}
    parts: list[Hashable] = []
    try:
        for name, module in network.named_modules(remove_duplicate=False):
            own = first.setdefault(id(module), name)
            if own == name:
                parts.append((name, type(module), *_description(module, name, first_tensors)))
            else:
                parts.append((name, own))
    except _NotPlainError:
        return None
    return tuple(parts)


def _description(module: nn.Module, own_name: str, first: dict[int, str]) -> Iterator[Hashable]:
    """What tells of a module; tensors with their first name in the network, since some are shared."""
    if is_scripted(module) or any(getattr(module, name) for name in _HOOKS):
        raise _NotPlainError
    for tensors in (module._parameters, module._buffers):
        yield tuple(
            (
                name,
                _plain(tensor),
                None if tensor is None else first.setdefault(id(tensor), f"{own_name}.{name}"),
            )
            for name, tensor in tensors.items()
        )
    for name, value in vars(module).items():
        if name not in _BOOKS and name not in _TELLS_OF_WEIGHTS and name != "training":
            yield name, _plain(value)


def _plain(value: Any, depth: int = 6) -> Hashable:
    """The value, or what stands for it; 1, 1.0 and True are three things."""
    if isinstance(value, Tensor):
        return Tensor, tuple(value.shape), value.dtype, str(value.layout)
    if isinstance(value, types.FunctionType) and value.__closure__ is None:
        return value
    if isinstance(value, slice):
        return slice, _plain(value.start), _plain(value.stop), _plain(value.step)
    if isinstance(value, _PLAIN):
        return type(value), value
    if not depth:
        raise _NotPlainError
    if isinstance(value, partial):
        return partial, *(_plain(part, depth - 1) for part in (value.func, value.args, value.keywords))
    if isinstance(value, (list, tuple, set, frozenset, Mapping)) and len(value) <= _LARGEST:
        entries = value.items() if isinstance(value, Mapping) else value
        plain = [_plain(entry, depth - 1) for entry in entries]
        return type(value), frozenset(plain) if isinstance(value, (set, frozenset)) else tuple(plain)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), *(
            _plain(getattr(value, field.name, None), depth - 1) for field in dataclasses.fields(value)
        )
    raise _NotPlainError
