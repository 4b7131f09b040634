"""The files of one run: arrays that are written part by part, so that a kill leaves only whole parts.

A run's folder holds ``manifest.json``, ``pictures/*.npy`` with a row a picture, ``calls/<number>/*.npy`` with
a row a picture and a column a channel, and ``calls/<number>/summary.npz``. While it is being made, ``parts``
holds a small file for each part that is whole, with a checksum of its rows; ``finished.json`` says that the
run is complete. What appears under a name of its own appears in one step.
"""

import io
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.sweep.answers import KEPT, Answers
from actviz_core.sweep.manifest import FILE_NAME, Manifest
from actviz_core.sweep.reduction import FIELDS, Numbers

Array = npt.NDArray[Any]
FINISHED = "finished.json"
PICTURE_FIELDS: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
    "answers": (np.dtype("<i4"), (KEPT,)),
    "probabilities": (np.dtype("<f4"), (KEPT,)),
    "labels": (np.dtype("<i4"), ()),
    "swept": (np.dtype("?"), ()),
}
"""One entry a picture: the answers, the source's label (-1: none), and False where it was skipped."""


@dataclass(frozen=True)
class Part:
    """What a stretch of pictures gave: N pictures from ``first`` on, and why some were skipped.

    ``refused`` are those of the ``problems`` that the network raised; the others could not be read.
    """

    first: int
    numbers: dict[str, Numbers]
    answers: Answers
    labels: npt.NDArray[np.int32]
    problems: dict[int, str]
    refused: dict[int, str]


@dataclass(frozen=True)
class Stored:
    """One array file: where it is, its dtype, and the shape of a picture's entry."""

    path: Path
    dtype: np.dtype[Any]
    entry: tuple[int, ...]


class RunFiles:
    """The files of one run, in its folder."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def call_folder(self, call: str) -> Path:
        """Where the arrays of a call are."""
        names = [plan.name for plan in self.manifest.calls]
        return self.folder / "calls" / f"{names.index(call):03}"

    def arrays(self) -> Iterator[tuple[str | None, str, Stored]]:
        """Every array as (call, field, file); the call is None for what belongs to pictures."""
        for field, (dtype, entry) in PICTURE_FIELDS.items():
            yield None, field, Stored(self.folder / "pictures" / f"{field}.npy", dtype, entry)
        for plan in self.manifest.calls:
            folder = self.call_folder(plan.name)
            for field, (dtype, entry) in FIELDS.items():
                yield plan.name, field, Stored(folder / f"{field}.npy", dtype, (plan.channels, *entry))

    def create(self) -> None:
        """Make the folder, the manifest and the arrays, with their space on the disk set aside."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for _, _, stored in self.arrays():
            header = _header(stored, self.manifest.pictures)
            size = len(header) + self.manifest.pictures * _row_bytes(stored)
            if stored.path.exists() and stored.path.stat().st_size == size:
                continue
            stored.path.parent.mkdir(parents=True, exist_ok=True)
            with _appearing(stored.path) as unfinished, unfinished.open("wb") as file:
                file.write(header)
                file.flush()
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.truncate(size)
        if not (self.folder / FILE_NAME).exists():
            write_whole(self.folder / FILE_NAME, self.manifest.text().encode())

    def write(self, part: Part) -> None:
        """Write the rows of a part, then the file that says that it is whole."""
        checksum = 0
        for call, field, stored in self.arrays():
            values = _values(part, call, field)
            content = np.ascontiguousarray(values, stored.dtype).tobytes()
            checksum = zlib.crc32(content, checksum)
            with stored.path.open("r+b") as file:
                file.seek(len(_header(stored, self.manifest.pictures)) + part.first * _row_bytes(stored))
                file.write(content)
        told = {"first": part.first, "count": len(part.labels), "checksum": checksum}
        problems = sorted(part.problems.items())
        content = json.dumps(told | {"problems": problems}, indent=1).encode()
        write_whole(self.folder / "parts" / f"{part.first:09}.json", content)

    def whole_parts(self) -> dict[int, dict[int, str]]:
        """The first pictures of all whole parts, and the problems in each; one with other rows is none."""
        found: dict[int, dict[int, str]] = {}
        for path in sorted((self.folder / "parts").glob("*.json")):
            told = _read_json(path)
            if told is None:
                continue
            first, count = told["first"], told["count"]
            planned = min(self.manifest.part, self.manifest.pictures - first)
            if count == planned and self._checksum(first, count) == told["checksum"]:
                found[first] = dict(told["problems"])
        return found

    def finish(self, problems: Mapping[int, str]) -> None:
        """Say that the run is complete, once everything is safely on the disk."""
        for _, _, stored in self.arrays():
            with stored.path.open("r+b") as file:
                os.fsync(file.fileno())
        content = json.dumps({"problems": sorted(problems.items())}, indent=1).encode()
        write_whole(self.folder / FINISHED, content, durable=True)
        for path in (self.folder / "parts").glob("*.json"):
            path.unlink()

    def problems(self) -> dict[int, str] | None:
        """The pictures that were skipped, and why; None where the run is not complete."""
        told = _read_json(self.folder / FINISHED)
        return None if told is None else dict(told["problems"])

    def mapped(self, call: str | None, field: str) -> Array:
        """An array of the run, mapped into memory and not to be written to."""
        stored = next(s for c, f, s in self.arrays() if (c, f) == (call, field))
        array: Array = np.load(stored.path, mmap_mode="r", allow_pickle=False)
        return array

    def blocks(self, call: str | None, field: str, rows: int) -> Iterator[Array]:
        """The same array from top to bottom in blocks, read into memory of their own."""
        stored = next(s for c, f, s in self.arrays() if (c, f) == (call, field))
        for first in range(0, self.manifest.pictures, rows):
            content = self._rows(stored, first, min(rows, self.manifest.pictures - first))
            yield np.frombuffer(content, stored.dtype).reshape(-1, *stored.entry)

    def _rows(self, stored: Stored, first: int, count: int) -> bytes:
        with stored.path.open("rb") as file:
            file.seek(len(_header(stored, self.manifest.pictures)) + first * _row_bytes(stored))
            return file.read(count * _row_bytes(stored))

    def _checksum(self, first: int, count: int) -> int:
        checksum = 0
        for _, _, stored in self.arrays():
            checksum = zlib.crc32(self._rows(stored, first, count), checksum)
        return checksum


