"""Attention weights out of one operator's arguments and result, with an axis for the heads."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.maxvit import RelativePositionalMultiHeadAttention

NATIVE = "_native_multi_head_attention"
FUSED = "_scaled_dot_product_"
SOFTMAX = ("_softmax", "_safe_softmax")
PRODUCTS = ("bmm", "mm", "baddbmm")
"""What torch makes of every product of matrices on a CPU."""


class Origin(StrEnum):
    """Where attention weights come from."""

    USED = "used"  # the tensor that the network itself multiplied with its values
    RECOMPUTED = "recomputed"  # from the pass's own queries, keys, mask and scale


@dataclass(frozen=True)
class Found:
    """Weights of shape (N, heads, queries, keys), where they are from, and how well they explain the pass."""

    weights: Tensor
    origin: Origin
    deviation: float


def number_of_heads(module: nn.Module) -> int | None:
    """How many heads a layer says that it has; None if it says nothing."""
    heads = getattr(module, "num_heads", getattr(module, "n_heads", None))
    return heads if isinstance(heads, int) else None


def bound_arguments(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """What an operator was given, by the names of its arguments."""
    names = [argument.name for argument in func._schema.arguments]  # type: ignore[attr-defined]  # an operator
    return dict(zip(names, args, strict=False)) | kwargs


def of_native(
    func: Callable[..., Any], given: dict[str, Any], result: tuple[Tensor, Tensor | None]
) -> Found | None:
    """The same kernel on the same tensors, asked for its weights: its output shows whether they are those."""
    output, weights = result
    if output.is_nested:
        return None
    if weights is not None and not given.get("average_attn_weights", True):
        return Found(weights, Origin.USED, 0.0)
    again, weights = func(**given | {"need_weights": True, "average_attn_weights": False})
    return None if weights is None else Found(weights, Origin.RECOMPUTED, _deviation(again, output))


def of_fused(given: dict[str, Any], output: Tensor) -> Found:
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
    return Found(weights, Origin.RECOMPUTED, _deviation(weights @ value, output))


def by_heads(result: Tensor, owner: nn.Module, operator: str) -> Tensor | None:
    """A softmax's result as (N, heads, queries, keys), or None where it is no attention of ``owner``.

    Of five axes one counts windows, (N, heads, windows, queries, keys) or (N, windows, heads, ...): then N
    counts pictures times windows. None where either could be the heads.
    """
    heads = number_of_heads(owner)
    if result.dim() == 3 and isinstance(owner, nn.MultiheadAttention):
        return result.unflatten(0, (-1, owner.num_heads))
    if result.dim() == 4:
        attention = operator == "_safe_softmax" or result.shape[1] == heads  # torch's own uses that alone
        return result if attention else None
    if result.dim() != 5:
        return None
    if isinstance(owner, RelativePositionalMultiHeadAttention):
        return result.flatten(0, 1)
    first, second = (size == heads for size in result.shape[1:3])
    if first == second:
        return None
    return (result.transpose(1, 2) if first else result).flatten(0, 1)


def from_several(weights: Sequence[Tensor], heads: int | None) -> Sequence[Tensor]:
    """Attention of (N, queries, keys), several times in one run of a layer, as (N, heads, queries, keys).

    As many as the layer has heads are its heads, one after the other; a layer that tells no number of heads
    has one each time. A single one whose first axis counts the heads is one picture's. Others are left out.
    """
    if heads is None:
        return [one.unsqueeze(1) for one in weights]
    if len(weights) == heads and len({one.shape for one in weights}) == 1:
        return [torch.stack(list(weights), 1)]
    return [one.unsqueeze(0) for one in weights if len(weights) == 1 and len(one) == heads]


def weighs_channels(weights: Tensor, output: Sequence[int]) -> bool:
    """Whether queries and keys are the channels of each head, going by what the layer returned.

    ``weights`` has the shape (N, heads, queries, keys), ``output`` (N, L, C), (N, C, H, W) or (N, H, W, C).
    They are where a head has as many channels as there are keys, and the layer another number of places.
    """
    count, heads, queries, keys = weights.shape
    if queries != keys or not output or output[0] != count:
        return False
    axes = {3: (2,), 4: (1, 3)}.get(len(output), ())
    places = math.prod(output[1:])
    return any(output[axis] == heads * keys and places != output[axis] * keys for axis in axes)


def _deviation(first: Tensor, second: Tensor) -> float:
    if first.numel() == 0 or torch.equal(first, second):
        return 0.0
    largest = second.abs().max().clamp(min=torch.finfo(torch.float32).tiny)
    return float((first - second).abs().max() / largest)
