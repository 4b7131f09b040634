"""Loads the pictures of a source in batches, ahead of the network that waits for them."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from actviz_core.errors import BadImageError
from actviz_core.models import Preprocess
from actviz_core.samples import Source

T = TypeVar("T")
_AHEAD = 2  # batches that wait, so that memory does not grow where decoding is faster than the network


@dataclass(frozen=True)
class Loaded:
    """A picture as the network takes it, (3, H, W), or why not; ``changed``: it is not the one expected."""

    index: int
    inputs: Tensor | None
    problem: str = ""
    changed: bool = False


@dataclass(frozen=True)
class Batch:
    """Pictures that were asked for together.

    ``groups`` holds the readable ones by size: their indices in the source, and (N, 3, H, W). ``problems``
    maps an index to why that picture cannot be read, and ``changed`` lists those whose file is another now.
    """

    indices: tuple[int, ...]
    groups: tuple[tuple[tuple[int, ...], Tensor], ...]
    problems: dict[int, str]
    changed: tuple[int, ...]

    def pin_memory(self) -> "Batch":
        """The same in memory that an accelerator copies from by itself; torch's loader calls this."""
        groups = tuple((indices, inputs.pin_memory()) for indices, inputs in self.groups)
        return Batch(self.indices, groups, self.problems, self.changed)


class Pictures(Dataset[Loaded]):
    """A source's pictures, prepared for a network; ``stamps`` (N, 2) int64 tells which files are expected."""

    def __init__(self, source: Source, preprocess: Preprocess, stamps: npt.NDArray[np.int64]) -> None:
        self._source = source
        self._preprocess = preprocess
        self._stamps = stamps

    def __getitem__(self, index: int) -> Loaded:
        try:
            image, problem = self._source.read(index), ""
        except BadImageError as error:
            image, problem = None, str(error)
        if self._source.stamp(index) != tuple(self._stamps[index]):  # after reading, so that nothing slips by
            return Loaded(index, None, changed=True)
        if image is None:
            return Loaded(index, None, problem)
        return Loaded(index, self._preprocess(image)[0])


def batches(
    pictures: Pictures, groups: Sequence[Sequence[int]], *, workers: int = 0, pin: bool = False
) -> Iterator[Batch]:
    """Give a batch for each group of indices, in order, loading the next ones meanwhile.

    ``workers`` processes decode; with 0 it is a thread of this one. ``pin`` puts batches into pinned memory.
    """
    loader = DataLoader(
        pictures,
        batch_sampler=groups,  # type: ignore[arg-type]  # any iterable of lists does
        collate_fn=_together,
        num_workers=workers,
        pin_memory=pin,
        multiprocessing_context="spawn" if workers else None,  # a fork would copy locks that threads hold
        generator=torch.Generator().manual_seed(0),  # or making the loader would draw from the global one
    )
    return _ahead(iter(loader))


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; a thread fetches the next ones while this one works."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="pictures") as pool:
        waiting = deque(pool.submit(next, items, end) for _ in range(_AHEAD))
        while True:
            item = waiting.popleft().result()
            if item is end:
                return
            waiting.append(pool.submit(next, items, end))
            yield item  # type: ignore[misc]  # not the end


def _together(loaded: Sequence[Loaded]) -> Batch:
    sizes: dict[torch.Size, list[Loaded]] = {}
    for one in loaded:
        if one.inputs is not None:
            sizes.setdefault(one.inputs.shape, []).append(one)
    return Batch(
        tuple(one.index for one in loaded),
        tuple(
            (
                tuple(one.index for one in alike),
                torch.stack([one.inputs for one in alike if one.inputs is not None]),
            )
            for alike in sizes.values()
        ),
        {one.index: one.problem for one in loaded if one.problem},
        tuple(one.index for one in loaded if one.changed),
    )
