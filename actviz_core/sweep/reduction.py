"""Reduces a batch's activation to a few numbers for every picture and channel."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actviz_core.analysis import as_maps, channel_statistics
from actviz_core.analysis.strength import NEARLY_SILENT
from actviz_core.errors import SweepError
from actviz_core.layouts.layout import Layout, LayoutKind

FloatArray = npt.NDArray[np.float32]
LARGEST_SIDE = 2**16  # of a map: places are kept as two unsigned 16-bit numbers
_BLOCK = 2**18  # values reduced at a time: they stay in the processor's cache over all passes


@dataclass(frozen=True)
class Numbers:
    """What is kept of a call: arrays of shape (N, C) for N pictures and C channels.

    ``mean`` and ``maximum`` are float32 and NaN where a map holds NaN. ``place`` (N, C, 2) uint16 is the row
    and column of the maximum, the first in reading order. ``active`` float32 is the share of active cells as
    `actviz_core.analysis.ChannelStatistics` defines it. ``silent`` is True where every cell is exactly zero.
    """

    mean: FloatArray
    maximum: FloatArray
    place: npt.NDArray[np.uint16]
    active: FloatArray
    silent: npt.NDArray[np.bool_]

    @staticmethod
    def joined(parts: "list[Numbers]") -> "Numbers":
        """The pictures of several batches, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return Numbers(*(np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS))

    def rows(self, which: slice | npt.NDArray[np.int64]) -> "Numbers":
        """Some of the pictures."""
        return Numbers(*(getattr(self, name)[which] for name in FIELDS))


FIELDS: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
    "mean": (np.dtype("<f4"), ()),
    "maximum": (np.dtype("<f4"), ()),
    "place": (np.dtype("<u2"), (2,)),
    "active": (np.dtype("<f4"), ()),
    "silent": (np.dtype("?"), ()),
}
"""The arrays of `Numbers`: their dtypes, and the shape of one entry."""

BYTES_PER_CHANNEL = sum(dtype.itemsize * int(np.prod(shape)) for dtype, shape in FIELDS.values())


def empty_numbers(pictures: int, channels: int) -> Numbers:
    """The numbers of pictures that were skipped: NaN, the first place, not silent."""
    mean, maximum, active = (np.full((pictures, channels), np.nan, np.float32) for _ in range(3))
    place, silent = np.zeros((pictures, channels, 2), np.uint16), np.zeros((pictures, channels), np.bool_)
    return Numbers(mean, maximum, place, active, silent)


