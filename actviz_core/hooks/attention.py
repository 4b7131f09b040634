"""Attention weights of one forward pass, taken beside it without changing a bit of it.

The pass itself runs as ever. Where a layer writes out its softmax (torchvision's Swin), the weights are the
very tensor that the network used. Where a fused kernel never shows them (`torch._native_multi_head_attention`
in torchvision's ViT, ``scaled_dot_product_attention`` in timm's), they are computed again from the kernel's
own arguments of that pass: the same tensors, mask and scale.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from actviz_core.hooks.memory import CopyBeforeWrite, Kept
from actviz_core.hooks.nesting import named_tensors
from actviz_core.hooks.passes import left_as_found, observed, run, unwrap
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import Wanted, matches, names_of_layers, parse
from actviz_core.hooks.token_layout import TokenGrid, WindowGrid, patch_embedding, windows_of
from actviz_core.hooks.walk import named_modules

_NATIVE = "_native_multi_head_attention"
_FUSED = "_scaled_dot_product_"
_MATH = ("_softmax", "_safe_softmax")


class Origin(StrEnum):
    """Where attention weights come from."""

    USED = "used"  # the tensor that the network itself multiplied with its values
    RECOMPUTED = "recomputed"  # from the pass's own queries, keys, mask and scale


@dataclass(frozen=True)
class Attention:
    """The attention of one call of a layer.

    ``weights`` has the shape (N, heads, queries, keys), on the CPU; each row of keys sums to one. For
    windowed attention N counts pictures times windows. ``deviation`` tells how well the weights explain the
    pass: the largest difference between what they give with the pass's values and what the layer computed,
    relative to the largest value that it computed; 0.0 where every bit agrees. ``layout`` says where the
    tokens lie on the picture, None where the network's structure doesn't tell.
    """

    weights: Tensor
    origin: Origin
    deviation: float
    layout: TokenGrid | WindowGrid | None


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

    ``layers`` holds layer or call names of attention layers; None means all. Known are every use of torch's
    ``scaled_dot_product_attention``, ``nn.MultiheadAttention``, torchvision's Swin and MaxViT, and any layer
    with a ``num_heads`` that writes out a softmax over (N, heads, queries, keys).

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
        for layer, rests in wanted.items():
            for rest in rests:
                if not any(of == layer and matches(rest, number, "") for of, number in watch.calls):
                    raise unknown_name(
                        layer + rest, dict.fromkeys(watch.heard), "has no attention in this forward pass"
                    )
    return AttentionRecord(entries, None if watch.output is None else watch.output.value)


@dataclass
class _Found:
    weights: Kept
    origin: Origin
    deviation: float
    shape: tuple[int, ...] = ()


class _AttentionWatch(TorchDispatchMode):
    """Hears every attention of this thread's pass."""

    supports_higher_order_operators = True

    def __init__(self, root: nn.Module, wanted: Wanted) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.keeper = CopyBeforeWrite()
        self.output: Kept | None = None
        self.calls: dict[tuple[str, int], _Found] = {}
        self.heard: dict[str, int] = {}
        self._modules = dict(named_modules(root))
        self._wanted = wanted
        self._running: list[str] = []
        self._embeddings = {
            f"{name}.{found.layer}".removeprefix("."): (name, found.prefix)
            for name, module in self._modules.items()
            if (found := patch_embedding(module)) is not None
        }
        self._grids: dict[str, TokenGrid] = {}

    def entered(self, name: str) -> None:
        self._running.append(name)

    def left(self, _output: Any) -> None:
        self._running.pop()

    def returned(self, name: str, output: Any) -> None:
        shape = tuple(output.shape) if isinstance(output, Tensor) else ()
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
        if operator == _NATIVE:
            self._hear(self._running[-1], lambda: _of_native(func, _bound(func, args, kwargs), result))
        elif operator.startswith(_FUSED) and not operator.endswith("_backward"):
            self._hear(self._running[-1], lambda: _of_fused(_bound(func, args, kwargs), result[0]))
        elif operator in _MATH:
            owner = self._running[-2:][0] if self._is_softmax_layer() else self._running[-1]
            weights = _by_heads(result, self._modules[owner], _bound(func, args, kwargs)["dim"], operator)
            if weights is not None:
                self._hear(owner, lambda: (weights, Origin.USED, 0.0))
        return result

    def _is_softmax_layer(self) -> bool:
        return isinstance(self._modules[self._running[-1]], nn.Softmax)

    def _hear(self, layer: str, look: Callable[[], tuple[Tensor, Origin, float] | None]) -> None:
        number = self.heard.get(layer, 0) + 1
        self.heard[layer] = number
        if any(matches(rest, number, "") for rest in self._wanted.get(layer, ())):
            found = look()
            if found is not None:
                weights, origin, deviation = found
                self.calls[layer, number] = _Found(self.keeper.keep(weights), origin, deviation)

    def entries(self) -> dict[str, Attention]:
        return {
            layer if self.heard[layer] == 1 else f"{layer}#{number}": Attention(
                found.weights.value, found.origin, found.deviation, self._layout(layer, found)
            )
            for (layer, number), found in self.calls.items()
        }

    def _layout(self, layer: str, found: _Found) -> TokenGrid | WindowGrid | None:
        windows = windows_of(self._modules[layer], found.shape)
        if windows is not None:
            return windows
        parts = layer.split(".")
        networks = (".".join(parts[:end]) for end in range(len(parts), -1, -1))
        tokens = next((self._grids[name] for name in networks if name in self._grids), None)
        keys = found.weights.value.shape[-1]
        if tokens is None or keys != tokens.prefix + tokens.grid[0] * tokens.grid[1]:
            return None
        return tokens


