"""True values as an NPZ file."""

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actviz_core.errors import ExportError
from actviz_core.export.provenance import Provenances, as_json
from actviz_core.hooks.arrays import as_stored
from actviz_core.names import Panel

Values = Tensor | npt.NDArray[Any]

PROVENANCE = "__provenance__"
"""The name of the entry that holds the provenance: JSON, as an array of one text."""


def value_names(panels: Sequence[Panel]) -> tuple[str, ...]:
    """What each panel's values are called in an NPZ file.

    That is the call, or where networks or pictures differ, the panel as links write it: ``model,image,call``.
    """
    alike = len({(panel.model_key, panel.image_id) for panel in panels}) <= 1
    return tuple(panel.call if alike else str(panel) for panel in panels)


def values_npz(values: Mapping[str, Values], provenance: Provenances) -> bytes:
    """Write arrays of any shape under their names, such as ``layer1.0.relu#1``; `numpy.load` reads them.

    Types are kept as far as numpy has them: `hooks.arrays.as_stored` tells what becomes of others.
    The entry ``__provenance__`` is a JSON text. Nothing is pickled, and the same values give the same bytes.
    They are those of `numpy.savez`, which is not called itself: it takes names as keywords, so that no layer
    could be called ``file`` or ``allow_pickle``.

    Raises:
        ExportError: for a name that a file cannot hold, or an array of objects.

    """
    arrays = {PROVENANCE: _provenance_array(provenance)}
    for name, value in values.items():
        if name in arrays or "\0" in name or "\\" in name:
            raise ExportError(f"An NPZ file cannot hold values called {name!r}.")
        arrays[name] = as_array(value)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return content.getvalue()


def npz_bytes(values: Mapping[str, Values], provenance: Provenances) -> int:
    """How large that file will be, from shapes and types alone; exact below 2 GB."""
    told = _provenance_array(provenance)
    entries = [(PROVENANCE, told.dtype, told.shape)]
    entries += [(name, _stored_type(value), tuple(value.shape)) for name, value in values.items()]
    size = 22  # the end of a zip file; before it 30, 20 and 46 bytes an entry, and its name twice
    for name, dtype, shape in entries:
        data = math.prod(shape) * dtype.itemsize
        size += 96 + 2 * len(f"{name}.npy".encode()) + len(_header(dtype, shape)) + data
    return size


def as_array(value: Values) -> npt.NDArray[Any]:
    """A tensor or array as it is stored. Raises `ExportError` for an array of objects."""
    if isinstance(value, Tensor):
        value = as_stored(value)
    if value.dtype.hasobject:
        raise ExportError("An NPZ file holds numbers and texts; it cannot hold Python objects.")
    return np.asarray(value, order="C")


def _stored_type(value: Values) -> np.dtype[Any]:
    if not isinstance(value, Tensor):
        return value.dtype
    kept = torch.float32 if value.is_quantized else value.dtype
    return as_stored(torch.empty(0, dtype=kept)).dtype


def _provenance_array(provenance: Provenances) -> npt.NDArray[np.str_]:
    return np.array([as_json(provenance)])


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    header = io.BytesIO()
    description = np.lib.format.dtype_to_descr(dtype)
    np.lib.format.write_array_header_1_0(
        header, {"descr": description, "fortran_order": False, "shape": shape}
    )
    return header.getvalue()
