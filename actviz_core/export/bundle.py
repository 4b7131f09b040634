"""A ZIP file with everything that computes values again: script, pictures, weights, and the values."""

import io
import zipfile
from collections.abc import Mapping

import torch
from PIL import Image
from torch import nn

from actviz_core.export.provenance import Provenances
from actviz_core.export.script import Script
from actviz_core.export.values import Values, npz_bytes, values_npz

_QUICK = 2_000_000  # pixels of a picture that is written at once to learn its size
_LEAST = 1  # of compression: larger files by a tenth, in a third of the time


def replay_zip(script: Script, values: Mapping[str, Values], provenance: Provenances, *, name: str) -> bytes:
    """Pack ``<name>.py``, ``<name>.npz``, and the pictures and weights that the script opens.

    Pictures are PNG, weights state dicts that ``torch.load(weights_only=True)`` reads. The script must have
    been written for that name of the NPZ file. Raises `ExportError` as `values_npz` does.
    """
    return _packed(script, name, {f"{name}.npz": values_npz(values, provenance)})


def script_zip(script: Script, *, name: str) -> bytes:
    """Pack ``<name>.py`` with the pictures and weights that it opens, as `replay_zip` does."""
    return _packed(script, name, {})


def _packed(script: Script, name: str, others: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        _put(archive, f"{name}.py", script.text.encode(), zipfile.ZIP_DEFLATED)
        for file, picture in script.pictures.items():
            _put(archive, file, _png(picture))
        for file, module in script.weights.items():
            _put(archive, file, _state_dict(module))
        for file, bytes_of_it in others.items():
            _put(archive, file, bytes_of_it)
    return content.getvalue()


def replay_zip_bytes(script: Script, values: Mapping[str, Values], provenance: Provenances) -> int:
    """About how large that file will be."""
    pictures = sum(
        len(_png(picture)) if picture.width * picture.height <= _QUICK else picture.width * picture.height * 2
        for picture in script.pictures.values()
    )
    weights = sum(
        tensor.nbytes + 400  # the rest of an entry
        for module in script.weights.values()
        for tensor in module.state_dict().values()
    )
    return npz_bytes(values, provenance) + pictures + weights + len(script.text) // 3 + 2000


def _put(archive: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_STORED) -> None:
    entry = zipfile.ZipInfo(name)  # its date is a fixed one
    entry.create_system, entry.external_attr, entry.compress_type = 3, 0o644 << 16, how
    archive.writestr(entry, content)


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.convert("RGB").save(content, "PNG", compress_level=_LEAST)
    return content.getvalue()


def _state_dict(module: nn.Module) -> bytes:
    content = io.BytesIO()
    torch.save({name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}, content)
    return content.getvalue()
