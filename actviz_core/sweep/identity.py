"""Tells whether a source, or a run over it, is the same as another one."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from actviz_core.samples import Source
from actviz_core.samples.files import FileSource
from actviz_core.samples.source import ArraySource

DIGITS = 16


def stamps_of(source: Source, count: int) -> npt.NDArray[np.int64]:
    """The stamps of a source's first pictures, (count, 2) int64."""
    return np.array([source.stamp(index) for index in range(count)], np.int64).reshape(count, 2)


def source_fingerprint(source: Source, stamps: npt.NDArray[np.int64]) -> str:
    """The hex SHA-256 of what a source's first pictures are: the labels, and pixels that lie in memory.

    Of files it is their names, sizes and modification times, which are known without reading them all: a copy
    of a folder counts as the same source where it keeps the times. A sub-folder's label counts by its name.
    """
    count = len(stamps)
    digest = hashlib.sha256(json.dumps([type(source).__name__, source.key, count, source.classes]).encode())
    digest.update(source.label_indices[:count].astype("<i8").tobytes())
    digest.update(stamps.astype("<i8").tobytes())
    if isinstance(source, ArraySource):
        digest.update(json.dumps(source.pixels.shape).encode())
        digest.update(np.ascontiguousarray(source.pixels[:count]).data)
    elif isinstance(source, FileSource):
        for path in source.paths[:count]:
            digest.update(f"\n{path.relative_to(source.root).as_posix()}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def run_id(identity: Mapping[str, object]) -> str:
    """Name a run by everything that its numbers depend on: 16 hex digits."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:DIGITS]
