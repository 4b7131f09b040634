"""Builds networks without touching torch's global random state, whatever other threads do."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


def seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Call ``build`` and give every random number from a generator of its own, on the CPU.

    The values are those that ``torch.manual_seed(seed)`` followed by ``build()`` would give; the global
    random state is neither read nor moved.
    """
    with _OwnRandomness(seed):
        return build()


def unfilled(build: Callable[[], nn.Module]) -> nn.Module:
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
