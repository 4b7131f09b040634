"""A finished run: what the network did with every picture of a source, read from the disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.accuracy import accuracy, confusion_matrix, top_accuracy
from actviz_core.errors import UnknownLayerError, UnknownRunError
from actviz_core.hooks.record import unknown_name
from actviz_core.names import ImageId
from actviz_core.sweep.manifest import Manifest, read_manifest
from actviz_core.sweep.passes import CallPlan
from actviz_core.sweep.storage import RunFiles
from actviz_core.sweep.summary import EXTREMES, Summary, extremes, read_summary

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Hit:
    """One of a channel's extreme pictures: its image id and index, the maximum, and its place in the map."""

    image: str
    index: int
    value: float
    row: int
    column: int


class Run:
    """The kept result of one sweep.

    Arrays have a row for each of the N pictures, in the source's order; they are mapped into memory, so that
    only what is looked at is read. Rows of pictures that were skipped hold NaN, and ``swept`` (N,) is False
    there. A layer is named by a call (``relu#2``), or by itself where it was called once.
    """

    def __init__(self, folder: Path) -> None:
        self.manifest: Manifest = read_manifest(folder)
        self._files = RunFiles(folder, self.manifest)
        problems = self._files.problems()
        if problems is None:
            raise UnknownRunError(
                f"The run {folder.name} is not finished. Start the same sweep to go on with it."
            )
        self.problems: Mapping[int, str] = problems

    @property
    def id(self) -> str:
        """The run's name."""
        return self.manifest.id

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._files.folder

    @property
    def calls(self) -> tuple[str, ...]:
        """The calls that were swept, in the order of execution."""
        return tuple(call.name for call in self.manifest.calls)

    def __len__(self) -> int:
        return self.manifest.pictures

    def image(self, index: int) -> str:
        """The image id of a picture."""
        return str(ImageId(self.manifest.source, index))

    def plan(self, layer: str) -> CallPlan:
        """What is known of a call beforehand: channels, shape, layout. Raises `UnknownLayerError`."""
        return next(plan for plan in self.manifest.calls if plan.name == self._call(layer))

    def mean(self, layer: str) -> FloatArray:
        """The mean over each map, (N, C) float32. Raises `UnknownLayerError`."""
        return self._files.mapped(self._call(layer), "mean")

    def maximum(self, layer: str) -> FloatArray:
        """The maximum over each map, (N, C) float32. Raises `UnknownLayerError`."""
        return self._files.mapped(self._call(layer), "maximum")

    def place(self, layer: str) -> npt.NDArray[np.uint16]:
        """Row and column of each maximum, (N, C, 2) uint16. Raises `UnknownLayerError`."""
        return self._files.mapped(self._call(layer), "place")

    def active(self, layer: str) -> FloatArray:
        """The share of active cells of each map, (N, C) float32 from 0 to 1. Raises `UnknownLayerError`."""
        return self._files.mapped(self._call(layer), "active")

    def silent(self, layer: str) -> npt.NDArray[np.bool_]:
        """Whether every cell of a map is exactly zero, (N, C). Raises `UnknownLayerError`."""
        return self._files.mapped(self._call(layer), "silent")

    def summary(self, layer: str) -> Summary:
        """What all pictures together say of each channel. Raises `UnknownLayerError`."""
        return read_summary(self._files.call_folder(self._call(layer)))

    def top(self, layer: str, channel: int, k: int = 9) -> tuple[Hit, ...]:
        """The k pictures with the largest maximum of a channel, largest first; equal ones in their order.

        Raises `UnknownLayerError` for a layer or channel that is not there.
        """
        return self._hits(layer, channel, k, largest=True)

    def bottom(self, layer: str, channel: int, k: int = 9) -> tuple[Hit, ...]:
        """The k pictures with the smallest maximum of a channel, smallest first. Raises as `top`."""
        return self._hits(layer, channel, k, largest=False)

    @cached_property
    def answers(self) -> npt.NDArray[np.int32]:
        """The 10 most probable classes of each picture, (N, 10), best first; -1 where there is none."""
        return self._files.mapped(None, "answers")

    @cached_property
    def probabilities(self) -> FloatArray:
        """The probabilities of ``answers``, (N, 10); NaN where there is none."""
        return self._files.mapped(None, "probabilities")

    @cached_property
    def labels(self) -> npt.NDArray[np.int32]:
        """The source's label of each picture, (N,): an index into ``manifest.labels``; -1 without a label."""
        return self._files.mapped(None, "labels")

    @cached_property
    def swept(self) -> npt.NDArray[np.bool_]:
        """Which pictures were swept, (N,); the others are in ``problems``, with the reason."""
        return self._files.mapped(None, "swept")

    @property
    def accuracy(self) -> float | None:
        """The share of labelled pictures whose most probable class has the label's name, 0 to 1.

        Pictures that were skipped, have no label or one that no class of the network has, do not count. None
        where none is left.
        """
        return accuracy(self.said[:, 0], self.known_labels)

    @property
    def top5_accuracy(self) -> float | None:
        """The same for the five most probable classes: the label is one of them."""
        return top_accuracy(self.said, self.known_labels, 5)

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """How many pictures of each label (rows) got each of the network's classes (columns) as the answer.

        Pictures that were skipped, have no label or got no answer do not count.
        """
        right = np.where(self.swept, self.labels, -1)
        return confusion_matrix(
            self.answers[:, 0], right, (len(self.manifest.labels), self._answer_classes())
        )

    @cached_property
    def said(self) -> npt.NDArray[np.int64]:
        """The answers as labels of the source, (N, 10): -1 where no label has the name of that class."""
        names = np.full(max(self._answer_classes(), len(self.manifest.label_classes)) + 1, -1, np.int64)
        names[: len(self.manifest.label_classes)] = self.manifest.label_classes
        return names[self.answers]  # an answer of -1 takes the last, which is -1

    @cached_property
    def known_labels(self) -> npt.NDArray[np.int64]:
        """The labels that count for the accuracy, (N,); -1 elsewhere."""
        known = self.swept & np.isin(self.labels, [name for name in self.manifest.label_classes if name >= 0])
        return np.where(known, self.labels, -1).astype(np.int64)

    def _answer_classes(self) -> int:
        return max(len(self.manifest.classes), int(self.answers.max(initial=-1)) + 1)

    def _hits(self, layer: str, channel: int, k: int, *, largest: bool) -> tuple[Hit, ...]:
        plan = self.plan(layer)
        if not 0 <= channel < plan.channels:
            raise UnknownLayerError(f"{plan.name} has no channel {channel}. It has 0 to {plan.channels - 1}.")
        maximum, place = self.maximum(layer), self.place(layer)
        if k <= EXTREMES:
            summary = self.summary(layer)
            rows = (summary.largest if largest else summary.smallest)[channel, :k]
        else:
            rows = extremes(maximum[:, channel : channel + 1], min(k, len(self)), largest=largest)[0]
        return tuple(
            Hit(self.image(row), row, float(maximum[row, channel]), *map(int, place[row, channel]))
            for row in rows.tolist()
            if row >= 0
        )

    def _call(self, layer: str) -> str:
        if layer in self.calls:
            return layer
        of_layer = [call for call in self.calls if call.startswith((f"{layer}#", f"{layer}["))]
        if len(of_layer) == 1:
            return of_layer[0]
        if of_layer:
            raise UnknownLayerError(f"{layer!r} has several calls; choose one of {', '.join(of_layer)}.")
        known: dict[str, Any] = dict.fromkeys(self.calls)
        raise unknown_name(layer, known, "was not swept")
