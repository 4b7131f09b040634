"""Writes weights in one step: nobody sees half of a file, whatever ends this process."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import safetensors.torch
from torch import Tensor

UNFINISHED = ".part-"  # begins the name of a file that is being written


def digest_of(path: Path) -> str | None:
    """A file's SHA-256 in hex digits; None where there is no file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def save_apart(tensors: Mapping[str, Tensor], part: Path) -> None:
    """Write a safetensors file. Tensors that share memory are stored one by one, each with its values."""
    seen: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        solid = tensor.contiguous()
        apart[name] = solid.clone() if place in seen else solid
        seen.add(place)
    safetensors.torch.save_file(apart, part)


def written_whole(path: Path, fill: Callable[[Path], object]) -> str:
    """Write a file in one step and return its SHA-256: nobody sees half of it, whatever ends this process."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
    os.close(handle)
    part = Path(temporary)
    try:
        fill(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return digest
