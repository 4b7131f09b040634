"""What all pictures together say of each channel: extremes, histograms, silence, sums by class."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.sweep.storage import RunFiles, write_whole

EXTREMES = 25
"""So many of the pictures with the largest and the smallest maximum are kept for each channel."""

BINS = 64
FILE_NAME = "summary.npz"
_BLOCK = 2**20  # values read at a time, so that memory does not depend on the number of pictures

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Summary:
    """One call over all N pictures that were swept; C channels.

    Attributes:
        largest, smallest: (C, 25) int64, the pictures with the largest and smallest maximum, most extreme
            first and equal ones in the source's order; -1 where there are not so many. Pictures whose maximum
            is no number are left out.
        mean_counts, maximum_counts: (C, 64) int64, how many pictures have their mean (maximum) in each of 64
            equal bins; ``mean_range`` and ``maximum_range`` (C, 2) float32 are the first bin's lower end and
            the last one's upper end: the least and the greatest that occur. Infinite values are in no bin.
        silent: (C,) int64, in how many pictures every cell is exactly zero.
        full: (C,) int64, in how many pictures every cell is active.
        sums, squares: (C,) float64, sums of the pictures' means and of their squares.
        class_sums: (K, C) float64, sums of the means by label; ``class_counts`` (K,) int64 counts pictures.
        pictures: how many there are.

    """

    largest: npt.NDArray[np.int64]
    smallest: npt.NDArray[np.int64]
    mean_counts: npt.NDArray[np.int64]
    mean_range: npt.NDArray[np.float32]
    maximum_counts: npt.NDArray[np.int64]
    maximum_range: npt.NDArray[np.float32]
    silent: npt.NDArray[np.int64]
    full: npt.NDArray[np.int64]
    sums: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]
    class_sums: npt.NDArray[np.float64]
    class_counts: npt.NDArray[np.int64]
    pictures: int


def summarise(files: RunFiles, call: str) -> None:
    """Make a call's summary from its arrays, and write it beside them."""
    summary = _summary(files, call)
    content = io.BytesIO()
    arrays: dict[str, Any] = {field.name: getattr(summary, field.name) for field in fields(Summary)}
    np.savez(content, **arrays)
    write_whole(files.call_folder(call) / FILE_NAME, content.getvalue())


def read_summary(folder: Path) -> Summary:
    """Read a call's summary from its folder."""
    with np.load(folder / FILE_NAME, allow_pickle=False) as arrays:
        values = {field.name: arrays[field.name] for field in fields(Summary)}
    return Summary(**{**values, "pictures": int(values["pictures"])})


def extremes(values: npt.ArrayLike, k: int, *, largest: bool) -> npt.NDArray[np.int64]:
    """The rows of the k largest (smallest) values of each column of (N, C): (C, k), most extreme first.

    Equal values come in the order of their rows. NaN is left out; -1 fills up what is missing.
    """
    return _rows_of(_best(_keys(np.asarray(values, np.float32), 0, largest=largest), k))


