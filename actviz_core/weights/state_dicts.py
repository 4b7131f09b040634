"""State dicts out of files that visitors sent, which a process of its own reads."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from actviz_core.errors import WeightsFileError
from actviz_core.settings import DEFAULT_WEIGHTS_MB
from actviz_core.units import MEGABYTE, megabytes
from actviz_core.untrusted import Ending, Limits, Readers, Reading, ReadingStoppedError, held_folder
from actviz_core.untrusted.names import plain
from actviz_core.untrusted.wording import stopped

MAX_BYTES = DEFAULT_WEIGHTS_MB * MEGABYTE
MAX_HEADER_BYTES = 4 * 2**20  # a network of 3,000 tensors has about 300 kB of safetensors header
MAX_TENSORS = 20_000  # each takes the server some kB, however little is in it
MAX_NAME = 500  # characters of a tensor's name; networks have some 60
_WAY_ON = "Save the weights alone where the network is: torch.save(model.state_dict(), 'weights.pt')."


@dataclass(frozen=True, eq=False)
class StateDict:
    """Weights out of a file, on the CPU, each tensor with memory of its own.

    ``sha256`` is the hex digest of the whole file and ``file_name`` its name, fit to be shown. ``notes`` say
    what was chosen and stripped.
    """

    tensors: dict[str, Tensor]
    sha256: str
    file_name: str
    notes: tuple[str, ...]


@cache
def weights_readers() -> Readers:
    """The processes that read weights files; everybody on this server shares them."""
    return Readers("actviz_core.weights.file_reading:read_weights_file", at_once=2, wait_seconds=60)


def reading_limits(size: int) -> Limits:
    """What the reading of a file of so many bytes may take."""
    return Limits(
        seconds=30 + size / 200e6,
        memory_bytes=3 * size + 500 * 10**6,
        output_bytes=2 * size + MAX_HEADER_BYTES,  # tensors that share memory are written one by one
    )


def read_state_dict(
    source: bytes | Path,
    file_name: str,
    folder: Path,
    *,
    max_bytes: int = MAX_BYTES,
    limits_of: Callable[[int], Limits] = reading_limits,
) -> StateDict:
    """Read the weights in a file's content, or in a file, that a person called ``file_name``.

    The content decides what it is: safetensors, or what torch.save wrote. A process of its own reads it, with
    the limits that ``limits_of`` gives for its size, and runs nothing in it. What it found it writes below
    ``folder`` as safetensors, which is mapped into memory here.

    Raises `WeightsFileError`: the file asks for more than tensors (the message says for what), is empty, cut
    short, larger than ``max_bytes``, takes more than its limits, is of a kind that is not known, or holds no
    state dict.
    """
    name = plain(file_name) or "The file"
    try:
        with _as_file(source, folder) as path:
            size = path.stat().st_size
            _check_size(size, max_bytes, name)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            limits = limits_of(size)
            with weights_readers().read(path, limits, WeightsFileError, folder=folder, name=name) as reading:
                return StateDict(checked_tensors(reading, name), digest, name, _notes(reading))
    except ReadingStoppedError as error:
        raise WeightsFileError(
            stopped(name, error.ending, limits_of(size), kind="weights", way_on=_WAY_ON)
        ) from error
    except OSError as error:
        raise WeightsFileError(f"{name} cannot be read: {error.strerror or error}.") from error


def _check_size(size: int, max_bytes: int, name: str) -> None:
    if size == 0:
        raise WeightsFileError(f"{name} is empty. Copy it again from where it came from.")
    if size > max_bytes:
        raise WeightsFileError(
            f"{name} has {megabytes(size)}, and {megabytes(max_bytes)} are allowed "
            "(ACTVIZ_WEIGHTS_MB). Save the weights without the optimizer's state."
        )


@contextmanager
def _as_file(source: bytes | Path, folder: Path) -> Iterator[Path]:
    """Give a file that has the content, for as long as it is read."""
    if isinstance(source, Path):
        yield source
        return
    with held_folder(folder) as made:
        (made / "upload").write_bytes(source)
        yield made / "upload"


def _notes(reading: Reading) -> tuple[str, ...]:
    notes = reading.fields.get("notes")
    return tuple(plain(str(note), 400) for note in notes) if isinstance(notes, list) else ()


def checked_tensors(reading: Reading, name: str) -> dict[str, Tensor]:
    """Map the file that the process wrote into memory, once its header has been looked at here."""
    try:
        names = _header(reading.output)
        if len(names) > MAX_TENSORS:
            raise WeightsFileError(
                f"{name} holds {len(names):,} tensors, and {MAX_TENSORS:,} are allowed. {_WAY_ON}"
            )
        for key in names:
            if len(key) > MAX_NAME:
                raise WeightsFileError(
                    f"{name} holds a tensor whose name has {len(key):,} characters, which no network's has."
                )
        return safetensors.torch.load_file(reading.output)
    except (OSError, SafetensorError, ValueError, TypeError, RecursionError, RuntimeError) as error:
        raise ReadingStoppedError(Ending.DIED) from error


def _header(path: Path) -> list[str]:
    """The names of a safetensors file's tensors. Raises ValueError where it is none or too long."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("a header that is no mapping")
    return [key for key in header if key != "__metadata__"]
