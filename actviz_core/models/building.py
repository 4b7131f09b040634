"""Builds networks without touching torch's global random state, and within the memory that is free."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from actviz_core.errors import NotEnoughMemoryError
from actviz_core.system.allocator import give_back
from actviz_core.system.free_memory import available_memory


def check_memory(what: str, needed: int | None, *, at_least: bool = False) -> None:
    """Raise `NotEnoughMemoryError` if a network needs more bytes than are free; None is not known.

    ``what`` is who needs them, as the message begins: a model key, or what is done with it.
    """
    if needed is None:
        return
    available = available_memory()
    if available is not None and needed > available:
        give_back()  # what was freed may still be with the C library
        available = max(available, available_memory() or 0)
    if available is not None and needed > available:
        amount = f"at least {_gigabytes(needed)}" if at_least else _gigabytes(needed)
        raise _too_large(what, amount, available, needed - available)


@contextmanager
def within_memory(key: str) -> Iterator[None]:
    """Raise `NotEnoughMemoryError` as soon as the layers built inside need more memory than was free."""
    available = available_memory()
    if available is None:
        yield
    else:
        with _WithinMemory(key, available):
            yield


class _WithinMemory(TorchFunctionMode):
    """Adds up what `torch.empty` makes, from which layers take their parameters, before it is made."""

    def __init__(self, key: str, available: int) -> None:
        super().__init__()
        self._key = key
        self._available = available
        self._needed = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        device = str(kwargs.get("device") or torch.get_default_device())
        if func is torch.empty and "out" not in kwargs and device == "cpu":
            self._add(func(*args, **kwargs | {"device": "meta", "pin_memory": False}))
        return func(*args, **kwargs)

    def _add(self, coming: Tensor) -> None:
        if coming.layout is not torch.strided:
            return
        self._needed += coming.nbytes
        if self._needed > self._available:
            missing = self._needed - self._available
            needed = f"at least {_gigabytes(self._needed)}"
            raise _too_large(self._key, needed, self._available, missing)


def _too_large(what: str, needed: str, available: int, missing: int) -> NotEnoughMemoryError:
    return NotEnoughMemoryError(
        f"{what} needs {needed} of memory, and {_gigabytes(available)} are free here. Choose a smaller "
        "network, or start the server on a machine with more memory.",
        missing,
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.2f} GB" if count < 1e10 else f"{count / 1e9:,.0f} GB"


def seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Call ``build`` and give every random number from a generator of its own, on the CPU.

    The values are those that ``torch.manual_seed(seed)`` followed by ``build()`` would give; the global
    random state is neither read nor moved.
    """
    with _OwnRandomness(seed):
        return build()


def on_meta_device(build: Callable[[], nn.Module]) -> nn.Module:
    """Call ``build`` and leave its parameters without memory and values, on the meta device.

    What a network computes for itself while it is built (index tables, widths) is computed as always, so only
    loading a state dict with ``assign=True`` is missing. The global random state is left alone.
    """
    with _OwnRandomness(0), _EmptyOnMeta():
        return build()


class _OwnRandomness(TorchDispatchMode):
    """Hands a generator to each operation of this thread that would take the CPU's global one."""

    def __init__(self, seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if torch.Tag.nondeterministic_seeded in func.tags and _on_cpu(args, kwargs):
            func = _with_generator(func)
            if kwargs.get("generator") is None:
                kwargs["generator"] = self._generator
        return func(*args, **kwargs)


def _with_generator(func: Any) -> Any:
    """Pick the overload that takes a generator: of ``rand.default`` it is ``rand.generator``."""
    if any(argument.name == "generator" for argument in func._schema.arguments):
        return func
    name = "generator" if func._overloadname == "default" else f"{func._overloadname}_generator"
    return getattr(func.overloadpacket, name)


def _on_cpu(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    devices = {str(arg.device) for arg in args if isinstance(arg, Tensor)} | {str(kwargs.get("device"))}
    return devices <= {"cpu", "None"}


# In-place operations that change nothing but values. Skipping them makes large networks quick to build.
_FILLS = frozenset(
    f"{name}_"
    for name in (
        *("uniform", "normal", "bernoulli", "erfinv", "mul", "add", "sub", "div", "clamp"),
        *("fill", "zero", "copy", "constant", "ones", "zeros"),
        *("kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal", "trunc_normal"),
    )
)


class _EmptyOnMeta(TorchFunctionMode):
    """Memory that nobody has filled yet is not allocated, and not filled either."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.empty and kwargs.get("device") is None:
            kwargs["device"] = "meta"
        elif getattr(func, "__name__", "") in _FILLS:
            target = args[0] if args else kwargs.get("tensor")
            if isinstance(target, Tensor) and target.is_meta:
                return target
        return func(*args, **kwargs)
