"""Torchvision's classification and segmentation networks, whose weights are downloaded on request only."""

import math
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_model_weights

from actviz_core.errors import MissingWeightsError, WeightsError
from actviz_core.models.building import on_meta_device, seeded
from actviz_core.models.model import Origin, Parts, WeightsInfo
from actviz_core.models.network import RANDOM, RANDOM_SEED, Network
from actviz_core.models.preprocess import Preprocess
from actviz_core.settings import Settings
from actviz_core.system.downloads import Checksum, download
from actviz_core.system.jobs import Job
from actviz_core.tasks import Task
from actviz_core.units import megabytes, percent

FLOAT_BYTES = 4
SEGMENTATION = "Segmentation"
USUAL_SIZE = 224  # other input sizes are told in the weights' titles

_FAMILIES = {
    "alexnet": "AlexNet",
    "convnext": "ConvNeXt",
    "densenet": "DenseNet",
    "efficientnet": "EfficientNet",
    "googlenet": "GoogLeNet",
    "inception": "Inception",
    "maxvit": "MaxViT",
    "mnasnet": "MNASNet",
    "mobilenet": "MobileNet",
    "regnet": "RegNet",
    "resnet": "ResNet",
    "resnext": "ResNeXt",
    "shufflenet": "ShuffleNet",
    "squeezenet": "SqueezeNet",
    "swin": "Swin",
    "vgg": "VGG",
    "vit": "ViT",
    "wide_resnet": "Wide ResNet",
}


class TorchvisionNetwork(Network):
    """One of torchvision's networks; its weights' names are those of torchvision's enum, and ``random``."""

    origin = Origin.TORCHVISION

    def __init__(self, name: str, task: Task = Task.CLASSIFICATION) -> None:
        self.name = name
        self.task = task
        if task is Task.SEGMENTATION:
            self.family = SEGMENTATION
        else:
            self.family = next((own for start, own in _FAMILIES.items() if name.startswith(start)), name)
        self.title = f"{name} ({'COCO' if task is Task.SEGMENTATION else 'ImageNet'})"
        self._enum = get_model_weights(name)
        self.default = self._enum["DEFAULT"].name

    def weights_names(self) -> tuple[str, ...]:
        """List ``random``, then torchvision's weights from the oldest to the newest."""
        return (RANDOM, *(entry.name for entry in self._enum))

    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:
        """Describe weights with torchvision's own figures for accuracy (or mean IoU) and size."""
        if weights == RANDOM:
            return self.untrained_info()
        entry = self._enum[weights]
        size, accuracy, side = _bytes(entry.meta), _accuracy(entry.meta), _side(entry)
        told = [weights]
        if accuracy is not None:
            told.append(f"{'mean IoU ' if self.task is Task.SEGMENTATION else ''}{percent(accuracy, 1)}")
        told.append(megabytes(size))
        if self.task is Task.CLASSIFICATION and side != USUAL_SIZE:
            told.append(f"{side} x {side} pixels")
        return WeightsInfo(
            name=weights,
            key=self.key(weights),
            title=", ".join(told),
            accuracy=accuracy,
            bytes=size,
            ready=any(place.is_file() for place in _places(entry, settings)),
        )

    def preprocess(self, weights: str) -> Preprocess:
        """Follow the transform that torchvision keeps with the weights; random ones take the default's."""
        return Preprocess.of_preset(self._entry(weights).transforms())

    def parts(self, weights: str, settings: Settings) -> Parts:
        """Load weights from a checked file on this machine, or make the seeded untrained network."""
        arguments = building_arguments(self.name, self._entry(weights))
        if weights == RANDOM:
            return self._parts(weights, seeded(lambda: get_model(self.name, **arguments), RANDOM_SEED))
        path = self._good_file(weights, settings)
        if path is None:
            raise MissingWeightsError(self._problem(weights, settings), self.key(weights), self.key(RANDOM))
        module = on_meta_device(lambda: get_model(self.name, **arguments))
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            module.load_state_dict(_renamed(self.name, state), assign=True)
        except (OSError, EOFError, RuntimeError, TypeError, AttributeError, pickle.UnpicklingError) as error:
            reason = shorten(str(error), 300)
            raise WeightsError(f"{path} holds no weights of {self.name}: {reason}") from error
        return self._parts(weights, module)

    def memory(self, weights: str, settings: Settings) -> int | None:  # noqa: ARG002 - nothing to set
        """Tell what the parameters take, which torchvision counts for each of its weights."""
        return FLOAT_BYTES * int(self._entry(weights).meta["num_params"])

    def on_meta_device(self, settings: Settings) -> Parts:  # noqa: ARG002 - nothing to set
        """Build the architecture of the default weights."""
        arguments = building_arguments(self.name, self._entry(self.default))
        return self._parts(self.default, on_meta_device(lambda: get_model(self.name, **arguments)))

    def download_work(self, weights: str, settings: Settings) -> Callable[[Job], None] | None:
        """Fetch a weights file into the data folder, unless a good one is on this machine."""
        if weights == RANDOM:
            return None
        entry = self._enum[weights]

        def fetch(job: Job) -> None:
            if self._good_file(weights, settings) is None:
                target, _ = _places(entry, settings)
                download(entry.url, target, expected=checksum_of(entry), progress=job.progress, stop=job.stop)

        return fetch

    def _entry(self, weights: str) -> WeightsEnum:
        return self._enum["DEFAULT" if weights == RANDOM else weights]

    def _parts(self, weights: str, module: nn.Module) -> Parts:
        classes = self._entry(weights).meta["categories"]
        note = "" if classes else "These weights have no trained classifier: the network gives no answer."
        return Parts(
            module,
            self.preprocess(weights),
            tuple(classes or self._enum["DEFAULT"].meta["categories"]),
            self.task,
            note,
        )

    def _good_file(self, weights: str, settings: Settings) -> Path | None:
        """Find a file on this machine that is what its name says."""
        entry = self._enum[weights]
        try:
            return next((file for file in _places(entry, settings) if checksum_of(entry).matches(file)), None)
        except OSError as error:
            raise WeightsError(f"The weights of {self.key(weights)} cannot be read: {error}") from error

    def _problem(self, weights: str, settings: Settings) -> str:
        """Say what is wrong when there is no good file."""
        entry = self._enum[weights]
        bad = next((file for file in _places(entry, settings) if file.is_file()), None)
        return (
            f"The weights of {self.key(weights)} are not on this machine ({megabytes(_bytes(entry.meta))})."
            if bad is None
            else f"The weights file {bad} was altered or cut: its SHA-256 does not begin with "
            f"{checksum_of(entry).digest}, as its name says."
        )


