"""Layouts in any network, from what its layers do: convolutions put channels first, linear layers last."""

from collections.abc import Iterator
from enum import Enum

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torchvision.ops.misc import FrozenBatchNorm2d, Permute

from actviz_core.layouts.layout import Layout, LayoutKind, Size, prefix_names
from actviz_core.layouts.site import LayerSite, with_weights

_POOLS = tuple(
    getattr(nn, f"{kind}Pool{dimensions}d")
    for kind in ("Max", "Avg", "AdaptiveMax", "AdaptiveAvg", "LP")
    for dimensions in (1, 2, 3)
)
_CHANNELS_FIRST = (
    _ConvNd, _BatchNorm, _InstanceNorm, nn.GroupNorm, FrozenBatchNorm2d, *_POOLS, nn.Upsample,
    nn.PixelShuffle, nn.PixelUnshuffle, nn.LocalResponseNorm, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d,
)  # fmt: skip
_DROPPED_PATHS = ("StochasticDepth", "DropPath", "LayerScale", "LayerScale2d")
CHANNELS_LAST_STEPS = ("layer_norm", "rms_norm", "linear", "embedding")
_ATTENTION = ("attention", "attn", "window")
FIRST_AXES = {3: "NCL", 4: "NCHW", 5: "NCDHW"}
_LAST_AXES = {3: "NLC", 4: "NHWC", 5: "NDHWC"}
_KINDS = {
    "NCL": LayoutKind.SEQUENCE,
    "NLC": LayoutKind.SEQUENCE,
    "LNC": LayoutKind.SEQUENCE,
    "NCHW": LayoutKind.MAPS,
    "NHWC": LayoutKind.CHANNEL_LAST,
    "NCDHW": LayoutKind.VOLUME,
    "NDHWC": LayoutKind.VOLUME,
}


class Channels(Enum):
    """Which axis of an activation holds the channels."""

    FIRST = "first"  # after the batch
    LAST = "last"


def layout_by_structure(site: LayerSite) -> Layout | None:
    """The layout that the layer itself or its neighbours tell; None where they don't."""
    return (
        _of_recurrent(site)
        or _of_transformer(site)
        or _of_layer(site)
        or _of_tokens(site)
        or _of_neighbours(site)
    )


def channels_of(module: nn.Module) -> Channels | None:
    """Where a layer puts its channels by what it computes; None for containers and elementwise layers."""
    if isinstance(module, _CHANNELS_FIRST):
        return Channels.FIRST
    if isinstance(module, (nn.LayerNorm, nn.RMSNorm)):  # subclasses called LayerNorm2d move the channels
        return Channels.FIRST if type(module).__name__.lower().endswith("2d") else Channels.LAST
    if isinstance(module, Permute):
        moved = {(0, 2, 3, 1): Channels.LAST, (0, 3, 1, 2): Channels.FIRST}
        return moved.get(tuple(module.dims))
    return Channels.LAST if isinstance(module, (nn.Linear, nn.Embedding)) else None


def is_elementwise(module: nn.Module) -> bool:
    """Whether a layer changes values without moving them."""
    if isinstance(module, (nn.MultiheadAttention, nn.GLU)):
        return False
    own = type(module).__module__ in ("torch.nn.modules.activation", "torch.nn.modules.dropout")
    return own or isinstance(module, nn.Identity) or type(module).__name__ in _DROPPED_PATHS


def is_size_of(cells: tuple[int, ...], picture: Size) -> bool:
    """Whether a map of so many rows and columns is a picture (H, W) in steps of whole numbers of pixels."""
    (rows, columns), (height, width) = cells, picture
    step = max(1, round(height / rows)) if rows else 1
    return rows * columns > 1 and abs(rows - height / step) < 1.5 and abs(columns - width / step) < 1.5


def sequence_axes(axes: str, why: str, *, certain: bool = True) -> Layout:
    """A layout with these axes, which decide its kind."""
    kind = _KINDS[axes]
    on_picture = kind in (LayoutKind.MAPS, LayoutKind.CHANNEL_LAST)
    return Layout(kind, axes, why, certain, on_picture=on_picture)


def _of_recurrent(site: LayerSite) -> Layout | None:
    module = site.module
    if not isinstance(module, nn.RNNBase) or len(site.shape) != 3:
        return None
    name = type(module).__name__
    if site.place != "[0]":
        return sequence_axes("LNC", f"{name} gives its last state for each of its layers.")
    if module.batch_first:
        return sequence_axes("NLC", f"{name} runs with the pictures first, then positions.")
    return sequence_axes("LNC", f"{name} runs with positions first, then pictures.")


def _of_transformer(site: LayerSite) -> Layout | None:
    """Inside torch's own transformer layers, which say whether positions or pictures come first."""
    types = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer, nn.Transformer)
    module = site.nearest(
        lambda module: isinstance(module, (*types, nn.TransformerEncoder, nn.TransformerDecoder))
    )
    if module is None:
        return None
    name = type(module).__name__
    if isinstance(module, nn.MultiheadAttention) and site.place == "[1]":
        axes = "N.." if len(site.shape) == 3 else "NA.."
        return Layout(
            LayoutKind.OTHER, axes, f"{name} gives its weights: rows ask, columns answer.", on_picture=False
        )
    if len(site.shape) != 3:
        return None
    attention = next(m for m in module.modules() if isinstance(m, nn.MultiheadAttention))
    axes, order = ("NLC", "pictures") if attention.batch_first else ("LNC", "positions")
    tokens = token_layout(site, axes)
    return tokens or sequence_axes(axes, f"{name} takes {order} first and channels last.")


