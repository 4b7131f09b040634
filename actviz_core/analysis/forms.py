"""Brings activations of every layout to maps of shape (C, H, W), with tokens of their own apart."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError
from actviz_core.layouts.layout import Layout, LayoutKind, default_layout

Array = npt.NDArray[np.generic]


def as_maps(activation: npt.ArrayLike, layout: Layout | None = None, *, item: int = 0) -> Array:
    """One picture's activation as maps of shape (C, H, W), without copying where numpy can avoid it.

    Without a layout the shape's usual one is taken. Maps keep their shape; channels that come last go first.
    Tokens (N, L, C) lie on their grid of patches, without the class and register tokens, which
    `prefix_tokens` gives. A sequence becomes (C, 1, L): positions from left to right; a vector (C, 1, 1).
    A volume (N, C, D, H, W) becomes (C, H, D * W), its slices side by side, and windows are put back where
    they were cut out of the picture; these two are copies. Of attention heads each is a channel. Of anything
    else the first axis after the batch counts as channels, the last as columns, and all between as rows.

    Raises:
        ShapeError: if the batch has no such item, the activation holds no value, or the layout doesn't fit.

    """
    array = np.asarray(activation)
    layout = (
        default_layout(array.shape, batch=array.shape[0] if array.ndim else 1) if layout is None else layout
    )
    picture, axes = _picture(array, layout, item)
    match layout.kind:
        case LayoutKind.TOKENS:
            rows, columns = layout.grid or (1, -1)
            patches = _in_order(picture, axes, "LC")[len(layout.prefix) :]
            return patches.reshape(rows, columns, -1).transpose(2, 0, 1)
        case LayoutKind.WINDOWS:
            return _unwindowed(_in_order(picture, axes, "GLC"), layout)
        case LayoutKind.SEQUENCE:
            return _in_order(picture, axes, "CL")[:, None, :]
        case LayoutKind.VOLUME:
            volume = _in_order(picture, axes, "CHDW")
            return volume.reshape(*volume.shape[:2], -1)
        case LayoutKind.VECTOR:
            return picture.reshape(-1, 1, 1)
        case LayoutKind.OTHER if axes.startswith("GA"):
            return picture.reshape(-1, *picture.shape[2:])
        case LayoutKind.OTHER:
            if picture.ndim == 2:
                return picture[None]
            return picture.reshape(picture.shape[0] if picture.ndim else 1, -1, (picture.shape or (1,))[-1])
        case _:
            return _in_order(
                picture if "C" in axes else picture[None], axes if "C" in axes else f"C{axes}", "CHW"
            )


def channel_count(shape: Sequence[int], layout: Layout) -> int:
    """How many channels `as_maps` makes of one picture's activation of this shape, known without its values.

    ``shape`` has as many axes as ``layout``.
    """
    axes = layout.axes
    sizes = [size for axis, size in zip(axes, shape, strict=True) if axis != "N"]
    match layout.kind:
        case LayoutKind.VECTOR:
            return prod(sizes)
        case LayoutKind.OTHER if axes.startswith("GA"):
            return sizes[0] * sizes[1]
        case LayoutKind.OTHER:
            return 1 if len(sizes) in (0, 2) else sizes[0]
        case _:
            return shape[axes.index("C")] if "C" in axes else 1


def prefix_tokens(
    activation: npt.ArrayLike, layout: Layout, *, item: int = 0
) -> tuple[tuple[str, ...], Array]:
    """The class and register tokens of one picture: their names, and their values of shape (P, C).

    Raises:
        ShapeError: as `as_maps`.

    """
    picture, axes = _picture(np.asarray(activation), layout, item)
    if not layout.prefix:
        return (), np.empty((0, 0), picture.dtype)
    return layout.prefix, _in_order(picture, axes, "LC")[: len(layout.prefix)]


def _picture(array: Array, layout: Layout, item: int) -> tuple[Array, str]:
    """One picture of the batch, with the letters of the axes that are left."""
    axes = layout.axes
    if len(axes) != array.ndim or not _fits(array.shape, layout):
        raise ShapeError(f"An activation of shape {array.shape} cannot be read as {layout.name} ({axes}).")
    at = axes.find("N")
    if array.size == 0 or (at >= 0 and not 0 <= item < array.shape[at]):
        raise ShapeError(
            f"An activation of shape {array.shape} has no values for picture {item} of its batch."
        )
    if at < 0:
        if layout.kind is LayoutKind.WINDOWS:
            count = _windows(layout)
            windows = array[item * count : (item + 1) * count]
            if len(windows) < count:
                raise ShapeError(
                    f"An activation of shape {array.shape} has no values for picture {item} of its batch."
                )
            return windows, axes
        return array, axes
    return array[(slice(None),) * at + (item,)], axes[:at] + axes[at + 1 :]


def _fits(shape: tuple[int, ...], layout: Layout) -> bool:
    sizes = dict(zip(layout.axes, shape, strict=True))
    if layout.grid is None:
        return layout.kind is not LayoutKind.TOKENS
    rows, columns = layout.grid
    if layout.window is None:
        return sizes.get("L") == rows * columns + len(layout.prefix)
    groups = sizes.get("G", 0)
    whole = groups % _windows(layout) == 0 if "N" not in sizes else groups == _windows(layout)
    return whole and sizes.get("L") == layout.window[0] * layout.window[1]


def _windows(layout: Layout) -> int:
    rows, columns = _window_rows(layout)
    return rows * columns


def _window_rows(layout: Layout) -> tuple[int, int]:
    """How many windows lie above and beside each other, filled up ones too."""
    (rows, columns), (height, width) = layout.grid or (1, 1), layout.window or (1, 1)
    return -(-rows // height), -(-columns // width)


def _in_order(array: Array, axes: str, wanted: str) -> Array:
    return array.transpose([axes.index(letter) for letter in wanted])


def _unwindowed(windows: Array, layout: Layout) -> Array:
    """Windows (G, L, C) put back into maps (C, H, W)."""
    (down, right), (height, width) = _window_rows(layout), layout.window or (1, 1)
    rows, columns = layout.grid or (1, 1)
    whole = windows.reshape(down, right, height, width, -1).transpose(4, 0, 2, 1, 3)
    maps = whole.reshape(-1, down * height, right * width)
    if layout.rolled_first:
        return np.roll(maps[:, :rows, :columns], layout.shift, (1, 2))
    return np.roll(maps, layout.shift, (1, 2))[:, :rows, :columns]
