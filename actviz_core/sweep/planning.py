"""Decides what a sweep will keep, before it starts."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from actviz_core.analysis import stage_ends
from actviz_core.errors import ActVizError, ModelFailedError, SweepError
from actviz_core.hooks import ModuleRow, module_tree
from actviz_core.hooks.selection import has_steps
from actviz_core.models import Model
from actviz_core.samples import Source
from actviz_core.sweep.answers import KEPT
from actviz_core.sweep.identity import run_id, source_fingerprint
from actviz_core.sweep.manifest import FORMAT, Manifest
from actviz_core.sweep.passes import FEWEST, Passes
from actviz_core.sweep.reduction import BYTES_PER_CHANNEL
from actviz_core.sweep.storage import bytes_of
from actviz_core.sweep.summary import BINS, EXTREMES

BATCH = 128
PART = 256  # pictures that are written at once, unless their numbers take more than this:
_PART_BYTES = 32 * 2**20


def planned(
    model: Model,
    source: Source,
    layers: Sequence[str] | None,
    stamps: npt.NDArray[np.int64],
    batch: int,
) -> tuple[Manifest, Passes]:
    """What a sweep over the source's first pictures keeps, and the passes that will make it.

    ``layers`` None means what each stage returns, and the last layer. Raises `UnknownLayerError`,
    `ModelFailedError`, and `SweepError` for a layer that cannot be swept.
    """
    if batch < FEWEST:
        raise SweepError(f"A batch has {FEWEST} pictures or more; got {batch}.")
    if not len(stamps):
        raise SweepError("There is no picture to sweep over.")
    named = tuple(dict.fromkeys(layers)) if layers is not None else default_layers(model)
    if not named:
        raise SweepError("Name at least one layer to sweep.")
    steps: tuple[str, ...] = ()
    if has_steps(model.module, named):
        steps = tuple(row.name for row in _tree(model, steps=True) if row.step)
    passes = Passes(model, named, steps=steps)
    calls = passes.plan()
    identity = {
        "format": FORMAT,
        "network": model.fingerprint,
        "preprocess": str(model.preprocess),
        "classes": model.classes,
        "task": model.task,
        "source": source_fingerprint(source, stamps),
        "layers": sorted(named),
        "pictures": len(stamps),
        "batch": batch,
        "device": model.device.type,
        "torch": torch.__version__,
    }
    channels = sum(call.channels for call in calls)
    labels = {_plain(name): index for index, name in enumerate(source.classes)}
    rows = max(1, _PART_BYTES // (BYTES_PER_CHANNEL * channels))
    manifest = Manifest(
        id=run_id(identity),
        model=model.key,
        network=model.fingerprint,
        source=source.key,
        source_title=source.title,
        source_fingerprint=str(identity["source"]),
        pictures=len(stamps),
        layers=named,
        calls=calls,
        task=model.task,
        classes=tuple(model.classes),
        labels=source.classes,
        label_classes=tuple(labels.get(_plain(name), -1) for name in model.classes),
        batch=batch,
        part=max(batch, min(PART, rows) // batch * batch),
        device=model.device.type,
        torch=torch.__version__,
        bytes=bytes_of(len(stamps), channels) + _summary_bytes(channels, len(source.classes), len(calls)),
    )
    return manifest, passes


def default_layers(model: Model) -> tuple[str, ...]:
    """What each stage of a network returns, and its last layer. Raises `ModelFailedError`."""
    return stage_ends(_tree(model, steps=False))


def _tree(model: Model, *, steps: bool) -> tuple[ModuleRow, ...]:
    inputs = torch.zeros(FEWEST, 3, *model.preprocess.size, device=model.device, dtype=model.input_type)
    try:
        return module_tree(model.module, inputs, steps=steps)
    except ActVizError:
        raise
    except Exception as error:
        raise ModelFailedError(f"{model.key} could not run: {error}") from error


def _plain(name: str) -> str:
    """A class's name as folders and networks may both write it."""
    return name.casefold().replace("_", " ").strip()


def _summary_bytes(channels: int, labels: int, calls: int) -> int:
    a_channel = 8 * (2 * EXTREMES + 2 * BINS + 2 + 2 + 2 + labels)
    return channels * a_channel + calls * (8 * labels + 5000) + KEPT * 1000  # and the small files
