"""What a channel does with many pictures: the largest values, where they are, and how classes differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.analysis import as_maps, channel_statistics
from actviz_core.hooks import capture
from actviz_core.hooks.selection import has_steps
from actviz_core.layouts.of_network import layout_of
from actviz_core.models import Model
from actviz_core.names import ImageId
from actviz_core.samples import Source
from actviz_core.sweep import Run
from actviz_core.workspace.activations import to_numpy

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PictureValues:
    """What every channel of a call does with N pictures.

    Attributes:
        images: the image ids, N.
        labels: their labels, N; None for a picture without one.
        maximum, mean: (N, C), over each map; NaN where a map holds no finite value.
        place: (N, C, 2), row and column of each maximum.

    """

    images: tuple[str, ...]
    labels: tuple[str | None, ...]
    maximum: FloatArray
    mean: FloatArray
    place: npt.NDArray[np.int64]

    @property
    def bytes(self) -> int:
        """What the arrays take."""
        return self.maximum.nbytes + self.mean.nbytes + self.place.nbytes + 200 * len(self.images)


def values_on_pictures(
    model: Model, source: Source, call: str, told: Callable[[int], None] = lambda _: None
) -> PictureValues:
    """Run a network on every picture of a small source, one by one, each pass ending at the call.

    ``told`` is called with the number of pictures that are done. Raises `UnknownLayerError` for a call that
    isn't there; what the network raises passes through.
    """
    steps = has_steps(model.module, [call])
    found = []
    for number, sample in enumerate(source):
        record = capture(model.module, model.inputs(sample.image), [call], steps=steps)
        value = record[call]
        layout = layout_of(model.module, call, tuple(value.shape), model.preprocess.size)
        found.append(channel_statistics(as_maps(to_numpy(value), layout)))
        told(number + 1)
    return PictureValues(
        tuple(str(ImageId(source.key, index)) for index in range(len(source))),
        tuple(source.label(index) for index in range(len(source))),
        np.stack([one.maximum for one in found]),
        np.stack([one.mean for one in found]),
        np.stack([np.stack([one.peak_row, one.peak_column], 1) for one in found]),
    )


@dataclass(frozen=True)
class Hit:
    """One picture with the largest value of a channel in it, and the cell that has it."""

    image: str
    label: str | None
    value: float
    cell: tuple[int, int]


@dataclass(frozen=True, eq=False)
class ChannelOnPictures:
    """What one channel does with the pictures of a source.

    Attributes:
        source: the source's key.
        count: how many pictures count: those with a finite value.
        top, bottom: the most extreme pictures, most extreme first; equal ones in their order.
        values: (count,), every picture's largest value, ascending.
        classes, class_means: the mean of the largest values over the pictures of each class.
        largest_mean: the largest mean over the map that any picture reaches; NaN if none counts.

    """

    source: str
    count: int
    top: tuple[Hit, ...]
    bottom: tuple[Hit, ...]
    values: FloatArray
    classes: tuple[str, ...]
    class_means: tuple[float, ...]
    largest_mean: float

    @property
    def largest(self) -> float:
        """The largest value in any cell of any picture; NaN if none counts."""
        return float(self.values[-1]) if self.count else float("nan")

    def share_below(self, value: float) -> float:
        """The share of pictures whose largest value is below ``value``, 0 to 1."""
        return float(np.searchsorted(self.values, value, side="left")) / max(1, self.count)


SHOWN = 9


def channel_on_pictures(values: PictureValues, source: str, channel: int) -> ChannelOnPictures:
    """One channel's part of what was found on pictures."""
    return _of(
        source,
        values.images,
        values.labels,
        values.maximum[:, channel],
        values.mean[:, channel],
        values.place[:, channel],
    )


def channel_of_run(run: Run, call: str, channel: int) -> ChannelOnPictures:
    """One channel's part of a sweep. Raises `UnknownLayerError` for a call that was not swept."""
    names = run.manifest.labels
    labels = [names[index] if index >= 0 else None for index in run.labels.tolist()]
    images = [run.image(index) for index in range(len(run))]
    return _of(
        run.manifest.source,
        images,
        labels,
        np.array(run.maximum(call)[:, channel], np.float64),
        np.array(run.mean(call)[:, channel], np.float64),
        np.array(run.place(call)[:, channel], np.int64),
    )


def pictures_counted(run: Run, call: str, channel: int) -> int:
    """For how many pictures of a sweep the channel's mean is finite. Raises as `channel_of_run`."""
    return int(np.isfinite(run.mean(call)[:, channel]).sum())


def _of(
    source: str,
    images: Sequence[str],
    labels: Sequence[str | None],
    maximum: FloatArray,
    mean: FloatArray,
    place: npt.NDArray[np.int64],
) -> ChannelOnPictures:
    usable = np.flatnonzero(np.isfinite(maximum))

    def hits(order: npt.NDArray[np.int64]) -> tuple[Hit, ...]:
        return tuple(
            Hit(images[at], labels[at], float(maximum[at]), (int(place[at][0]), int(place[at][1])))
            for at in usable[order[:SHOWN]].tolist()
        )

    classes = tuple(sorted({labels[at] or "" for at in usable.tolist()} - {""}))
    means = [
        float(np.mean([maximum[at] for at in usable.tolist() if labels[at] == name])) for name in classes
    ]
    reached = mean[np.isfinite(mean)]
    return ChannelOnPictures(
        source,
        len(usable),
        hits(np.argsort(-maximum[usable], kind="stable")),
        hits(np.argsort(maximum[usable], kind="stable")),
        np.sort(maximum[usable]),
        classes,
        tuple(means),
        float(reached.max()) if reached.size else float("nan"),
    )