def reduced(activation: Tensor, layout: Layout, pictures: int) -> Callable[[], Numbers]:
    """Reduce an activation of a batch of ``pictures`` now; the function returned gives the numbers.

    On an accelerator the work is only put in line: call the function after the pass, since it waits for the
    device. Raises `SweepError` where the activation does not hold one map a channel and picture.
    """
    maps, width = _maps(_real(activation), layout, pictures)
    if max(width, maps.shape[2] // max(width, 1)) > LARGEST_SIDE:
        raise SweepError(f"Its maps have sides of more than {LARGEST_SIDE:,} cells, too many to be swept.")
    if not maps.is_cpu:
        return on_device(maps, width)
    numbers = on_processor(maps.numpy(), width)
    return lambda: numbers


def _real(tensor: Tensor) -> Tensor:
    """The values as float32: of complex numbers the magnitude, of quantized ones what they mean."""
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    return (tensor.abs() if tensor.is_complex() else tensor).detach().to(torch.float32)


def _maps(values: Tensor, layout: Layout, pictures: int) -> tuple[Tensor, int]:
    """The values as (N, C, cells), each map row by row, and how many cells a row has."""
    axes = layout.axes
    batch = axes.find("N")
    plain = batch == 0 and values.shape[0] == pictures and values.numel()
    if plain and layout.kind is LayoutKind.MAPS and axes == "NCHW":
        return values.flatten(2), values.shape[3]
    if plain and layout.kind is LayoutKind.CHANNEL_LAST and axes == "NHWC":
        return values.flatten(1, 2).transpose(1, 2).contiguous(), values.shape[2]
    if plain and layout.kind is LayoutKind.VECTOR:
        return values.reshape(pictures, -1, 1), 1
    if plain and layout.kind in (LayoutKind.TOKENS, LayoutKind.SEQUENCE) and axes == "NLC":
        patches = values[:, len(layout.prefix) :].transpose(1, 2).contiguous()
        return patches, layout.grid[1] if layout.grid else patches.shape[2]
    held = values.shape[batch] if batch >= 0 else values.shape[0] if values.dim() else 0
    windows = layout.kind is LayoutKind.WINDOWS and batch < 0
    if held != pictures and not (windows and held % pictures == 0):
        raise SweepError(
            f"It returned a tensor of shape {tuple(values.shape)} for {pictures} pictures, which does not "
            "hold one activation a picture."
        )
    array = values.cpu().numpy()
    each = np.stack([as_maps(array, layout, item=item) for item in range(pictures)])
    moved = torch.from_numpy(np.ascontiguousarray(each)).to(values.device)
    return moved.flatten(2), moved.shape[3]


def on_processor(maps: FloatArray, width: int) -> Numbers:
    """Reduce on the CPU. NumPy does it faster than torch does, and leaves the other cores to the loader."""
    pictures, channels, cells = maps.shape
    maps = np.ascontiguousarray(maps)
    mean, maximum = np.empty((2, pictures, channels), np.float32)
    minimum, active = np.empty((2, pictures, channels), np.float32)
    place = np.empty((pictures, channels), np.int64)
    step = max(1, _BLOCK // (channels * cells))
    flags = np.zeros((min(step, pictures), channels, -(-cells // 8) * 8), np.bool_)
    for first in range(0, pictures, step):
        block, rows = maps[first : first + step], slice(first, first + step)
        with np.errstate(invalid="ignore", over="ignore"):
            block.mean(axis=2, out=mean[rows])
        block.argmax(axis=2, out=place[rows])
        maximum[rows] = np.take_along_axis(block, place[rows, :, None], axis=2)[..., 0]
        block.min(axis=2, out=minimum[rows])
        active[rows] = _active(block, maximum[rows], minimum[rows], flags[: len(block)])
    return _numbers(mean, maximum, minimum, place, active, width)


def _numbers(
    mean: FloatArray,
    maximum: FloatArray,
    minimum: FloatArray,
    place: npt.NDArray[np.int64],
    active: FloatArray,
    width: int,
) -> Numbers:
    where = np.stack([place // width, place % width], axis=-1).astype(np.uint16)
    return Numbers(mean, maximum, where, active, (maximum == 0) & (minimum == 0))


def _active(maps: FloatArray, maximum: FloatArray, minimum: FloatArray, flags: npt.NDArray[np.bool_]) -> Any:
    """The share of active cells, (N, C) float32; ``flags`` is memory for (N, C, cells) booleans and more."""
    cells = maps.shape[2]
    lowest, highest = minimum.min(axis=1), maximum.max(axis=1)
    signed = lowest < 0
    limit = (np.maximum(highest, -lowest) * np.float32(NEARLY_SILENT)).astype(np.float32)[:, None, None]
    np.greater(maps, limit, out=flags[..., :cells])
    count = _count(flags)
    if signed.any():
        np.less(maps, -limit, out=flags[..., :cells])
        count += _count(flags) * signed[:, None]
    share = (count / cells).astype(np.float32)
    for picture in np.flatnonzero(~np.isfinite(lowest) | ~np.isfinite(highest)):
        share[picture] = channel_statistics(maps[picture][:, None, :]).active
    return share


def _count(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many of the last axis are true, its length a multiple of 8: eight counted in one addition."""
    words = flags.view(np.uint64)
    count = np.zeros(flags.shape[:2], np.int64)
    for first in range(0, words.shape[2], 255):  # a byte counts no further
        sums = words[..., first : first + 255].sum(axis=2, dtype=np.uint64)
        count += sums[..., None].view(np.uint8).sum(axis=2, dtype=np.int64)
    return count


def on_device(maps: Tensor, width: int) -> Callable[[], Numbers]:
    """The same on an accelerator: nothing but the numbers leaves it, and nothing here waits for it."""
    cells = maps.shape[2]
    mean, maximum, minimum = maps.mean(2), maps.amax(2), maps.amin(2)
    order = torch.arange(cells, device=maps.device, dtype=torch.int32)
    highest = (maps == maximum[..., None]) | maps.isnan()
    place = torch.where(highest, order, cells).amin(2)  # the first one: argmax promises none of several
    finite = maps.isfinite()
    known = torch.where(finite, maps, 0)
    lowest, top = known.amin((1, 2)), known.amax((1, 2))
    limit = (torch.maximum(top, -lowest) * NEARLY_SILENT)[:, None, None]
    count = (known > limit).sum(2) + ((known < -limit) & (lowest < 0)[:, None, None]).sum(2)
    of = finite.sum(2)

    def numbers() -> Numbers:
        with np.errstate(invalid="ignore"):  # a map without a finite value has no share: NaN
            active = (count.cpu().numpy() / of.cpu().numpy()).astype(np.float32)
        arrays = (each.cpu().numpy() for each in (mean, maximum, minimum, place))
        return _numbers(*arrays, active, width)  # type: ignore[arg-type, call-arg]  # four arrays in order

    return numbers
