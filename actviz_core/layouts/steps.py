"""What the function of a step tells about its result's layout, and after which functions nothing is sure."""

import re
from dataclasses import replace

from actviz_core.layouts.layout import Layout, LayoutKind
from actviz_core.layouts.rules import FIRST_AXES, is_size_of, sequence_axes
from actviz_core.layouts.site import LayerSite

# Torch defines these for channels that follow the pictures.
_CHANNELS_FIRST = re.compile(
    r"conv(_transpose)?[123]d|(fractional_|adaptive_)?(max|avg|lp)_pool[123]d(_with_indices)?"
    r"|(batch|instance|group|local_response)_norm|interpolate|upsample\w*|pixel_(un)?shuffle|grid_sample"
)
# What axes a product has, no structure tells; attention is made of them.
_PRODUCTS = re.compile(
    r"matmul|mm|bmm|mv|dot|outer|einsum|tensordot|kron|(ba|b)?add(bm|m)[mv]|scaled_dot_product_attention"
)
# These put values into other places, or change what the axes are.
_REARRANGING = re.compile(
    r"flatten|[hv]?stack|roll|flip|rot90|tile|repeat_interleave|sort|topk|gather|index_select|(un)?fold"
    r"|cum(sum|prod)|(log_)?softmax"
)
_TURNING = {"roll", "flip", "rot90"}
_TURNED = "Values lie in other places than in the picture after this."


def layout_by_function(site: LayerSite) -> Layout | None:
    """The layout of a step whose function decides it; None for all others."""
    if not _CHANNELS_FIRST.fullmatch(site.step) or len(site.shape) not in FIRST_AXES:
        return None
    axes = FIRST_AXES[len(site.shape)]
    dimensions = re.search(r"([123])d", site.step)
    if dimensions is not None and int(dimensions[1]) + 2 != len(axes):
        return None
    return sequence_axes(axes, f"The function {site.step} computes with the channels first.")


def uncertain(layout: Layout, site: LayerSite) -> Layout:
    """What the layers around a step tell, called a guess where the step may have changed it."""
    if not site.step or layout.kind is LayoutKind.VECTOR:
        return layout
    beside = site.beside | {site.step}  # what comes after such a step in the same code may show it too
    changes = _REARRANGING.fullmatch(site.step) or any(map(_PRODUCTS.fullmatch, beside)) or beside & _TURNING
    joined = site.step == "cat" and layout.axes == "NCHW" and not is_size_of(site.shape[2:4], site.picture)
    if site.step in _TURNING:
        layout = replace(layout, on_picture=False, why=f"{layout.why} {_TURNED}")
    return replace(layout, certain=False) if changes or joined else layout
