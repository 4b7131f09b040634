"""Layouts inside networks that are known by their classes: vision transformers, Swin, MaxViT, ConvNeXt."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import nn
from torchvision.models import ConvNeXt, MaxVit, SwinTransformer, VisionTransformer
from torchvision.models.convnext import CNBlock
from torchvision.models.maxvit import PartitionAttentionLayer
from torchvision.models.swin_transformer import ShiftedWindowAttention

from actviz_core.layouts.layout import Layout, LayoutKind, Size, guess_grid, prefix_names
from actviz_core.layouts.rules import CHANNELS_LAST_STEPS, Channels, channels_of, sequence_axes
from actviz_core.layouts.site import LayerSite, has_type

_TIMM = "timm.models."
_TIMM_VITS = tuple(
    f"{_TIMM}{name}" for name in ("vision_transformer.VisionTransformer", "eva.Eva", "beit.Beit")
)
_TIMM_SWINS = (f"{_TIMM}swin_transformer.SwinTransformer", f"{_TIMM}swin_transformer_v2.SwinTransformerV2")
_TIMM_WINDOWS = (f"{_TIMM}swin_transformer.WindowAttention", f"{_TIMM}swin_transformer_v2.WindowAttention")


def layout_in_family(site: LayerSite) -> Layout | None:
    """The layout of a layer in a network of a known family; None outside of those and where it's unclear."""
    if site.module is not None and channels_of(site.module) is Channels.FIRST:
        return None  # a convolution says it by itself
    for module in site.chain[::-1]:
        for belongs, rule in _FAMILIES:
            if belongs(module):
                return rule(site, module)
    return None


def _in_torchvision_vit(site: LayerSite, network: Any) -> Layout | None:
    patch = network.patch_size
    grid = site.picture[0] // patch, site.picture[1] // patch
    return _tokens(site, grid, ("class token",), f"{patch}")


def _in_timm_vit(site: LayerSite, network: Any) -> Layout | None:
    embedding = network.patch_embed
    grid = _timm_grid(embedding, site.picture)
    if grid is None:
        return None
    names = prefix_names(
        int(getattr(network, "num_prefix_tokens", 1)),
        class_token=getattr(network, "cls_token", None) is not None,
        distillation=getattr(network, "dist_token", None) is not None,
    )
    patches = grid[0] * grid[1]
    if site.step == "flatten" and embedding in site.chain and site.shape[2:] == (patches,):
        return Layout(LayoutKind.TOKENS, "NCL", "The patches are lined up row by row here.", grid=grid)
    if len(site.shape) == 4 and site.shape[1:3] == grid and embedding in site.chain:
        return sequence_axes("NHWC", "The network cuts the picture into patches with the channels last.")
    rows, columns = embedding.patch_size
    return _tokens(site, grid, names, f"{rows}" if rows == columns else f"{rows} x {columns}")


