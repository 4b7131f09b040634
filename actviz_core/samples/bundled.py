"""The pictures that come with the package foolbox: 20 of CIFAR-10's test set, 20 ImageNet photographs."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from torchvision.models import ResNet18_Weights

from actviz_core.errors import UnknownImageError
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.samples.files import FileSource
from actviz_core.samples.source import ArraySource, Source

MISSING = "The package foolbox, which holds these pictures, is not installed. Install it: pip install foolbox"


def bundled_folder() -> Path | None:
    """Find foolbox's pictures without importing it; None if it is not installed."""
    spec = importlib.util.find_spec("foolbox")
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location) / "data"
        if folder.is_dir():
            return folder
    return None


def bundled_cifar10() -> Source:
    """Open the 20 CIFAR-10 test pictures. Raises `UnknownImageError` without foolbox."""
    _, paths, numbers = _bundled("cifar10", "png")
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])
    classes, labels = _present(numbers, CLASSES)
    return ArraySource("bundled-cifar10", "CIFAR-10, bundled", classes, labels, pixels)


def bundled_imagenet() -> Source:
    """Open the 20 ImageNet photographs. Raises `UnknownImageError` without foolbox."""
    folder, paths, numbers = _bundled("imagenet", "jpg")
    classes, labels = _present(numbers, ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
    return FileSource("bundled-imagenet", "ImageNet, bundled", classes, labels, folder, paths)


def _bundled(dataset: str, suffix: str) -> tuple[Path, list[Path], list[int]]:
    """Find paths and class numbers, which names carry: ``imagenet_03_990.jpg`` is picture 3, class 990."""
    folder = bundled_folder()
    if folder is None:
        raise UnknownImageError(MISSING)
    found = sorted(folder.glob(f"{dataset}_[0-9][0-9]_*.{suffix}"))
    return folder, found, [int(re.split("[_.]", path.name)[2]) for path in found]


def _present(numbers: list[int], names: Sequence[str]) -> tuple[list[str], list[int]]:
    """Keep the names of the class numbers that occur, and say where among them each picture's is."""
    present = sorted(set(numbers))
    return [names[number] for number in present], [present.index(number) for number in numbers]
