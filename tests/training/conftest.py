"""A tiny data set and a finished run on it, for the tests of training and what follows it."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.training.data import read_pictures
from actviz_core.training.train import Recipe, train

RECIPE = Recipe(cycles=(3, 2), batch=20, peak_learning_rate=0.05, warmup_epochs=1, seed=3)


def png(pixels: np.ndarray) -> bytes:
    """The PNG file of a picture (H, W, 3) uint8."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """With so few pictures, several threads would mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="package")
def pictures() -> dict[str, bytes]:
    """Forty pictures, four a class, by their names in a zip."""
    noise = np.random.default_rng(0)
    return {
        f"{name}/{number}.png": png(noise.integers(0, 256, (32, 32, 3), np.uint8))
        for name in CLASSES
        for number in range(4)
    }


@pytest.fixture(scope="package")
def data_zip(pictures: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forty pictures as a zip of class folders."""
    return write_zip(tmp_path_factory.mktemp("data") / "tiny.zip", pictures)


@pytest.fixture(scope="package")
def finished_run(data_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was never interrupted."""
    out = tmp_path_factory.mktemp("run")
    data = read_pictures(data_zip, train=True)
    train(RECIPE, data, data, out, show_progress=False)
    return out
