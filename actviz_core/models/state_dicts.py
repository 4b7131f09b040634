"""Reads a state dict from an uploaded file of any kind that it knows, without ever running what is in it."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from actviz_core.errors import WeightsFileError
from actviz_core.models.names import plain
from actviz_core.models.pickle_scan import SAVE_SAFELY, names_asked_for, refuse_names
from actviz_core.models.torch_files import LEGACY_START, MAX_PICKLE_BYTES, ZIP_START, read_legacy, read_zip
from actviz_core.models.unwrapping import unwrap
from actviz_core.settings import DEFAULT_WEIGHTS_MB

MAX_BYTES = DEFAULT_WEIGHTS_MB * 2**20
MAX_HEADER_BYTES = 16 * 2**20  # a network of 3,000 tensors has about 300 kB of safetensors header


@dataclass(frozen=True, eq=False)
class StateDict:
    """Weights out of a file, on the CPU.

    ``sha256`` is the hex digest of the whole file and ``file_name`` its name, fit to be shown. ``notes`` say
    what was chosen and stripped. Tensors that shared memory still do.
    """

    tensors: dict[str, Tensor]
    sha256: str
    file_name: str
    notes: tuple[str, ...]


def read_state_dict(source: bytes | Path, file_name: str, *, max_bytes: int = MAX_BYTES) -> StateDict:
    """Read the weights in a file's content, or in a file, that a person called ``file_name``.

    The content decides what it is: safetensors, or what torch.save wrote, which is read with
    ``torch.load(weights_only=True)`` after checks of its own, on the CPU wherever it was saved. Nothing in it
    is ever run, and it takes no more memory than the file is long, give or take a copy.

    Raises `WeightsFileError`: the file asks for more than tensors (the message says for what), is empty, cut
    short, larger than ``max_bytes``, larger inside than outside, of a kind that is not known, or holds no
    state dict.
    """
    name = plain(file_name) or "The file"
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            if size == 0:
                raise WeightsFileError(f"{name} is empty. Copy it again from where it came from.")
            if size > max_bytes:
                raise WeightsFileError(
                    f"{name} has {size / 1e6:,.0f} MB, and {max_bytes / 1e6:,.0f} MB are allowed "
                    "(ACTVIZ_WEIGHTS_MB). Save the weights without the optimizer's state."
                )
            content = _read(file, size, name)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsFileError(f"{name} cannot be read: {error.strerror or error}.") from error
    tensors, notes = unwrap(content, name)
    _check_views(tensors, name)
    return StateDict(tensors, digest, name, notes)


def _read(file: BinaryIO, size: int, name: str) -> object:
    """Tell what kind of file it is by its first bytes, and read it."""
    file.seek(0)
    start = file.read(512)
    file.seek(0)
    if start.startswith(ZIP_START):
        return read_zip(file, size, name)
    if start.startswith(LEGACY_START):
        return read_legacy(file, size, name)
    if start[8:9] == b"{" and not start.startswith(b"\x80"):
        return _read_safetensors(file, size, name)
    if start[257:262] == b"ustar":
        raise WeightsFileError(
            f"{name} is a tar archive, as torch wrote before version 0.1.10. {SAVE_SAFELY}"
        )
    asked = names_asked_for(io.BytesIO(file.read(MAX_PICKLE_BYTES)))
    if asked:
        raise refuse_names(name, asked)
    raise WeightsFileError(
        f"{name} is neither a safetensors file nor one that torch.save wrote, or its beginning is damaged. "
        f"{SAVE_SAFELY}"
    )


def _read_safetensors(file: BinaryIO, size: int, name: str) -> dict[str, Tensor]:
    header = int.from_bytes(file.read(8), "little")
    if header > min(MAX_HEADER_BYTES, size - 8):
        raise WeightsFileError(
            f"{name} is damaged or cut short: it claims a safetensors header of {header:,} bytes, and the "
            f"file has {size:,}. Copy it again from where it came from."
        )
    try:
        json.loads(file.read(header), object_pairs_hook=_distinct)
        file.seek(0)
        return safetensors.torch.load(file.read())
    except (SafetensorError, ValueError, RecursionError, KeyError) as error:
        raise WeightsFileError(
            f"{name} is damaged or cut short: {plain(str(error), 200)}. Copy it again from its source."
        ) from error


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(pairs) != len({name for name, _ in pairs}):
        raise ValueError("two tensors have the same name")
    return dict(pairs)


def _check_views(tensors: dict[str, Tensor], name: str) -> None:
    """Refuse tensors that repeat memory until they are larger than what is there; several may share it."""
    for tensor_name, tensor in tensors.items():
        claimed, there = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
        if claimed > there:
            raise WeightsFileError(
                f"{name} is refused: {plain(tensor_name)} claims {claimed:,} bytes, but repeats the same "
                f"{there:,}. {SAVE_SAFELY}"
            )
