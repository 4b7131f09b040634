"""Watches the functional steps between layers: the residual ``+``, ``F.relu``, ``flatten``, ``torch.cat``.

A step is named by the module whose own code makes it, and by its order there: ``layer1.0/add#1``, or
``/flatten#1`` in the root's code. What counts as a step: arithmetic and matrix products, everything in
`torch.nn.functional` (also written as a method or as ``torch.relu``), reductions, and what joins, flattens or
moves values (``cat``, ``stack``, ``flatten``, ``roll``, ...). What doesn't: looking at the same values in
another way (``view``, ``reshape``, ``permute``, ``chunk``, indexing), making new tensors, comparisons, and a
dropout that hands back its input.

Two more rules keep a layer and its own work from appearing twice. Code of `torch.nn` layers is never split
(the ``F.conv2d`` inside ``nn.Conv2d`` is the layer), except that of transformer encoder and decoder layers,
whose residual sums are worth seeing. And where a module without children returns the result of its last step,
that step is the module's own output and is left out.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode, _pop_mode, _push_mode

from actviz_core.hooks.edits import Editing
from actviz_core.hooks.nesting import tensors_in
from actviz_core.hooks.walk import named_modules

_ARITHMETIC = """
    add sub mul div floor_divide remainder pow neg abs sign exp expm1 log log1p sqrt rsqrt square reciprocal
    sin cos tan atan atan2 erf clamp minimum maximum round floor ceil lerp addcmul addcdiv where masked_fill
"""
_PRODUCTS = "matmul mm bmm mv dot outer einsum tensordot addmm addmv addbmm baddbmm kron"
_REDUCTIONS = "sum mean prod amax amin max min median std var norm logsumexp cumsum cumprod topk sort"
_ARRANGING = """
    cat stack hstack vstack flatten roll flip rot90 repeat_interleave tile index_select gather
"""
_OPERATIONS = frozenset(f"{_ARITHMETIC} {_PRODUCTS} {_REDUCTIONS} {_ARRANGING}".split())
_SAME = {
    "rsub": "sub", "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div",
    "truediv": "div", "rdiv": "div", "rtruediv": "div", "rpow": "pow", "rmatmul": "matmul", "negative": "neg",
    "absolute": "abs", "clip": "clamp", "clamp_min": "clamp", "clamp_max": "clamp", "mod": "remainder",
    "floordiv": "floor_divide", "rfloordiv": "floor_divide", "concat": "cat", "concatenate": "cat",
}  # fmt: skip
_OPEN_LAYERS = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)


class StepObserver(Protocol):
    """Who is told about steps; ``name`` is the step without its number, such as ``layer1.0/add``."""

    def began(self) -> None:
        """A step is about to run."""

    def stepped(self, name: str, result: Any, *, certain: bool) -> None:
        """A step returned. Unless ``certain``, it may still be withdrawn when its module returns."""

    def withdrawn(self, name: str) -> None:
        """The last step reported under this name was the module's own output."""

    def settled(self) -> None:
        """A module returned: what it reported stays."""


@lru_cache(maxsize=4096)
def step_name(function: Callable[..., Any]) -> str | None:
    """What a person calls this torch function (``add`` for ``Tensor.__iadd__``), None if it is no step."""
    name = str(getattr(function, "__name__", "")).strip("_").removesuffix("_with_indices")
    name = _SAME.get(name, name)
    return name if name in _OPERATIONS or callable(getattr(F, name, None)) else None


def splits_into_steps(module: nn.Module) -> bool:
    """Whether the steps in this module's own code are shown, or the module is one piece of work."""
    written_in = str(getattr(module.forward, "__module__", ""))
    return isinstance(module, _OPEN_LAYERS) or not written_in.startswith("torch.nn.")


@dataclass
class _Frame:
    """A module that is running. ``modes_above`` is where the watch was, if entering the module moved it."""

    name: str
    childless: bool
    modes_above: int | None
    last: tuple[str, Any] | None = None


class StepWatch(TorchFunctionMode):
    """Reports the steps of one pass in this thread; wants to be told which module is entered and left.

    It stands on torch's stack of function modes only while code runs whose steps are shown. Inside a
    `torch.nn` layer it steps aside, since some of them compute on another path when they see a function mode
    (``nn.MultiheadAttention``), and numbers must not change because somebody looks. While a torch function
    runs, torch itself sets the mode aside: only the outermost call is a step.
    """

    def __init__(self, root: nn.Module, observer: StepObserver, editing: Editing | None = None) -> None:
        super().__init__()
        self._observer = observer
        self._editing = editing
        self._modules = {
            name: (splits_into_steps(module), not any(module.children()))
            for name, module in named_modules(root)
        }
        self._frames: list[_Frame] = []
        self._visible = False
        self._in_function = False

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Leave torch's stack of modes as it was found, however the pass ends."""
        try:
            yield
        finally:
            self._frames.clear()
            if self._visible:
                self._remove()

    def entered(self, name: str) -> None:
        """A module begins to run."""
        shown, childless = self._modules[name]
        modes_above = None
        if shown != self._visible and not self._in_function:
            modes_above = self._insert(0) if shown else self._remove()
        self._frames.append(_Frame(name, childless, modes_above))

    def left(self, output: Any) -> None:
        """The innermost module has run, or raised."""
        frame = self._frames.pop()
        if frame.modes_above is not None:
            if self._visible:
                self._remove()
            else:
                self._insert(frame.modes_above)
        if frame.childless and frame.last is not None:
            name, result = frame.last
            if result is output:
                if self._editing is not None:
                    self._editing.withdrawn(name)
                self._observer.withdrawn(name)
            self._observer.settled()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        step = step_name(func)
        if step is None or not self._frames:
            return func(*args, **kwargs)
        frame = self._frames[-1]
        self._observer.began()
        self._in_function = True
        try:
            result = func(*args, **kwargs)
        finally:
            self._in_function = False
        if not any(True for _ in tensors_in(result)) or (
            "dropout" in step and _is_among(result, args, kwargs)
        ):
            return result
        name = f"{frame.name}/{step}"
        if self._editing is not None:
            result = self._editing.edited(name, result)
        frame.last = (name, result)
        self._observer.stepped(name, result, certain=not frame.childless)
        return result

    def _insert(self, below: int) -> int:
        above = [_pop_mode() for _ in range(below)]
        for mode in (self, *reversed(above)):
            _push_mode(mode)
        self._visible = True
        return below

    def _remove(self) -> int:
        above = []
        while (mode := _pop_mode()) is not self:
            above.append(mode)
        for mode in reversed(above):
            _push_mode(mode)
        self._visible = False
        return len(above)


def _is_among(result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return any(result is tensor for tensor in tensors_in((args, kwargs)))
