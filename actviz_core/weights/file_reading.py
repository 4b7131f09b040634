"""Reads a weights file of any kind that is known, and writes its state dict as safetensors.

This runs in a process of its own (see `actviz_core.untrusted`), where a file can hurt nobody.
"""

import tempfile
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from actviz_core.errors import WeightsFileError
from actviz_core.untrusted.names import plain
from actviz_core.weights.torch_files import SAVE_SAFELY, damaged, read_torch_file
from actviz_core.weights.unwrapping import unwrap


def warm_up() -> None:
    """Import what the first reading would import, before memory is limited."""
    with tempfile.TemporaryDirectory() as folder:
        torch.save({"weight": torch.zeros(1)}, source := Path(folder) / "source")
        read_weights_file(source, Path(folder) / "output", {"name": "warm-up"})


def read_weights_file(source: Path, output: Path, options: dict[str, Any]) -> dict[str, list[str]]:
    """Read the weights in ``source`` and write them to ``output``; returns ``notes`` on what was chosen.

    ``options`` has the file's ``name``. The content decides what kind of file it is. Tensors that shared
    memory are written one by one.

    Raises `WeightsFileError`: the file asks for more than tensors, is damaged, of a kind that is not known,
    or holds no state dict; MemoryError where it needs too much.
    """
    name = options["name"]
    torch.set_num_threads(1)
    tensors, notes = unwrap(_content(source, name), name)
    try:
        safetensors.torch.save_file(_written_out(tensors, name), output)
    except RuntimeError as error:
        if "allocate memory" in str(error):
            raise MemoryError from error
        raise
    except (SafetensorError, KeyError, OSError) as error:
        raise WeightsFileError(
            f"{name} cannot be kept as safetensors: {plain(str(error), 200)}. {SAVE_SAFELY}"
        ) from error
    return {"notes": list(notes)}


def _content(source: Path, name: str) -> object:
    """Tell what kind of file it is by its first bytes, and read it."""
    with source.open("rb") as file:
        start = file.read(512)
    if start[8:9] == b"{" and not start.startswith(b"\x80"):
        try:
            return safetensors.torch.load_file(source)
        except (SafetensorError, ValueError, TypeError, OverflowError) as error:
            raise damaged(name, error) from error
    if start[257:262] == b"ustar":
        raise WeightsFileError(
            f"{name} is a tar archive, as torch wrote before version 0.1.10. {SAVE_SAFELY}"
        )
    return read_torch_file(source, name)


def _written_out(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Give each tensor memory of its own, in order, as safetensors wants it."""
    places: set[int] = set()
    apart = {}
    for key, tensor in tensors.items():
        _check_dense(key, tensor, name)
        solid = tensor.detach().resolve_conj().resolve_neg().contiguous()
        place = solid.untyped_storage().data_ptr()
        apart[key] = solid.clone() if place in places else solid
        places.add(place)
    return apart


def _check_dense(key: str, tensor: Tensor, name: str) -> None:
    """Refuse what is no plain array of values, and values repeated until they are more than the file has."""
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta or tensor.is_nested:
        raise WeightsFileError(
            f"{name} holds {plain(key)}, which is no dense tensor with values of its own. Turn it into one "
            "before saving: tensor.to_dense() or tensor.dequantize()."
        )
    claimed, there = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
    if claimed > there:
        raise WeightsFileError(
            f"{name} is refused: {plain(key)} claims {claimed:,} bytes, but repeats the same {there:,}. "
            f"{SAVE_SAFELY}"
        )
