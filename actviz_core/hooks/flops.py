"""Counts the floating point operations of a pass, module by module, as `torch.utils.flop_counter` does.

Torch's own table lacks the two kernels that compute attention on a CPU; they are added here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, shape_wrapper


def _native_attention_flops(
    query: Sequence[int], _key: Any, _value: Any, embed_dim: int, *_args: Any, **_kwargs: Any
) -> int:
    """Three projections, queries by keys, weights by values, and the output's projection."""
    batch, tokens, _ = query
    return 2 * batch * tokens * embed_dim * (4 * embed_dim + 2 * tokens)


_ATEN = torch.ops.aten
_COUNTED: dict[Any, Callable[..., Any]] = {
    **flop_registry,
    _ATEN._scaled_dot_product_flash_attention_for_cpu: flop_registry[
        _ATEN._scaled_dot_product_flash_attention
    ],
    _ATEN._native_multi_head_attention: shape_wrapper(_native_attention_flops),
}


class FlopsOfModules(TorchDispatchMode):
    """Counts the floating point operations of this thread for every module that is running."""

    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.running: list[str] = []
        self.by_module: dict[str, int] = {}
        self.since_step = 0

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        count = _COUNTED.get(getattr(func, "_overloadpacket", None))
        if count is not None:
            operations = int(count(*args, **kwargs, out_val=out))
            self.since_step += operations
            for name in set(self.running):
                self.by_module[name] = self.by_module.get(name, 0) + operations
        return out
