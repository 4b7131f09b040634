"""Torchvision's ResNets with their ImageNet weights, which are downloaded on request only."""

import math
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision.models import WeightsEnum, get_model, get_model_weights

from actviz_core.downloads import Checksum, Job, download
from actviz_core.errors import WeightsError
from actviz_core.models.model import Family, WeightsInfo
from actviz_core.models.network import Network
from actviz_core.models.preprocess import Preprocess
from actviz_core.settings import Settings

RANDOM = "random"
RANDOM_SEED = 0


class TorchvisionResNet(Network):
    """One of torchvision's ResNets; its weights' names are those of torchvision's enum, and ``random``."""

    family = Family.TORCHVISION

    def __init__(self, name: str) -> None:
        self.name = name
        self.title = name.replace("resnet", "ResNet-") + " (ImageNet)"
        self._enum = get_model_weights(name)
        self.default = self._enum["DEFAULT"].name
        self.classes = tuple(self._enum["DEFAULT"].meta["categories"])

    def weights_names(self) -> tuple[str, ...]:
        """List ``random``, then torchvision's weights from the oldest to the newest."""
        return (RANDOM, *(entry.name for entry in self._enum))

    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:
        """Describe weights with torchvision's own figures for accuracy and size."""
        if weights == RANDOM:
            return WeightsInfo(RANDOM, self.key(RANDOM), "random (untrained)", None, 0, ready=True)
        meta = self._enum[weights].meta
        percent, size = meta["_metrics"]["ImageNet-1K"]["acc@1"], _bytes(meta)
        return WeightsInfo(
            name=weights,
            key=self.key(weights),
            title=f"{weights}, {percent:.1f} %, {size / 1e6:.0f} MB",
            accuracy=percent / 100,
            bytes=size,
            ready=any(place.is_file() for place in _places(self._enum[weights], settings)),
        )

    def preprocess(self, weights: str) -> Preprocess:
        """Follow the transform that torchvision keeps with the weights; random ones take the default's."""
        transform = self._enum["DEFAULT" if weights == RANDOM else weights].transforms()
        (crop,) = transform.crop_size
        (shorter,) = transform.resize_size
        return Preprocess(
            size=(crop, crop),
            resize=(shorter,),
            mean=tuple(transform.mean),
            std=tuple(transform.std),
            interpolation=transform.interpolation,
        )

    def module(self, weights: str, settings: Settings) -> nn.Module:
        """Load weights from a checked file on this machine, or make the seeded untrained network."""
        with torch.device("meta"):  # no memory and no random numbers for values that are replaced at once
            module: nn.Module = get_model(self.name, weights=None)
        if weights == RANDOM:
            return _initialise(module)
        path = self._good_file(weights, settings)
        if path is None:
            raise WeightsError(self._what_to_do(weights, settings))
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            module.load_state_dict(state, assign=True)
        except (OSError, EOFError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
            raise WeightsError(f"{path} holds no weights of {self.name}: {error}") from error
        return module

    def download_work(self, weights: str, settings: Settings) -> Callable[[Job], None] | None:
        """Fetch a weights file into the data folder, unless a good one is on this machine."""
        if weights == RANDOM:
            return None
        entry = self._enum[weights]

        def fetch(job: Job) -> None:
            if self._good_file(weights, settings) is None:
                target, _ = _places(entry, settings)
                download(entry.url, target, expected=_checksum(entry), progress=job.progress, stop=job.stop)

        return fetch

    def _good_file(self, weights: str, settings: Settings) -> Path | None:
        """Find a file on this machine that is what its name says."""
        entry = self._enum[weights]
        try:
            return next((file for file in _places(entry, settings) if _checksum(entry).matches(file)), None)
        except OSError as error:
            raise WeightsError(f"The weights of {self.key(weights)} cannot be read: {error}") from error

    def _what_to_do(self, weights: str, settings: Settings) -> str:
        """Say what is wrong when there is no good file, and how to get one."""
        entry = self._enum[weights]
        bad = next((file for file in _places(entry, settings) if file.is_file()), None)
        problem = (
            f"The weights of {self.key(weights)} are not on this machine ({_bytes(entry.meta) / 1e6:.0f} MB)"
            if bad is None
            else f"The weights file {bad} was altered or cut: its SHA-256 does not begin with "
            f"{_checksum(entry).digest}, as its name says"
        )
        return (
            f"{problem}. Get the weights with the download button in the app or with "
            f"load_model({self.key(weights)!r}, download=True), or look at {self.key(RANDOM)} (untrained)."
        )


def _file_name(entry: WeightsEnum) -> str:
    return str(entry.url).rsplit("/", 1)[-1]


def _checksum(entry: WeightsEnum) -> Checksum:
    """Read the SHA-256 prefix that torchvision writes into its files' names: ``resnet18-f37072fd.pth``."""
    return Checksum("sha256", _file_name(entry).removesuffix(".pth").rsplit("-", 1)[-1])


def _places(entry: WeightsEnum, settings: Settings) -> tuple[Path, Path]:
    """Say where a weights file may lie: the data folder, which downloads go to, and torch.hub's own."""
    folders = settings.data / "weights", Path(torch.hub.get_dir()) / "checkpoints"
    return folders[0] / _file_name(entry), folders[1] / _file_name(entry)


def _initialise(module: nn.Module) -> nn.Module:
    """Fill a ResNet's parameters as torchvision does, but from a generator of its own.

    So the values depend on nothing but the seed, and torch's global random state is neither read nor moved,
    whatever other threads do.
    """
    module.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(RANDOM_SEED)
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu", generator=generator)
        elif isinstance(part, nn.BatchNorm2d):
            part.reset_parameters()
        elif isinstance(part, nn.Linear):
            bound = 1 / math.sqrt(part.in_features)
            nn.init.uniform_(part.weight, -bound, bound, generator=generator)
            nn.init.uniform_(part.bias, -bound, bound, generator=generator)
    return module


def _bytes(meta: Mapping[str, Any]) -> int:
    """The size of a weights file; torchvision gives it in units of 2**20 bytes."""
    return round(meta["_file_size"] * 2**20)
