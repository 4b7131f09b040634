"""Sources: ordered collections of pictures, and how to look through one."""

import difflib
import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from actviz_core.errors import UnknownImageError, quoted
from actviz_core.names import ImageId

NO_LABEL = -1
PLENTY = 20  # so many names still fit into a message


@dataclass(frozen=True)
class Sample:
    """One picture (PIL, mode RGB; shared, so never change it), its image id and its label, if it has one.

    ``name`` is that of the file that a visitor uploaded, fit to be shown.
    """

    id: str
    image: Image.Image
    label: str | None
    name: str | None = None

    @property
    def title(self) -> str:
        """What people call it: its label, or its file's name, or that it has neither."""
        return self.label or self.name or "No label"


class Source(ABC):
    """An ordered collection of pictures; safe to use from many threads.

    ``classes`` names the labels that occur, ``label_indices`` (N,) int64 points into it, with -1 for a
    picture without a label. ``skipped`` names files that were left out because they cannot be read.
    """

    def __init__(
        self,
        key: str,
        title: str,
        classes: Sequence[str],
        label_indices: ArrayLike,
        skipped: Sequence[str] = (),
    ) -> None:
        self.key = key
        self.title = title
        self.classes = tuple(classes)
        self.label_indices: NDArray[np.int64] = np.array(label_indices, np.int64)
        self.label_indices.flags.writeable = False
        self.skipped = tuple(skipped)

    def __len__(self) -> int:
        return len(self.label_indices)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: SupportsIndex) -> Sample:
        index = operator.index(index)
        self._check([index])
        return Sample(str(ImageId(self.key, index)), self._image(index), self.label(index))

    def label(self, index: int) -> str | None:
        """Name the class of a picture, without opening it. Raises `UnknownImageError`."""
        self._check([index])
        label = self.label_indices[index]
        return None if label == NO_LABEL else self.classes[label]

    def thumbnails(self, indices: ArrayLike, size: int) -> NDArray[np.uint8]:
        """Draw small square pictures, (n, size, size, 3) uint8, in the order of the n indices.

        What cannot be decoded is drawn as a crossed-out tile. Raises `UnknownImageError`.
        """
        wanted = np.asarray(indices, np.int64).reshape(-1)
        self._check(wanted)
        return self._thumbnails(wanted, size)

    def read(self, index: int) -> Image.Image:
        """Open a picture like ``source[index].image``, keeping nothing in memory. Raises `BadImageError`."""
        self._check([index])
        return self._image(index)

    def stamp(self, index: int) -> tuple[int, int]:
        """Give two numbers that change when the picture's file does: its time and size. Zeros without one."""
        self._check([index])
        return 0, 0

    def is_stale(self) -> bool:
        """Say, at little cost, whether pictures came or went since the source was opened."""
        return False

    def _check(self, indices: ArrayLike) -> None:
        """Refuse an index that is not there. Negative ones are no shorthand: each picture has one id."""
        asked = np.asarray(indices)
        wrong = asked[(asked < 0) | (asked >= len(self))]
        if len(wrong):
            raise UnknownImageError(
                f"{self.key} has no picture {wrong[0]}. It has {self.key}/0 to {self.key}/{len(self) - 1}."
            )

    @abstractmethod
    def _image(self, index: int) -> Image.Image:
        """Return a picture in full, mode RGB. Raises `BadImageError`."""

    @abstractmethod
    def _thumbnails(self, indices: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        """Do what `thumbnails` says, for indices that are known to be there."""


class ArraySource(Source):
    """A source whose pictures are square, of one size, and lie in memory: ``pixels`` (N, S, S, 3) uint8."""

    def __init__(
        self,
        key: str,
        title: str,
        classes: Sequence[str],
        label_indices: ArrayLike,
        pixels: NDArray[np.uint8],
    ) -> None:
        super().__init__(key, title, classes, label_indices)
        self.pixels = pixels
        self.pixels.flags.writeable = False

    def _image(self, index: int) -> Image.Image:
        return Image.fromarray(self.pixels[index])

    def _thumbnails(self, indices: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        pictures = self.pixels[indices]
        side = pictures.shape[1]
        if size % side == 0:  # CIFAR's pixels stay crisp, and 120 take a millisecond
            return pictures.repeat(size // side, axis=1).repeat(size // side, axis=2)
        filtering = Image.Resampling.BOX if size < side else Image.Resampling.NEAREST
        thumbnails = np.empty((len(pictures), size, size, 3), np.uint8)
        for thumbnail, picture in zip(thumbnails, pictures, strict=True):
            thumbnail[:] = np.asarray(Image.fromarray(picture).resize((size, size), filtering))
        return thumbnails


def browse(source: Source, *, class_name: str | None = None, seed: int | None = None) -> NDArray[np.int64]:
    """List the indices (n,) int64 of a source's pictures: of one class only, shuffled, or both.

    Raises `UnknownImageError` for a class the source does not have, or a negative seed.
    """
    if class_name is None:
        indices = np.arange(len(source))
    elif class_name in source.classes:
        indices = np.flatnonzero(source.label_indices == source.classes.index(class_name))
    else:
        names = source.classes
        if len(names) > PLENTY:
            names = tuple(difflib.get_close_matches(class_name, names, n=5, cutoff=0.3)) or names[:PLENTY]
        hint = f"Some that it has: {', '.join(names)}." if names else "Its pictures have no classes."
        raise UnknownImageError(f"{source.key} has no class {quoted(class_name)}. {hint}")
    if seed is None:
        return indices
    if seed < 0:
        raise UnknownImageError(
            f"Pictures cannot be shuffled with seed {seed}. Use a whole number from 0 up."
        )
    return np.random.default_rng(seed).permutation(indices)
