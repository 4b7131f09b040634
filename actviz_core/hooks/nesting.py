"""Walks through what a module may return: tensors in tuples, lists, dicts and dataclasses, nested."""

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor


def named_tensors(value: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield each tensor with its place: ``""``, ``[0]``, ``[key]``, ``[0][key]``. Others are passed over."""
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from named_tensors(item, f"{path}[{key}]")
    elif isinstance(value, (tuple, list)):
        for index, item in enumerate(value):
            yield from named_tensors(item, f"{path}[{index}]")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from named_tensors(getattr(value, field.name), f"{path}[{field.name}]")


def shape_of(tensor: Tensor) -> tuple[int, ...]:
    """The shape of a tensor; of a nested one the number of its parts, then their largest sizes."""
    if not tensor.is_nested:
        return tuple(tensor.shape)
    parts = [part.shape for part in tensor.unbind()]
    return (len(parts), *(max(sizes) for sizes in zip(*parts, strict=True)))


def kind_of(value: Any) -> str:
    """What a value without tensors is, in words: ``None``, ``a number (int)``, ``an empty list``."""
    name = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float, complex)):
        return f"a number ({name})"
    if isinstance(value, Iterator):
        return f"an iterator ({name})"
    if isinstance(value, (Mapping, tuple, list)):
        return f"{'an empty' if not value else 'a'} {name}"
    return f"an object ({name})"


def tensors_in(value: Any, depth: int = 4) -> Iterator[Tensor]:
    """Yield the tensors in a value, without their places.

    Looks ``depth`` containers deep, since what a module holds may refer back to itself.
    """
    if isinstance(value, Tensor):
        yield value
    elif depth and isinstance(value, (Mapping, tuple, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from tensors_in(item, depth - 1)
    elif depth and dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from tensors_in(getattr(value, field.name, None), depth - 1)


def with_tensors(value: Any, change: Callable[[str, Tensor], Tensor], path: str = "") -> Any:
    """The same value with ``change(place, tensor)`` for each tensor; the value itself where none changes."""
    if isinstance(value, Tensor):
        return change(path, value)
    if isinstance(value, Mapping):
        found = {key: with_tensors(item, change, f"{path}[{key}]") for key, item in value.items()}
        if all(found[key] is item for key, item in value.items()):
            return value
        mapping: Any = copy.copy(value)
        for key, item in found.items():
            mapping[key] = item
        return mapping
    if isinstance(value, (tuple, list)):
        items = [with_tensors(item, change, f"{path}[{index}]") for index, item in enumerate(value)]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value)]
        parts = {name: with_tensors(getattr(value, name), change, f"{path}[{name}]") for name in fields}
        if all(parts[name] is getattr(value, name) for name in fields):
            return value
        changed = copy.copy(value)
        for name, part in parts.items():
            object.__setattr__(changed, name, part)
        return changed
    return value
