"""Walks through what a module may return: tensors in tuples, lists, dicts and dataclasses, nested."""

import dataclasses
from collections.abc import Iterator, Mapping
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