class _appearing:  # noqa: N801  # used like a function
    """A path to write to, which takes its real name once that is done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished = path.with_name(f".{path.name}.part")

    def __enter__(self) -> Path:
        return self._unfinished

    def __exit__(self, error: object, *_: object) -> None:
        if error is None:
            self._unfinished.replace(self._path)
        else:
            self._unfinished.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a small file so that it is there as a whole or not at all; ``durable``: on the disk itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _appearing(path) as unfinished, unfinished.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def bytes_of(pictures: int, channels: int) -> int:
    """What a run's arrays take on disk, a little above; ``channels`` counts those of all calls."""
    a_picture = sum(dtype.itemsize * int(np.prod(entry)) for dtype, entry in PICTURE_FIELDS.values())
    a_channel = sum(dtype.itemsize * int(np.prod(entry)) for dtype, entry in FIELDS.values())
    return pictures * (a_picture + a_channel * channels)


def _values(part: Part, call: str | None, field: str) -> Array:
    if call is not None:
        return getattr(part.numbers[call], field)
    if field == "swept":
        rows = np.arange(part.first, part.first + len(part.labels))
        return ~np.isin(rows, list(part.problems))
    return {
        "answers": part.answers.classes,
        "probabilities": part.answers.probabilities,
        "labels": part.labels,
    }[field]


def _header(stored: Stored, pictures: int) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file,
        {
            "descr": np.lib.format.dtype_to_descr(stored.dtype),
            "fortran_order": False,
            "shape": (pictures, *stored.entry),
        },
    )
    return file.getvalue()


def _row_bytes(stored: Stored) -> int:
    return stored.dtype.itemsize * int(np.prod(stored.entry))


def _read_json(path: Path) -> Any:
    """What a file says; None where it is not there or not whole."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