def torchvision_networks() -> tuple[TorchvisionNetwork, ...]:
    """Every classification network, then every segmentation network; by family, small before large."""
    named = torchvision.models.list_models
    classification = [TorchvisionNetwork(name) for name in named(module=torchvision.models)]
    segmentation = [
        TorchvisionNetwork(name, Task.SEGMENTATION) for name in named(module=torchvision.models.segmentation)
    ]
    return (*sorted(classification, key=_order), *sorted(segmentation, key=_order))


def building_arguments(name: str, entry: WeightsEnum) -> dict[str, Any]:
    """What to give ``torchvision.models.get_model`` for the architecture that goes with an entry's weights.

    Torchvision sets these itself only where it loads the weights itself. GoogLeNet's auxiliary classifiers
    are left out, as it leaves them out, since its weights have no trained ones.
    """
    arguments: dict[str, Any] = {"weights": None}
    if name.startswith("vit_"):
        arguments["image_size"] = entry.meta["min_size"][0]
    elif name in ("googlenet", "inception_v3"):
        arguments |= {"transform_input": True, "init_weights": True, "aux_logits": name != "googlenet"}
    elif "miou" in _metrics(entry.meta):
        arguments["weights_backbone"] = None
        if not name.startswith("lraspp"):
            arguments["aux_loss"] = True
    return arguments


def _renamed(name: str, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Bring what older versions of torchvision wrote into today's names."""
    if name.startswith("densenet"):
        layer = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\.")
        return {layer.sub(r"\1\2.", key): value for key, value in state.items()}
    if name == "googlenet":
        return {key: value for key, value in state.items() if not key.startswith(("aux1.", "aux2."))}
    return state


def _order(network: TorchvisionNetwork) -> tuple[object, ...]:
    """By family, then by name with its numbers as numbers: resnet18 before resnet101."""
    parts = re.split(r"(\d+)", network.name)
    return network.family.lower(), [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _file_name(entry: WeightsEnum) -> str:
    return str(entry.url).rsplit("/", 1)[-1]


def checksum_of(entry: WeightsEnum) -> Checksum:
    """Read the SHA-256 prefix that torchvision writes into its files' names: ``resnet18-f37072fd.pth``."""
    return Checksum("sha256", _file_name(entry).removesuffix(".pth").rsplit("-", 1)[-1])


def _places(entry: WeightsEnum, settings: Settings) -> tuple[Path, Path]:
    """Say where a weights file may lie: the data folder, which downloads go to, and torch.hub's own."""
    folders = settings.data / "weights", Path(torch.hub.get_dir()) / "checkpoints"
    return folders[0] / _file_name(entry), folders[1] / _file_name(entry)


def _bytes(meta: Mapping[str, Any]) -> int:
    """The size of a weights file; torchvision gives it in units of 2**20 bytes."""
    return round(meta["_file_size"] * 2**20)


def _metrics(meta: Mapping[str, Any]) -> Mapping[str, float]:
    """The figures for the one data set that torchvision evaluates on."""
    metrics: Mapping[str, float] = next(iter(meta["_metrics"].values()))
    return metrics


def _accuracy(meta: Mapping[str, Any]) -> float | None:
    """Top-1 accuracy or mean IoU, 0 to 1; None where torchvision gives none."""
    metrics = _metrics(meta)
    percent = metrics.get("acc@1", metrics.get("miou", math.nan))
    return None if math.isnan(percent) else percent / 100


def _side(entry: WeightsEnum) -> int:
    """Height and width of the input, read without building the transform."""
    keywords = entry.transforms.keywords
    side: int = keywords.get("crop_size", keywords.get("resize_size"))
    return side
