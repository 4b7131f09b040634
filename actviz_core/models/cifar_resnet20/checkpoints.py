"""The bundled checkpoints: which there are, and loading one after checking it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError

from actviz_core.errors import UnknownModelError, WeightsError
from actviz_core.models.cifar_resnet20.network import CifarResNet20

FOLDER = Path(__file__).parent / "weights"
DEFAULT = "final"
REPAIR = "Get it back with 'git checkout -- actviz_core/models/cifar_resnet20/weights' or a fresh clone."


@dataclass(frozen=True)
class Checkpoint:
    """One set of weights: its name, file, SHA-256 (hex), and accuracy by set (0 to 1).

    The first set is the one that counts: undamaged pictures that the network never saw.
    """

    name: str
    file: str
    sha256: str
    accuracy: dict[str, float]


def checkpoints(folder: Path | None = None) -> tuple[Checkpoint, ...]:
    """List the checkpoints of a folder (the bundled ones by default) in training order.

    Raises `WeightsError` when the manifest is missing or damaged.
    """
    path = (folder or FOLDER) / "manifest.json"
    try:
        listed = tuple(Checkpoint(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))
        if DEFAULT not in {checkpoint.name for checkpoint in listed}:
            raise ValueError(f"it does not list {DEFAULT!r}")
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(f"{path} is missing or damaged ({error}). {REPAIR}") from error
    return listed


def load_checkpoint(name: str, folder: Path | None = None) -> CifarResNet20:
    """Load the network with one checkpoint's weights, in eval mode.

    Raises `UnknownModelError` for a name that is not listed, and `WeightsError` when the file is missing, is
    not the one the manifest names, or does not fit.
    """
    folder = folder or FOLDER
    listed = {checkpoint.name: checkpoint for checkpoint in checkpoints(folder)}
    if name not in listed:
        raise UnknownModelError(f"cifar-resnet20 has no weights {name!r}. It has: {', '.join(listed)}.")
    path = folder / listed[name].file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"The weights file {path} is missing or cannot be read. {REPAIR}") from error
    if hashlib.sha256(content).hexdigest() != listed[name].sha256:
        raise WeightsError(
            f"The weights file {path} was altered: its SHA-256 is not the listed one. {REPAIR}"
        )
    try:
        return network_with(content)
    except (SafetensorError, RuntimeError) as error:
        raise WeightsError(f"The weights file {path} does not fit the network: {error}. {REPAIR}") from error


def network_with(content: bytes) -> CifarResNet20:
    """Build the network, in eval mode, with the weights of a safetensors file's content."""
    with torch.device("meta"):  # no memory and no random numbers for values that are replaced at once
        network = CifarResNet20()
    network.load_state_dict(safetensors.torch.load(content), assign=True)
    return network.eval()
