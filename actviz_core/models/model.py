"""A network that is ready to be looked at, and what the selectors show about networks and weights."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import torch
from PIL import Image
from torch import Tensor, nn

from actviz_core.models.preprocess import Preprocess
from actviz_core.tasks import Task, Training


class Origin(StrEnum):
    """Where a network's architecture comes from."""

    BUNDLED = "bundled"
    OWN = "own"
    TORCHVISION = "torchvision"
    TIMM = "timm"


@dataclass(frozen=True)
class ModelInfo:
    """A network that `load_model` knows, for the model selector; ``family`` is the group it stands in."""

    name: str
    title: str
    family: str
    origin: Origin


@dataclass(frozen=True)
class WeightsInfo:
    """One set of weights of a network, for the weights selector.

    ``accuracy`` is 0 to 1 (of segmentation, the mean intersection over union; None: untrained or unknown),
    ``bytes`` the size of the file (0: there is none to download, None: not known before the download), and
    ``ready`` says whether it is on this machine.
    """

    name: str
    key: str
    title: str
    accuracy: float | None
    bytes: int | None
    ready: bool


@dataclass(frozen=True, eq=False)
class Parts:
    """A module with what belongs to it: how pictures become its input, and what its outputs mean.

    ``classes`` names the outputs in order, as far as that is known. ``note`` is a sentence about what a
    person should know before trusting the values, or "".
    """

    module: nn.Module
    preprocess: Preprocess
    classes: tuple[str, ...]
    task: Task = Task.CLASSIFICATION
    note: str = ""


@dataclass(frozen=True, eq=False)
class Model:
    """A network in eval mode with everything that belongs to it.

    ``key`` is the canonical model key; ``classes``, ``task`` and ``note`` are those of its `Parts`.
    ``fingerprint`` is the same for the same architecture and weights, in every process and on every device.
    ``training`` is unknown where only whoever made the weights knows: of a team's networks, and of uploads.
    """

    key: str
    module: nn.Module
    preprocess: Preprocess
    classes: tuple[str, ...]
    fingerprint: str
    device: torch.device
    task: Task = Task.CLASSIFICATION
    note: str = ""
    training: Training = Training.UNKNOWN

    def inputs(self, picture: Image.Image) -> Tensor:
        """Prepare a picture for the module: (1, 3, H, W) on its device, in the type of its parameters."""
        return self.preprocess(picture).to(device=self.device, dtype=self.input_type)

    @property
    def input_type(self) -> torch.dtype:
        """The type of the first parameter where that is a fraction of 16 bits or more, else float32."""
        first = next((parameter.dtype for parameter in self.module.parameters()), torch.float32)
        return first if first in _INPUT_TYPES else torch.float32


_INPUT_TYPES = (torch.float16, torch.bfloat16, torch.float64)


def fingerprint(architecture: str, module: nn.Module) -> str:
    """Compute the hex SHA-256 of an architecture's name and of all parameters and buffers.

    Each counts with its name, dtype, shape and bytes; on the meta device, where there are none, without.
    """
    digest = hashlib.sha256(architecture.encode())
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        if not tensor.is_meta:
            digest.update(_plain(tensor).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _plain(tensor: Tensor) -> Tensor:
    """All values in a row, as they lie in memory; of sparse and quantized tensors, what they stand for."""
    tensor = tensor.detach().cpu()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    return tensor.resolve_conj().resolve_neg().contiguous().reshape(-1)
