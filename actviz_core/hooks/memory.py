"""Keeps tensors as they are now, copying one only when something is about to write to its memory.

A network that works in place (``ReLU(inplace=True)``, ``+=``) overwrites what an earlier layer returned.
Copying every activation would be right but slow; keeping references would be fast but wrong. So references
are kept, and every operator that is about to write announces itself first.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from actviz_core.hooks.nesting import tensors_in
from actviz_core.hooks.walk import is_scripted, named_modules

_OWN_BOOKS = frozenset(vars(nn.Module()))  # what torch itself keeps in every module
_PLAIN_TENSORS = (Tensor, nn.Parameter)
_NO_TENSORS = frozenset((bool, int, float, str, type(None)))


class Kept:
    """A tensor as it was when it was kept; ``value`` is replaced by a copy before its memory changes."""

    __slots__ = ("value",)

    def __init__(self, value: Tensor) -> None:
        self.value = value


class CopyBeforeWrite(TorchDispatchMode):
    """While active (in this thread), protects every kept tensor from later writes."""

    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._kept: dict[int, list[Kept]] = {}

    def keep(self, tensor: Tensor) -> Kept:
        """Hold on to a tensor's present values, on the CPU."""
        if type(tensor) in _PLAIN_TENSORS:
            with torch._C._DisableTorchDispatch():  # or this mode would be told of it, which takes long
                tensor = tensor.detach()
        else:  # other kinds need their own dispatch
            tensor = tensor.detach()
        address = address_of(tensor)
        if address is None:
            return Kept(tensor.cpu() if tensor.device.type != "cpu" else tensor.clone())
        if tensor.untyped_storage().nbytes() > tensor.nbytes:  # a small view would hold all of its base
            return Kept(tensor.clone())
        kept = Kept(tensor)
        self._kept.setdefault(address, []).append(kept)
        return kept

    def release(self, belongs_to_others: Iterable[Tensor]) -> None:
        """Copy what shares memory with tensors that live on and may be written to after the pass."""
        for tensor in belongs_to_others:
            self._before_write(tensor)

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        for position, name in _written_arguments(func):
            written = args[position] if position < len(args) else kwargs.get(name)
            for tensor in (written,) if isinstance(written, Tensor) else tensors_in(written):
                self._before_write(tensor)
        return func(*args, **kwargs)

    def _before_write(self, tensor: Tensor) -> None:
        if not self._kept:
            return
        address = address_of(tensor)
        if address is not None:
            for kept in self._kept.pop(address, ()):
                kept.value = kept.value.clone()


def address_of(tensor: Tensor) -> int | None:
    """Where a tensor's memory begins, or None when it has no plain CPU memory of its own."""
    if not tensor.is_cpu or tensor.layout is not torch.strided or tensor.is_nested:
        return None
    return tensor.untyped_storage().data_ptr() or None


def tensors_of_model(root: nn.Module) -> Iterator[Tensor]:
    """Every parameter, buffer and tensor attribute that the modules hold on to between passes."""
    for _, module in named_modules(root):
        if is_scripted(module):
            yield from itertools.chain(module.parameters(), module.buffers())
            continue
        yield from (parameter for parameter in module._parameters.values() if parameter is not None)
        yield from (buffer for buffer in module._buffers.values() if buffer is not None)
        for name, value in vars(module).items():
            if type(value) not in _NO_TENSORS and name not in _OWN_BOOKS and not _plain_tuple(value):
                yield from tensors_in(value)


def _plain_tuple(value: object) -> bool:
    """Whether this is a stride, a padding or the like, which most layers have several of."""
    return type(value) is tuple and all(type(item) in _NO_TENSORS for item in value)


@cache
def _written_arguments(func: Callable[..., Any]) -> tuple[tuple[int, str], ...]:
    schema = getattr(func, "_schema", None)
    if schema is None or not schema.is_mutable:
        return ()
    return tuple(
        (position, argument.name)
        for position, argument in enumerate(schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    )
