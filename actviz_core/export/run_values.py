"""A sweep's arrays as one NPZ file, and where they came from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.export.provenance import Provenance, installed_versions
from actviz_core.export.values import npz_bytes, values_npz
from actviz_core.sweep import Run

MANIFEST = "manifest"
"""The entry that holds the run's manifest: JSON, as an array of one text."""


def run_npz(run: Run, calls: Sequence[str]) -> bytes:
    """Write what a run keeps of some calls, and of its pictures, as `numpy.load` reads it.

    Row i of every array is picture i of the source. Of a call: ``<call>/mean``, ``<call>/maximum``,
    ``<call>/place``, ``<call>/active`` and ``<call>/silent``, as `Run` gives them; of the pictures:
    ``answers``, ``probabilities``, ``labels`` and ``swept``. The entry ``manifest`` is a JSON text that names
    classes and labels. Raises `UnknownLayerError`.
    """
    return values_npz(run_values(run, calls), run_provenance(run, calls))


def run_npz_bytes(run: Run, calls: Sequence[str]) -> int:
    """How large that file will be, without reading the arrays."""
    return npz_bytes(run_values(run, calls), run_provenance(run, calls))


def run_values(run: Run, calls: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """The arrays by their names in the file, mapped into memory. Raises `UnknownLayerError`."""
    values: dict[str, npt.NDArray[Any]] = {MANIFEST: np.array([run.manifest.text()])}
    values |= {name: getattr(run, name) for name in ("answers", "probabilities", "labels", "swept")}
    for call in calls:
        for name in ("mean", "maximum", "place", "active", "silent"):
            values[f"{call}/{name}"] = getattr(run, name)(call)
    return values


def run_provenance(run: Run, calls: Sequence[str] | None = None) -> Provenance:
    """Where a run's numbers came from: its network, its pictures, and the torch that computed them."""
    told = run.manifest
    ours = installed_versions()["actviz"]
    return Provenance(
        told.model,
        told.network,
        f"{told.source}/0 to {told.source}/{told.pictures - 1}",
        tuple(run.calls if calls is None else calls),
        versions={"torch": told.torch, "actviz": ours},
    )
