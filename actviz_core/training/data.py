"""Reads labelled CIFAR-10 pictures for training and evaluation, and refuses what is not that."""

import io
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torchvision.datasets import CIFAR10

from actviz_core.errors import TrainingDataError
from actviz_core.models.cifar_resnet20.network import MEAN, SIZE, STD
from actviz_core.samples.cifar10_classes import CLASSES


@dataclass(frozen=True)
class LabelledPictures:
    """Pictures (N, 3, 32, 32) uint8 with labels (N,) int64, and where they came from."""

    images: Tensor
    labels: Tensor
    name: str

    def __len__(self) -> int:
        return len(self.labels)

    def normalised(self) -> Tensor:
        """Scale and normalise as the network's preprocessing does: (N, 3, 32, 32) float32."""
        mean = torch.tensor(MEAN).view(3, 1, 1)
        std = torch.tensor(STD).view(3, 1, 1)
        return (self.images.float() / 255 - mean) / std


def read_pictures(path: Path, *, train: bool, exclude: Collection[str] = ()) -> LabelledPictures:
    """Read a zip of class folders, an .npz with ``images`` and ``labels``, or torchvision's CIFAR-10 folder.

    ``exclude`` names files of the zip (``frog/0000.jpg``) to leave out; ``train`` chooses the split of
    torchvision's folder. Raises `TrainingDataError`, with the reason, for anything else.
    """
    if not path.exists():
        raise TrainingDataError(f"{path} does not exist.")
    if path.is_dir():
        if exclude:
            raise TrainingDataError("Names to exclude only go with a zip of class folders.")
        return _read_torchvision(path, train=train)
    if path.suffix == ".npz":
        return _read_npz(path)
    return _read_zip(path, frozenset(exclude))


def _read_torchvision(root: Path, *, train: bool) -> LabelledPictures:
    try:
        dataset = CIFAR10(root, train=train, download=False)
    except RuntimeError as error:
        raise TrainingDataError(f"{root} holds no complete CIFAR-10: {error}") from error
    images = torch.from_numpy(dataset.data).permute(0, 3, 1, 2).contiguous()
    split = "train" if train else "test"
    return LabelledPictures(images, torch.tensor(dataset.targets), f"CIFAR-10 {split}")


def _read_npz(path: Path) -> LabelledPictures:
    try:
        with np.load(path) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except (KeyError, ValueError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise TrainingDataError(f"{path} is not an .npz with 'images' and 'labels': {error}") from error
    if images.shape != (*labels.shape, SIZE, SIZE, 3) or images.dtype != np.uint8 or labels.ndim != 1:
        raise TrainingDataError(
            f"{path} needs images (N, {SIZE}, {SIZE}, 3) uint8 with N labels; "
            f"got {images.shape} {images.dtype} with labels {labels.shape}."
        )
    if (
        labels.dtype.kind not in "iu"
        or not len(labels)
        or not 0 <= labels.min() <= labels.max() < len(CLASSES)
    ):
        raise TrainingDataError(
            f"{path} needs at least one label, each a whole number from 0 to {len(CLASSES) - 1}."
        )
    pictures = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    return LabelledPictures(pictures, torch.from_numpy(labels.astype(np.int64)), path.name)


def _read_zip(path: Path, exclude: frozenset[str]) -> LabelledPictures:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise TrainingDataError(f"{path} is not a readable zip: {error}") from error
    with archive:
        files = sorted(name for name in archive.namelist() if not name.endswith("/"))
        _check_names(path, files, exclude)
        kept = [name for name in files if name not in exclude]
        empty = [c for c in CLASSES if not any(name.startswith(f"{c}/") for name in kept)]
        if empty:
            raise TrainingDataError(f"{path} has no picture left for: {', '.join(empty)}.")
        images = np.empty((len(kept), SIZE, SIZE, 3), np.uint8)
        for row, name in enumerate(kept):
            images[row] = _decode(path, archive, name)
    labels = torch.tensor([CLASSES.index(name.split("/")[0]) for name in kept])
    return LabelledPictures(torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), labels, path.name)


def _check_names(path: Path, files: list[str], exclude: frozenset[str]) -> None:
    strangers = [name for name in files if name.count("/") != 1 or name.split("/")[0] not in CLASSES]
    if strangers:
        raise TrainingDataError(
            f"{path} should hold only <class>/<file> with the classes {', '.join(CLASSES)}; "
            f"it also holds {strangers[0]!r}."
        )
    unknown = sorted(exclude.difference(files))
    if unknown:
        raise TrainingDataError(
            f"{len(unknown)} names to exclude are not in {path}, the first is {unknown[0]!r}."
        )


def _decode(path: Path, archive: zipfile.ZipFile, name: str) -> npt.NDArray[np.uint8]:
    """One picture of the zip, (32, 32, 3)."""
    try:
        with Image.open(io.BytesIO(archive.read(name))) as image:
            if image.size != (SIZE, SIZE):
                raise TrainingDataError(
                    f"{name} in {path} is {image.width}x{image.height}; the network takes {SIZE}x{SIZE}."
                )
            return np.asarray(image.convert("RGB"))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError) as error:  # RuntimeError: a password
        raise TrainingDataError(f"{name} in {path} is not a readable picture: {error}") from error
