"""Attention weights of one forward pass, taken beside it without changing a bit of it.

The pass itself runs as ever. Where a layer writes out its softmax (torchvision's Swin), the weights are the
very tensor that the network used. Where a fused kernel never shows them (`torch._native_multi_head_attention`
in torchvision's ViT, ``scaled_dot_product_attention`` in timm's), they are computed again from the kernel's
own arguments of that pass: the same tensors, mask and scale.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from actviz_core.hooks.attention_weights import (
    FUSED,
    NATIVE,
    PRODUCTS,
    SOFTMAX,
    Found,
    Origin,
    bound_arguments,
    by_heads,
    from_several,
    number_of_heads,
    of_fused,
    of_native,
    weighs_channels,
)
from actviz_core.hooks.memory import CopyBeforeWrite, Kept
from actviz_core.hooks.nesting import named_tensors
from actviz_core.hooks.passes import left_as_found, observed, run, unwrap
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import Wanted, names_of_layers, parse
from actviz_core.hooks.token_layout import TokenGrid, WindowGrid, patch_embedding, windows_of
from actviz_core.hooks.walk import named_modules
from actviz_core.names import Selector


@dataclass(frozen=True)
class Attention:
    """The attention of one call of a layer.

    ``weights`` has the shape (N, heads, queries, keys), on the CPU; each row of keys sums to one. For
    windowed attention N counts pictures times windows. ``deviation`` tells how well the weights explain the
    pass: the largest difference between what they give with the pass's values and what the layer computed,
    relative to the largest value that it computed; 0.0 where every bit agrees. ``layout`` says where the
    tokens lie on the picture, None where the network's structure doesn't tell. ``of_channels`` is True where
    queries and keys are the channels of a head, as in XCiT, and no places of the picture.
    """

    weights: Tensor
    origin: Origin
    deviation: float
    layout: TokenGrid | WindowGrid | None
    of_channels: bool = False


class AttentionRecord(Mapping[str, Attention]):
    """Call names (``encoder.layers.encoder_layer_0.self_attention``, ``attn#2``) to attention, in order.

    ``output`` is what the network answered in that pass: a detached CPU tensor (the first, if it gave
    several), None if there was none.
    """

    def __init__(self, entries: dict[str, Attention], output: Tensor | None) -> None:
        self._entries = entries
        self.output = output

    def __getitem__(self, call: str) -> Attention:
        if call not in self._entries:
            raise unknown_name(call, self._entries, "was not captured or has no attention")
        return self._entries[call]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def capture_attention(
    module: nn.Module, inputs: Tensor | tuple[Any, ...], layers: Sequence[str] | None = None
) -> AttentionRecord:
    """Run ``module`` on ``inputs`` in eval mode without gradients and keep its attention weights.

    ``layers`` holds layer or call names of attention layers; None means all that are known. Those are
    torch's ``scaled_dot_product_attention`` on four axes, ``nn.MultiheadAttention``, and the layers that
    write out a softmax over the keys: of (N, heads, queries, keys) or, with windows beside the heads, of five
    axes, where one has the size of the layer's ``num_heads`` or ``n_heads``; and of (N, queries, keys), which
    the layer multiplies with something afterwards: as many of them as it has heads are its heads, and a layer
    that tells no number of heads has one. Other attention is passed over: without a softmax, with other axes,
    or where two axes could be the heads.

    Raises `UnknownLayerError` for a name that doesn't exist or that has no attention in this pass. What the
    module raises passes through; the module is left as found.
    """
    network = unwrap(module)
    root = network.root
    aliases = names_of_layers(root, network.prefix)
    wanted = parse(aliases if layers is None else layers, aliases, steps=False)
    watch = _AttentionWatch(root, wanted)
    with (
        left_as_found(root, keep_mode=False, gradients=False),
        observed(root, watch.returned, watch.entered, watch.left),
        watch.keeper,
        watch,
    ):
        run(root, inputs)
    entries = watch.entries()
    if layers is not None:
        for layer, selectors in wanted.items():
            for selector in selectors:
                if not any(of == layer and selector.selects(number, "") for of, number in watch.calls):
                    raise unknown_name(
                        f"{layer}{selector}",
                        dict.fromkeys(watch.heard),
                        "has no attention in this forward pass",
                    )
    return AttentionRecord(entries, None if watch.output is None else watch.output.value)


@dataclass
class _Heard:
    weights: Kept
    origin: Origin
    deviation: float
    shape: tuple[int, ...] = ()


@dataclass
class _Softmax:
    """A softmax of three axes: attention, if its layer multiplies it with something."""

    result: Tensor
    kept: Kept
    certain: bool


class _AttentionWatch(TorchDispatchMode):
    """Hears every attention of this thread's pass."""

    supports_higher_order_operators = True

    def __init__(self, root: nn.Module, wanted: Wanted) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.keeper = CopyBeforeWrite()
        self.output: Kept | None = None
        self.calls: dict[tuple[str, int], _Heard] = {}
        self.heard: dict[str, int] = {}
        self._modules = dict(named_modules(root))
        self._wanted = wanted
        self._running: list[str] = []
        self._softmaxes: dict[str, list[_Softmax]] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._embeddings = {
            f"{name}.{found.layer}".removeprefix("."): (name, found.prefix)
            for name, module in self._modules.items()
            if (found := patch_embedding(module)) is not None
        }
        self._grids: dict[str, TokenGrid] = {}

    def entered(self, name: str) -> None:
        self._running.append(name)

    def left(self, _output: Any) -> None:
        layer = self._running.pop()
        certain = [one.kept.value for one in self._softmaxes.pop(layer, ()) if one.certain]
        for weights in from_several(certain, number_of_heads(self._modules[layer])):
            self._hear(layer, lambda weights=weights: Found(weights, Origin.USED, 0.0))  # type: ignore[misc]

    def returned(self, name: str, output: Any) -> None:
        shape = tuple(output.shape) if isinstance(output, Tensor) else ()
        self._shapes[name] = shape
        if name in self._embeddings and len(shape) == 4:
            network, prefix = self._embeddings[name]
            self._grids[network] = TokenGrid(prefix, (shape[2], shape[3]))
        latest = self.calls.get((name, self.heard.get(name, 0)))
        if latest is not None:
            latest.shape = shape
        if not name:
            self.output = next((self.keeper.keep(tensor) for _, tensor in named_tensors(output)), None)

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        operator = getattr(getattr(func, "_overloadpacket", None), "__name__", "")
        if operator == NATIVE:
            self._hear(
                self._running[-1], lambda: of_native(func, bound_arguments(func, args, kwargs), result)
            )
        elif operator.startswith(FUSED) and not operator.endswith("_backward"):
            self._hear(self._running[-1], lambda: of_fused(bound_arguments(func, args, kwargs), result[0]))
        elif operator in SOFTMAX:
            self._softmax(result, bound_arguments(func, args, kwargs)["dim"], operator)
        elif operator in PRODUCTS:
            self._multiplied(args)
        return result

    def _softmax(self, result: Tensor, dim: int, operator: str) -> None:
        owner = self._running[-2:][0] if self._is_softmax_layer() else self._running[-1]
        if dim % result.dim() != result.dim() - 1:
            return
        if result.dim() == 3 and not isinstance(self._modules[owner], nn.MultiheadAttention):
            found = _Softmax(result, self.keeper.keep(result), operator != "_softmax")
            self._softmaxes.setdefault(owner, []).append(found)
            return
        weights = by_heads(result, self._modules[owner], operator)
        if weights is not None:
            self._hear(owner, lambda: Found(weights, Origin.USED, 0.0))

    def _multiplied(self, factors: Sequence[Any]) -> None:
        """Attention is a softmax that something is multiplied with, as it is or from another side."""
        waiting = [one for found in self._softmaxes.values() for one in found if not one.certain]
        if waiting:
            memory = {_memory(factor) for factor in factors if isinstance(factor, Tensor)}
            for one in waiting:
                one.certain = _memory(one.result) in memory

    def _is_softmax_layer(self) -> bool:
        return isinstance(self._modules[self._running[-1]], nn.Softmax)

    def _hear(self, layer: str, look: Callable[[], Found | None]) -> None:
        number = self.heard.get(layer, 0) + 1
        self.heard[layer] = number
        if any(selector.selects(number, "") for selector in self._wanted.get(layer, ())):
            found = look()
            if found is not None:
                kept = self.keeper.keep(found.weights)
                self.calls[layer, number] = _Heard(kept, found.origin, found.deviation)

    def entries(self) -> dict[str, Attention]:
        return {
            layer if self.heard[layer] == 1 else f"{layer}{Selector(number)}": Attention(
                found.weights.value,
                found.origin,
                found.deviation,
                self._layout(layer, found),
                weighs_channels(found.weights.value, found.shape),
            )
            for (layer, number), found in self.calls.items()
        }

    def _layout(self, layer: str, found: _Heard) -> TokenGrid | WindowGrid | None:
        parts = layer.split(".")
        around = [".".join(parts[:end]) for end in range(len(parts), -1, -1)]
        shapes = {**self._shapes, layer: found.shape}
        weights = found.weights.value.shape
        windows = windows_of([(self._modules[name], shapes.get(name, ())) for name in around])
        if windows is not None:
            return windows if windows.holds(weights) else None
        tokens = next((self._grids[name] for name in around if name in self._grids), None)
        return None if tokens is None else tokens.seen_by(weights)


def _memory(tensor: Tensor) -> int | None:
    """Where the memory of a tensor and all its views begins; None where it has none of its own."""
    return tensor.untyped_storage().data_ptr() or None if tensor.layout is torch.strided else None