def _timm_grid(embedding: Any, picture: Size) -> Size | None:
    """Rows and columns of patches; None where the embedding is no plain one and gets another input size."""
    known = getattr(embedding, "grid_size", None)
    if known is not None and tuple(embedding.img_size) == tuple(picture):
        return int(known[0]), int(known[1])
    if not isinstance(getattr(embedding, "proj", None), nn.Conv2d):
        return None
    padded = getattr(embedding, "dynamic_img_pad", False)
    sizes = (
        -(-side // patch) if padded else side // patch
        for side, patch in zip(picture, embedding.patch_size, strict=True)
    )
    return next(sizes), next(sizes)


def _tokens(site: LayerSite, grid: Size, prefix: tuple[str, ...], patch: str) -> Layout | None:
    """Tokens with or without the ones before the patches, or the heads of an attention layer."""
    patches = grid[0] * grid[1]
    why = f"The network's patch size is {patch}."
    if len(site.shape) == 3 and site.shape[1] in (patches, patches + len(prefix)):
        names = prefix if site.shape[1] > patches else ()
        return Layout(LayoutKind.TOKENS, "NLC", why, grid=grid, prefix=names)
    heads: Any = site.nearest(lambda module: hasattr(module, "num_heads"))
    if heads is not None and len(site.shape) == 4 and site.shape[1] == heads.num_heads:
        return Layout(
            LayoutKind.OTHER, "NA..", "The layer works on each attention head apart.", on_picture=False
        )
    return None


def _in_torchvision_swin(site: LayerSite, _network: Any) -> Layout | None:
    attention = site.nearest(lambda module: isinstance(module, ShiftedWindowAttention))
    if attention is not None and site.step:
        return _in_windows(site, attention, None) or _rolled(site)
    return _channel_last(site, "Swin keeps the channels last between its layers.")


def _in_timm_swin(site: LayerSite, _network: Any) -> Layout | None:
    attention: Any = site.nearest(lambda module: has_type(module, *_TIMM_WINDOWS))
    block: Any = site.nearest(
        lambda module: hasattr(module, "input_resolution") and hasattr(module, "shift_size")
    )
    if attention is not None and "cpb_mlp" not in site.names:
        return _in_windows(site, attention, block)
    if site.chain[-1] is block and any(getattr(block, "shift_size", ())) and site.step in ("roll", "pad"):
        return _rolled(site)
    if len(site.shape) == 3 and site.shape[0] == site.batch:
        known = None if block is None else tuple(block.input_resolution)
        grid = (
            known
            if known and known[0] * known[1] == site.shape[1]
            else guess_grid(site.shape[1], site.picture)
        )
        if grid is not None and grid[0] * grid[1] == site.shape[1]:
            why = f"Swin lines up its {grid[0]} x {grid[1]} patches row by row here."
            return Layout(LayoutKind.TOKENS, "NLC", why, grid=(grid[0], grid[1]))
    return _channel_last(site, "Swin keeps the channels last between its layers.")


def _rolled(site: LayerSite) -> Layout | None:
    """Rolls and paddings around Swin's windows: the second of two rolls brings everything back."""
    if site.step not in ("roll", "pad") or len(site.shape) != 4:
        return None
    found = sequence_axes("NHWC", "Swin keeps the channels last between its layers.")
    padded_first = isinstance(site.chain[-1], ShiftedWindowAttention)
    if (site.step == "roll" and site.number % 2 == 0) or (site.step == "pad" and padded_first):
        return found
    why = "The picture is rolled here: what leaves on one side comes back in on the other."
    return replace(found, why=why, on_picture=False)


def _channel_last(site: LayerSite, why: str) -> Layout | None:
    if len(site.shape) != 4:
        return None
    if "cpb_mlp" in site.names:
        why = "Rows and columns are the distances between two patches of a window, not places in the picture."
        return Layout(LayoutKind.CHANNEL_LAST, "NHWC", why, on_picture=False)
    return sequence_axes("NHWC", why)


def _in_windows(site: LayerSite, attention: Any, block: Any) -> Layout | None:
    """Inside of timm's window attention, whose first axis counts the windows of all pictures."""
    rows, columns = attention.window_size
    if len(site.shape) == 4 and site.shape[1] == attention.num_heads:
        why = f"Each attention head of each window of {rows} x {columns} patches is one slice."
        return Layout(LayoutKind.OTHER, "GA..", why, on_picture=False)
    if block is None or len(site.shape) != 3 or site.shape[1] != rows * columns:
        return None
    grid = tuple(block.input_resolution)
    if -(-grid[0] // rows) * -(-grid[1] // columns) * site.batch != site.shape[0]:
        return None
    why = f"The layer works on windows of {rows} x {columns} patches, put back in their places here."
    return Layout(
        LayoutKind.WINDOWS,
        "GLC",
        why,
        grid=(grid[0], grid[1]),
        window=(rows, columns),
        shift=tuple(block.shift_size),
        rolled_first=True,
    )


def _in_maxvit(site: LayerSite, _network: Any) -> Layout | None:
    if len(site.shape) != 4:
        return None
    layer: Any = site.nearest(lambda module: isinstance(module, PartitionAttentionLayer), around=True)
    name = site.names[-1] if site.names else ""
    if layer is None or (name == "departition_op" and not site.step):
        return sequence_axes("NCHW", "MaxViT keeps the channels first outside of its attention layers.")
    size, grid = layer.p, tuple(layer.grid_size)
    swapped = layer.partition_type == "grid" and name not in ("partition_op", "departition_swap")
    shape = (grid[0] // size * (grid[1] // size), size * size)
    if (site.step and site.chain[-1] is not layer) or site.shape[1:3] != (shape[::-1] if swapped else shape):
        return None
    kind = "spread evenly over the picture" if layer.partition_type == "grid" else "side by side"
    why = f"The layer works on groups of patches that lie {kind}; they are put back in their places here."
    return Layout(
        LayoutKind.WINDOWS, "NLGC" if swapped else "NGLC", why, grid=(grid[0], grid[1]), window=(size, size)
    )


def _in_convnext(site: LayerSite, _network: Any) -> Layout | None:
    inside = site.nearest(lambda module: isinstance(module, CNBlock), around=True)
    if len(site.shape) != 4 or (inside is not None and len(site.names) > 1 and site.names[-2] == "block"):
        return None  # between two layers that move the channels: these tell
    if site.step in CHANNELS_LAST_STEPS:
        return None
    return sequence_axes("NCHW", "ConvNeXt keeps the channels first between its blocks.")


_FAMILIES: tuple[tuple[Callable[[nn.Module], bool], Callable[[LayerSite, Any], Layout | None]], ...] = (
    (lambda module: isinstance(module, VisionTransformer), _in_torchvision_vit),
    (lambda module: isinstance(module, SwinTransformer), _in_torchvision_swin),
    (lambda module: isinstance(module, MaxVit), _in_maxvit),
    (lambda module: isinstance(module, ConvNeXt), _in_convnext),
    (lambda module: has_type(module, *_TIMM_VITS), _in_timm_vit),
    (lambda module: has_type(module, *_TIMM_SWINS), _in_timm_swin),
)
