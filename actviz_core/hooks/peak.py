"""Adds up what lies in memory at once during a pass, besides the network's own weights."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from actviz_core.hooks.memory import tensors_of_model
from actviz_core.hooks.nesting import tensors_in


class PeakMemory:
    """The most bytes that tensors of a pass take at one moment; ``bytes`` is that, so far.

    Meant for passes on the meta device, where tensors have sizes and no memory. What a kernel takes for
    itself while it computes is not seen, so a real pass takes at least this much.
    """

    def __init__(self, root: nn.Module) -> None:
        self.bytes = 0
        self._now = 0
        self._own = {tensor.untyped_storage()._cdata for tensor in tensors_of_model(root)}
        self._alive: set[int] = set()
        self._in_attention = False

    @contextmanager
    def watching(self, inputs: Tensor) -> Iterator[None]:
        """Watch the passes of this thread; ``inputs`` lie in memory from the beginning."""
        self._made(inputs)
        with _Operators(self._made), _Attention(self._attending):
            yield

    def _made(self, output: Any) -> None:
        if self._in_attention:
            return
        for tensor in tensors_in(output):
            try:
                storage = tensor.untyped_storage()
            except (NotImplementedError, RuntimeError):  # sparse, or of a kind that has no memory of its own
                continue
            place, size = storage._cdata, storage.nbytes()
            if place not in self._own and place not in self._alive:
                self._alive.add(place)
                self._now += size
                self.bytes = max(self.bytes, self._now)
                weakref.finalize(storage, self._gone, place, size)

    def _gone(self, place: int, size: int) -> None:
        self._alive.discard(place)
        self._now -= size

    def _attending(self, attend: Callable[[], Any]) -> Any:
        """A real pass may compute attention without its weights, which meta tensors always make."""
        self._in_attention = True
        try:
            output = attend()
        finally:
            self._in_attention = False
        self._made(output)
        return output


class _Operators(TorchDispatchMode):
    """Tells what every operator returned."""

    supports_higher_order_operators = True

    def __init__(self, made: Callable[[Any], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._made = made

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        self._made(output)
        return output


class _Attention(TorchFunctionMode):
    """Hands over the calls of torch's attention."""

    def __init__(self, attending: Callable[[Callable[[], Any]], Any]) -> None:
        super().__init__()
        self._attending = attending

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is F.scaled_dot_product_attention:
            return self._attending(lambda: func(*args, **(kwargs or {})))
        return func(*args, **(kwargs or {}))