def _bound(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    names = [argument.name for argument in func._schema.arguments]  # type: ignore[attr-defined]  # an operator
    return dict(zip(names, args, strict=False)) | kwargs


def _of_native(
    func: Callable[..., Any], given: dict[str, Any], result: tuple[Tensor, Tensor | None]
) -> tuple[Tensor, Origin, float] | None:
    """The same kernel on the same tensors, asked for its weights: its output shows whether they are those."""
    output, weights = result
    if output.is_nested:
        return None
    if weights is not None and not given.get("average_attn_weights", True):
        return weights, Origin.USED, 0.0
    again, weights = func(**given | {"need_weights": True, "average_attn_weights": False})
    return (weights, Origin.RECOMPUTED, _deviation(again, output)) if weights is not None else None


def _of_fused(given: dict[str, Any], output: Tensor) -> tuple[Tensor, Origin, float]:
    """Softmax of the scaled products of queries and keys, in float32 at least."""
    query, key, value = (given[name] for name in ("query", "key", "value"))
    dtype = torch.promote_types(query.dtype, torch.float32)
    query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    if key.shape[-3] != query.shape[-3]:  # several heads of queries share one of keys
        key, value = (t.repeat_interleave(query.shape[-3] // t.shape[-3], -3) for t in (key, value))
    scale = given.get("scale")
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    mask = given.get("attn_mask", given.get("attn_bias"))
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    if given.get("is_causal"):
        allowed = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~allowed, -torch.inf)
    weights = scores.softmax(-1)
    return weights, Origin.RECOMPUTED, _deviation(weights @ value, output)


def _by_heads(result: Tensor, owner: nn.Module, dim: int, operator: str) -> Tensor | None:
    """A softmax's result as (N, heads, queries, keys), or None where it is no attention of ``owner``."""
    heads = getattr(owner, "num_heads", getattr(owner, "n_heads", None))
    if dim % result.dim() != result.dim() - 1:
        return None
    if operator == "_safe_softmax" and result.dim() in (3, 4):  # torch uses it in its own attention alone
        return result if result.dim() == 4 else result[None]
    if isinstance(owner, nn.MultiheadAttention) and result.dim() == 3:
        return result.unflatten(0, (-1, owner.num_heads))
    if result.dim() == 5 and result.shape[2] == heads:
        return result.flatten(0, 1)
    return result if result.dim() == 4 and result.shape[1] == heads else None


def _deviation(first: Tensor, second: Tensor) -> float:
    if first.numel() == 0 or torch.equal(first, second):
        return 0.0
    largest = second.abs().max().clamp(min=torch.finfo(torch.float32).tiny)
    return float((first - second).abs().max() / largest)
