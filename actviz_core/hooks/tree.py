"""The module tree of a network with what a forward pass tells about each row: shape, calls, compute."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from actviz_core.hooks.nesting import named_tensors
from actviz_core.hooks.passes import left_as_found, observed, run, unwrap


@dataclass(frozen=True)
class ModuleRow:
    """One module: its place in the tree and what it did in one forward pass.

    ``shape`` is the shape of the first tensor of its first call, None when it never ran; ``parameters`` and
    ``flops`` (floating point operations, as `torch.utils.flop_counter` counts them) include its children.
    """

    name: str
    type: str
    depth: int
    shape: tuple[int, ...] | None
    parameters: int
    flops: int
    calls: int
    children: int


def module_tree(module: nn.Module, inputs: Tensor | tuple[Any, ...]) -> tuple[ModuleRow, ...]:
    """Run ``module`` once on ``inputs`` in eval mode; one row a module, in the tree's order, root first.

    The module is left as found. What the module raises passes through.
    """
    root = unwrap(module).root
    shapes: dict[str, tuple[int, ...]] = {}
    calls: dict[str, int] = {}
    flops = _FlopsOfModules()

    def returned(name: str, output: Any) -> None:
        flops.running.pop()
        calls[name] = calls.get(name, 0) + 1
        first = next(named_tensors(output), None)
        if first is not None:
            shapes.setdefault(name, tuple(first[1].shape))

    with (
        left_as_found(root, keep_mode=False, gradients=False),
        observed(root, returned, flops.running.append),
        flops,
    ):
        run(root, inputs)
    return tuple(
        ModuleRow(
            name=name,
            type=type(child).__name__,
            depth=name.count(".") + 1 if name else 0,
            shape=shapes.get(name),
            parameters=sum(parameter.numel() for parameter in child.parameters()),
            flops=flops.by_module.get(name, 0),
            calls=calls.get(name, 0),
            children=len(child._modules),
        )
        for name, child in root.named_modules()
    )


class _FlopsOfModules(TorchDispatchMode):
    """Counts the floating point operations of this thread for every module that is running."""

    supports_higher_order_operators = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.running: list[str] = []
        self.by_module: dict[str, int] = {}

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        count = flop_registry.get(getattr(func, "_overloadpacket", None))
        if count is not None:
            operations = int(count(*args, **kwargs, out_val=out))
            for name in set(self.running):
                self.by_module[name] = self.by_module.get(name, 0) + operations
        return out
