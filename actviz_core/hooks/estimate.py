"""What a pass would make and cost, known without computing it: shapes, bytes, parameters, compute.

A copy of the network without values runs on the meta device; where its code needs more than shapes there
(constants that it reads back), on torch's fake tensors, which are slower. Only where neither can work
(control flow that depends on values, operators without shape rules) does a real pass on zeros take their
place.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.overrides import TorchFunctionMode

from actviz_core.hooks.copies import twin
from actviz_core.hooks.memory import tensors_of_model
from actviz_core.hooks.passes import left_as_found, run, unwrap
from actviz_core.hooks.peak import PeakMemory
from actviz_core.hooks.selection import names_of_layers, parse
from actviz_core.hooks.tree import ModuleRow, Observations, TensorSize


@dataclass(frozen=True)
class Estimate:
    """What one pass on an input of one shape makes.

    ``rows`` is the module tree as `module_tree` shows it, ``sizes`` every tensor that a layer or step
    returns, in the order of execution, the root's too. ``simulated`` is False where a real pass was needed;
    ``by_shapes`` is True where no value had a say, so that it holds for any weights of this architecture.
    ``peak_bytes`` is what a pass takes at least at one moment, besides the network's weights and what is kept
    of it; None where only shapes that depend on values tell.
    """

    rows: tuple[ModuleRow, ...]
    sizes: tuple[TensorSize, ...]
    parameters: int
    parameter_bytes: int
    flops: int
    simulated: bool
    by_shapes: bool
    aliases: dict[str, str]
    peak_bytes: int | None = None

    def bytes_of(self, layers: Iterable[str]) -> int:
        """The most that a capture of these layer and call names can hold. Raises `UnknownLayerError`."""
        wanted = parse(layers, self.aliases, steps=True)
        return sum(
            size.bytes
            for size in self.sizes
            if any(selector.selects(size.number, size.place) for selector in wanted.get(size.layer, ()))
        )

    def fitting(self, layers: Iterable[str], budget: int) -> tuple[str, ...]:
        """Those of ``layers`` that fit together into ``budget`` bytes, taken in their order."""
        fits: list[str] = []
        for layer in layers:
            size = self.bytes_of([layer])
            if size <= budget:
                budget -= size
                fits.append(layer)
        return tuple(fits)


def estimate(module: nn.Module, input_shape: Sequence[int], *, steps: bool = False) -> Estimate:
    """What ``module`` makes of one input of ``input_shape`` (N, C, H, W), in eval mode.

    Nothing is computed and no weight is copied, so the module may be of any size; it may also live on the
    meta device, without weights. ``steps`` takes in the functional steps. What the module raises on such an
    input passes through.
    """
    network = unwrap(module)
    root = network.root
    tensors = [*itertools.chain(root.parameters(), root.buffers())]
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), torch.empty(0))
    seen, peak_bytes = _on_meta(root, input_shape, like, steps=steps)
    by_shapes = seen is not None
    seen = seen or _on_fakes(root, input_shape, like, steps=steps)
    simulated = seen is not None
    if seen is None:
        zeros = torch.zeros(tuple(input_shape), dtype=like.dtype, device=like.device)
        seen = _observe(root, zeros, (), steps=steps)
    rows = seen.rows()
    return Estimate(
        rows,
        tuple(seen.sizes),
        rows[0].parameters,
        sum(parameter.nbytes for parameter in root.parameters()),
        rows[0].flops,
        simulated,
        by_shapes,
        names_of_layers(root, network.prefix),
        peak_bytes,
    )


def _on_meta(
    root: nn.Module, shape: Sequence[int], like: Tensor, *, steps: bool
) -> tuple[Observations | None, int | None]:
    without_values: dict[int, object] = {
        id(tensor): nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty
        for tensor in tensors_of_model(root)
        for empty in [torch.empty_like(tensor, device="meta")]
    }
    with suppress(Exception):
        inputs = torch.empty(tuple(shape), dtype=like.dtype, device="meta")
        copied = twin(root, without_values)
        peak = PeakMemory(copied)
        return _observe(
            copied, inputs, [torch.device("meta"), peak.watching(inputs)], steps=steps
        ), peak.bytes
    return None, None


def _on_fakes(root: nn.Module, shape: Sequence[int], like: Tensor, *, steps: bool) -> Observations | None:
    shared: dict[int, object] = {id(tensor): tensor for tensor in tensors_of_model(root)}
    with suppress(Exception):
        fakes = FakeTensorMode(allow_non_fake_inputs=True)
        with fakes:
            inputs = torch.empty(tuple(shape), dtype=like.dtype, device=like.device)
        return _observe(twin(root, shared), inputs, [fakes, _NoPeeking()], steps=steps)
    return None


class _NoPeeking(TorchFunctionMode):
    """Stops a pass on fake tensors that would read memory which is not there.

    Any function mode also keeps `nn.MultiheadAttention` off its fused kernel, which has no rule for shapes.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func in (Tensor.numpy, Tensor.__array__, Tensor.data_ptr) and isinstance(args[0], FakeTensor):
            raise TypeError("A fake tensor has no values.")
        return func(*args, **(kwargs or {}))


def _observe(
    root: nn.Module, inputs: Tensor, modes: Iterable[AbstractContextManager[Any]], *, steps: bool
) -> Observations:
    seen = Observations(root)
    with ExitStack() as stack:
        stack.enter_context(left_as_found(root, keep_mode=False, gradients=False))
        for mode in (*modes, seen.watching(steps=steps)):
            stack.enter_context(mode)
        run(root, inputs)
    return seen
