"""A network that is ready to be looked at, and what the selectors show about networks and weights."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import nn

from actviz_core.models.preprocess import Preprocess


class Family(StrEnum):
    """Where a network comes from."""

    BUNDLED = "bundled"
    TORCHVISION = "torchvision"


@dataclass(frozen=True)
class ModelInfo:
    """A network that `load_model` knows, for the model selector."""

    name: str
    title: str
    family: Family


@dataclass(frozen=True)
class WeightsInfo:
    """One set of weights of a network, for the weights selector.

    ``accuracy`` is 0 to 1 (None: untrained or unknown), ``bytes`` the size of the file (0: there is none),
    and ``ready`` says whether it is on this machine.
    """

    name: str
    key: str
    title: str
    accuracy: float | None
    bytes: int
    ready: bool


@dataclass(frozen=True, eq=False)
class Model:
    """A network in eval mode with everything that belongs to it.

    ``key`` is the canonical model key and ``classes`` names the outputs in order. ``fingerprint`` is the same
    for the same architecture and weights, in every process and on every device.
    """

    key: str
    module: nn.Module
    preprocess: Preprocess
    classes: tuple[str, ...]
    fingerprint: str
    device: torch.device


def fingerprint(architecture: str, module: nn.Module) -> str:
    """Compute the hex SHA-256 of an architecture's name and of all parameters and buffers.

    Each counts with its name, dtype, shape and bytes.
    """
    digest = hashlib.sha256(architecture.encode())
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        values = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(values.view(torch.uint8).numpy().data)
    return digest.hexdigest()