def _of_layer(site: LayerSite) -> Layout | None:
    """What the layer itself does decides, whatever its network."""
    module, rank = site.module, len(site.shape)
    if module is None or channels_of(module) is not Channels.FIRST or rank not in FIRST_AXES:
        return None
    if isinstance(module, Permute):
        return sequence_axes("NCHW", "The layer moves the channels to the front.")
    name = type(module).__name__
    if rank == 3 and "2d" in name.lower():
        return Layout(LayoutKind.MAPS, "CHW", f"{name} computes channels x rows x columns.")
    return sequence_axes(FIRST_AXES[rank], f"{name} computes with the channels first.")


def _of_tokens(site: LayerSite) -> Layout | None:
    return token_layout(site, "NLC") if len(site.shape) == 3 else None


def token_layout(site: LayerSite, axes: str) -> Layout | None:
    """Tokens of a network that cuts the picture with one convolution, if their number fits. Never certain."""
    network = site.nearest(lambda module: _patch_size(module) is not None, around=True)
    patch = None if network is None else _patch_size(network)
    if network is None or patch is None:
        return None
    grid = site.picture[0] // patch[0], site.picture[1] // patch[1]
    before = site.shape[axes.index("L")] - grid[0] * grid[1]
    own = [
        name
        for name, _ in network.named_parameters()
        if name.rpartition(".")[2].endswith(("token", "tokens"))
    ]
    if not 0 <= before <= 5 or (before and not own):
        return None
    names = prefix_names(before, class_token=any("cl" in name for name in own))
    why = (
        f"A convolution cuts the picture into patches of {patch[0]} x {patch[1]} pixels, and the number of "
        "positions fits; that they run row by row is the usual order."
    )
    return Layout(LayoutKind.TOKENS, axes, why, False, grid=grid, prefix=names)


def _patch_size(network: nn.Module) -> Size | None:
    """The steps of a convolution directly below, or one level down, that cuts a picture into patches."""
    near = [*network.children(), *(below for child in network.children() for below in child.children())]
    for module in near:
        if isinstance(module, nn.Conv2d) and module.kernel_size == module.stride and module.stride[0] > 3:
            return module.stride[0], module.stride[1]
    return None


def _of_neighbours(site: LayerSite) -> Layout | None:
    """The layers around tell: what comes before in a sequence, or what all of them have in common."""
    rank = len(site.shape)
    if rank not in FIRST_AXES:
        return None
    if rank == 3:
        return _of_positions(site)
    unsure = any(word in type(m).__name__.lower() for m in site.around for word in _ATTENTION)
    channels, told_by = next(_told(site), (None, ""))
    first = rank == 5 or is_size_of(site.shape[2:4], site.picture)
    last = rank == 5 or is_size_of(site.shape[1:3], site.picture)
    if channels is Channels.FIRST and (first or not last):
        return sequence_axes(FIRST_AXES[rank], f"{told_by} with the channels first.", certain=not unsure)
    if channels is Channels.LAST and (last or not first):
        certain = last and not unsure
        doubt = "" if certain else " That the two axes before are rows and columns is a guess."
        why = f"{told_by} with the channels last.{doubt}"
        return sequence_axes(_LAST_AXES[rank], why, certain=certain)
    if first is not last:
        axes = FIRST_AXES[rank] if first else _LAST_AXES[rank]
        why = "Only this way do rows and columns have the picture's proportions."
        return sequence_axes(axes, why, certain=channels is None and not unsure)
    return None


def _of_positions(site: LayerSite) -> Layout | None:
    """Three axes: positions before channels after a linear layer; without a grid to lay them on."""
    channels, told_by = next(_told(site), (None, ""))
    if channels is None or site.shape[0] != site.batch:
        return None
    axes = FIRST_AXES[3] if channels is Channels.FIRST else _LAST_AXES[3]
    why = (
        f"{told_by} with the channels {channels.value}; where the positions lie on the picture is not known."
    )
    return sequence_axes(axes, why, certain=False)


def _told(site: LayerSite) -> Iterator[tuple[Channels, str]]:
    """What each neighbour says, nearest first; nothing where the nearest ones disagree or move axes."""
    if site.step in CHANNELS_LAST_STEPS:
        yield Channels.LAST, f"The function {site.step} computes"
    module = site.module
    if module is not None:
        if (own := channels_of(module)) is not None:
            yield own, f"{type(module).__name__} computes"
        if isinstance(module, nn.Sequential):
            yield from _last_of(list(module))
        if not any(True for _ in module.parameters()) and not is_elementwise(module):
            return
    if not site.step and len(site.chain) > 1 and isinstance(site.chain[-2], nn.Sequential):
        before = list(site.chain[-2]._modules)
        yield from _last_of([site.chain[-2]._modules[n] for n in before[: before.index(site.names[-1])]])
    for near in site.chain[::-1]:
        if any(_may_move_axes(part) for part in near.modules()):
            return
        said = {told for part in with_weights(near) if (told := channels_of(part)) is not None}
        if len(said) == 1:
            yield said.pop(), f"All layers of {type(near).__name__} compute"
        if said:
            return


def _may_move_axes(module: nn.Module) -> bool:
    """Whether a layer without weights may do more than change values: its place in the code tells nothing."""
    if any(True for _ in module.children()) or any(True for _ in module.parameters(recurse=False)):
        return False
    return isinstance(module, Permute) or (channels_of(module) is None and not is_elementwise(module))


def _last_of(modules: "list[nn.Module | None]") -> Iterator[tuple[Channels, str]]:
    """What the last of modules in a row says, elementwise ones left out; an unclear one ends the search."""
    for module in reversed(modules):
        if module is None or is_elementwise(module):
            continue
        if (channels := channels_of(module)) is not None:
            yield channels, f"{type(module).__name__} before it computes"
        elif isinstance(module, nn.Sequential):
            yield from _last_of(list(module))
        return