def _summary(files: RunFiles, call: str) -> Summary:
    channels = next(plan.channels for plan in files.manifest.calls if plan.name == call)
    labels = len(files.manifest.labels)
    rows = max(1, _BLOCK // channels)
    largest, smallest = np.zeros((2, channels, 0), np.uint64)
    silent, full = np.zeros((2, channels), np.int64)
    sums, squares = np.zeros((2, channels))
    class_sums, class_counts = np.zeros((labels, channels)), np.zeros(labels, np.int64)
    ranges = {name: np.full((2, channels), np.nan, np.float32) for name in ("mean", "maximum")}
    first = pictures = 0
    for mean, maximum, active, quiet, label, swept in _blocks(files, call, rows):
        largest = _best(np.concatenate([largest, _keys(maximum, first, largest=True)], axis=1), EXTREMES)
        smallest = _best(np.concatenate([smallest, _keys(maximum, first, largest=False)], axis=1), EXTREMES)
        silent += quiet.sum(axis=0)
        full += (active == 1).sum(axis=0)
        exact = mean[swept].astype(np.float64)
        sums += exact.sum(axis=0)
        squares += (exact**2).sum(axis=0)
        for index in np.unique(label[swept & (label >= 0)]):
            class_sums[index] += exact[label[swept] == index].sum(axis=0)
            class_counts[index] += int((label[swept] == index).sum())
        for name, values in (("mean", mean), ("maximum", maximum)):
            ranges[name] = _wider(ranges[name], values)
        first, pictures = first + len(mean), pictures + int(swept.sum())
    counts = {name: np.zeros((channels, BINS), np.int64) for name in ranges}
    for name, count in counts.items():
        for values in files.blocks(call, name, rows):
            _count(count, values, ranges[name])
    return Summary(
        _rows_of(largest),
        _rows_of(smallest),
        counts["mean"],
        ranges["mean"].T.copy(),
        counts["maximum"],
        ranges["maximum"].T.copy(),
        silent,
        full,
        sums,
        squares,
        class_sums,
        class_counts,
        pictures,
    )


def _blocks(files: RunFiles, call: str, rows: int) -> Iterator[tuple[Array, ...]]:
    of_call: list[Iterable[Array]] = [
        files.blocks(call, name, rows) for name in ("mean", "maximum", "active", "silent")
    ]
    of_pictures: list[Iterable[Array]] = [files.blocks(None, name, rows) for name in ("labels", "swept")]
    return zip(*of_call, *of_pictures, strict=True)


def _keys(values: Array, first: int, *, largest: bool) -> npt.NDArray[np.uint64]:
    """Whole numbers in the order of the values (N, C), then of the rows: (C, N); 0 stands for NaN.

    Finding the largest numbers is several times faster than a stable sort, and as exact.
    """
    columns = np.ascontiguousarray(values.T) + np.float32(0)  # -0.0 becomes 0.0
    bits = columns.view(np.uint32)
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(2**31))
    ordered = (ordered if largest else ~ordered).astype(np.uint64)
    rows = np.arange(first, first + len(values), dtype=np.uint64)
    keys: npt.NDArray[np.uint64] = (ordered << np.uint64(32)) | (np.uint64(2**32 - 1) - rows)
    keys[np.isnan(columns)] = 0
    return keys


def _best(keys: npt.NDArray[np.uint64], k: int) -> npt.NDArray[np.uint64]:
    """The k largest of each row, largest first; fewer where there are not so many."""
    if keys.shape[1] > k:
        keys = np.partition(keys, keys.shape[1] - k, axis=1)[:, keys.shape[1] - k :]
    return np.sort(keys, axis=1)[:, ::-1]


def _rows_of(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    rows = (2**32 - 1) - (keys & np.uint64(2**32 - 1)).astype(np.int64)
    return np.where(keys == 0, -1, rows)


def _wider(ends: npt.NDArray[np.float32], values: Array) -> npt.NDArray[np.float32]:
    """Least and greatest of each channel, (2, C), with those of more pictures; infinite values left out."""
    finite = np.isfinite(values)
    least = np.where(finite, values, np.inf).min(axis=0)
    greatest = np.where(finite, values, -np.inf).max(axis=0)
    some = finite.any(axis=0)
    low, high = np.where(some, least, np.nan), np.where(some, greatest, np.nan)
    return np.stack([np.fmin(ends[0], low), np.fmax(ends[1], high)]).astype(np.float32)


def _count(counts: npt.NDArray[np.int64], values: Array, ends: npt.NDArray[np.float32]) -> None:
    low, high = ends.astype(np.float64)
    width = np.where(high > low, high - low, 1)
    finite = np.isfinite(values)
    position = np.where(finite, (values - low) / width * BINS, 0)
    bins = np.clip(np.nan_to_num(position).astype(np.int64), 0, BINS - 1) + BINS * np.arange(len(low))
    counts += np.bincount(bins[finite], minlength=counts.size).reshape(counts.shape)
