"""A sweep's result as tables: one row a picture, one row a channel."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from actviz_core.analysis import class_share
from actviz_core.export.table import harmless
from actviz_core.sweep import Run, Summary

BLOCK = 64 * 2**20  # bytes of values that are read at once
_HEADER = 900  # bytes, about
_CELL = 11  # bytes of a number in a CSV file, about, with its comma


def picture_table(run: Run) -> pd.DataFrame:
    """One row a picture, in the source's order.

    Columns: ``image`` (its id), ``label``, ``answer`` and its ``probability``, ``right`` (missing where the
    label is none of the network's classes), ``class_1`` to ``class_10`` with ``probability_1`` to
    ``probability_10``, and ``problem``: why a picture was skipped. What there is none of is missing.
    """
    told = run.manifest
    answers, probabilities = np.asarray(run.answers), np.asarray(run.probabilities)
    ranks = range(_ranks(run))
    names = [_names(answers[:, rank], told.classes, "class") for rank in ranks]
    known = run.known_labels >= 0
    right = pd.array(run.said[:, 0] == run.known_labels, dtype="boolean")
    right[~known] = pd.NA
    columns: dict[str, object] = {
        "image": [run.image(index) for index in range(len(run))],
        "label": _names(np.asarray(run.labels), told.labels, "label"),
        "answer": _names(answers[:, 0], told.classes, "class"),
        "probability": probabilities[:, 0],
        "right": right,
    }
    for rank in ranks:
        columns[f"class_{rank + 1}"] = names[rank]
        columns[f"probability_{rank + 1}"] = probabilities[:, rank]
    columns["problem"] = [_text(run.problems.get(index)) for index in range(len(run))]
    return _with_origin(pd.DataFrame(columns), run)


def channel_table(run: Run) -> pd.DataFrame:
    """One row a channel of every call.

    Columns: ``call``, ``channel``, and over the ``pictures`` that were swept: ``mean`` and ``deviation`` of
    the means over the map, ``lowest_mean`` and ``highest_mean``; ``mean_maximum``, ``lowest_maximum`` and
    ``highest_maximum`` of the largest values; ``top_image``, the picture with the largest one, with
    ``top_row`` and ``top_column`` of its cell; ``silent_share`` and ``full_share``: in which share of the
    pictures every cell is zero, or active; ``class_share``, how much of the variance of the means the class
    explains (0 to 1); ``best_class``, the label with the largest ``best_class_mean`` of the means. Lowest and
    highest leave out values that are not finite.
    """
    return _with_origin(pd.concat([_channels(run, call) for call in run.calls], ignore_index=True), run)


def table_csv(table: pd.DataFrame) -> bytes:
    """A table as UTF-8 with a header line. Numbers have all their digits; what is missing is an empty cell.

    Texts that a spreadsheet would take for a formula begin with an apostrophe.
    """
    texts = {
        name: table[name].map(_harmless)
        for name in table.columns
        if pd.api.types.is_string_dtype(table[name])
    }
    return bytes(table.assign(**texts).to_csv(index=False, lineterminator="\n").encode())


def table_parquet(table: pd.DataFrame) -> bytes:
    """A table as a Parquet file, with the run in its attributes (``pandas.read_parquet(...).attrs``)."""
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()


def picture_csv_bytes(run: Run) -> int:
    """About how large `picture_table` is as CSV."""
    classes = [*run.manifest.classes, *run.manifest.labels]
    name = 1 + sum(map(len, classes)) / max(1, len(classes))
    image = len(run.image(len(run) - 1))
    return _HEADER + round(len(run) * (image + 2 * name + _ranks(run) * (name + _CELL) + _CELL + 8))


def picture_parquet_bytes(run: Run) -> int:
    """About how large it is as Parquet: names and numbers that occur again take little room."""
    return 12_000 + round(len(run) * (len(run.image(len(run) - 1)) * 0.6 + 5 * _ranks(run)))


def channel_csv_bytes(run: Run) -> int:
    """About how large `channel_table` is as CSV."""
    names = sum(len(plan.name) * plan.channels for plan in run.manifest.calls)
    channels = sum(plan.channels for plan in run.manifest.calls)
    return _HEADER + names + round(channels * (13 * _CELL + len(run.image(len(run) - 1)) + 20))


def channel_parquet_bytes(run: Run) -> int:
    """About how large it is as Parquet."""
    return 11_000 + 100 * sum(plan.channels for plan in run.manifest.calls)


def _channels(run: Run, call: str) -> pd.DataFrame:
    summary, swept = run.summary(call), np.asarray(run.swept)
    labels = np.where(swept, run.labels, -1)
    count = len(summary.silent)
    deviation, maxima, share = np.full((3, count), np.nan)
    for part in _parts(run, count):
        mean = np.asarray(run.mean(call)[:, part], np.float64)[swept]
        with np.errstate(invalid="ignore"):  # infinite values have no deviation
            deviation[part] = mean.std(axis=0)
            maxima[part] = np.asarray(run.maximum(call)[:, part], np.float64)[swept].mean(axis=0)
            share[part] = class_share(mean, labels[swept]) if (labels >= 0).any() else np.nan
    top = summary.largest[:, 0]
    there = top >= 0
    place = np.asarray(run.place(call)[np.maximum(top, 0), np.arange(count)], np.int64)
    best, best_mean = _best_class(summary, run.manifest.labels)
    with np.errstate(invalid="ignore"):
        mean_of_all = summary.sums / summary.pictures
    return pd.DataFrame(
        {
            "call": call,
            "channel": np.arange(count),
            "pictures": summary.pictures,
            "mean": mean_of_all,
            "deviation": deviation,
            "lowest_mean": summary.mean_range[:, 0],
            "highest_mean": summary.mean_range[:, 1],
            "mean_maximum": maxima,
            "lowest_maximum": summary.maximum_range[:, 0],
            "highest_maximum": summary.maximum_range[:, 1],
            "top_image": [run.image(row) if row >= 0 else None for row in top.tolist()],
            "top_row": _whole(place[:, 0], there),
            "top_column": _whole(place[:, 1], there),
            "silent_share": summary.silent / summary.pictures,
            "full_share": summary.full / summary.pictures,
            "class_share": share,
            "best_class": best,
            "best_class_mean": best_mean,
        }
    )


def _best_class(summary: Summary, labels: Sequence[str]) -> tuple[list[str | None], npt.NDArray[np.float64]]:
    channels = len(summary.silent)
    counts = summary.class_counts
    if not (counts > 0).any():
        return [None] * channels, np.full(channels, np.nan)
    means = np.full((len(counts), channels), np.nan)
    means[counts > 0] = summary.class_sums[counts > 0] / counts[counts > 0, None]
    usable = ~np.isnan(means).all(axis=0)
    at = np.where(np.isnan(means), -np.inf, means).argmax(axis=0)
    names = [_text(labels[row]) if there else None for row, there in zip(at, usable, strict=True)]
    return names, means[at, np.arange(channels)]


def _parts(run: Run, channels: int) -> Iterator[slice]:
    """The channels, so many at a time that their values of all pictures fit into a block."""
    step = max(1, BLOCK // (8 * len(run)))
    return (slice(first, min(first + step, channels)) for first in range(0, channels, step))


def _ranks(run: Run) -> int:
    """How many of the ten answers there can be."""
    kept = int(run.answers.shape[1])
    return min(kept, len(run.manifest.classes)) or kept


def _names(indices: npt.NDArray[np.integer], names: Sequence[str], kind: str) -> list[str | None]:
    texts = [_text(name) for name in names]
    return [
        None if index < 0 else texts[index] if index < len(texts) else f"{kind} {index}"
        for index in indices.tolist()
    ]


def _text(text: str | None) -> str | None:
    """A text that any file can hold: a folder's name may have bytes that are no character."""
    return None if text is None else text.encode("utf-8", "replace").decode()


def _harmless(text: object) -> object:
    return harmless(text) if isinstance(text, str) else text


def _whole(values: npt.NDArray[np.int64], there: npt.NDArray[np.bool_]) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(values, ~there)


def _with_origin(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    told = run.manifest
    table.attrs = {
        "run": told.id,
        "model": told.model,
        "fingerprint": told.network,
        "source": told.source,
        "source_fingerprint": told.source_fingerprint,
        "command": told.command,
    }
    return table
