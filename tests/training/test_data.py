"""Reading labelled pictures: the three forms they come in, and what is refused with its reason."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10

from actviz_core.errors import TrainingDataError
from actviz_core.models.bundled import BundledResNet20
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.training.data import read_pictures
from tests.training.conftest import png, write_zip


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 32, 32, 3), np.uint8)


def test_a_zip_gives_its_pictures_class_by_class_with_their_labels(tmp_path: Path) -> None:
    pixels = noise(len(CLASSES))
    files = {f"{name}/0.png": png(pixels[label]) for label, name in enumerate(CLASSES)}
    read = read_pictures(write_zip(tmp_path / "own.zip", files), train=True)
    assert (read.name, len(read)) == ("own.zip", 10)
    assert read.labels.tolist() == list(range(10))
    assert np.array_equal(read.images.permute(0, 2, 3, 1).numpy(), pixels)


def test_excluded_pictures_are_left_out(data_zip: Path) -> None:
    everything = read_pictures(data_zip, train=True)
    read = read_pictures(data_zip, train=True, exclude=["airplane/1.png", "truck/3.png"])
    assert read.labels.bincount().tolist() == [3, 4, 4, 4, 4, 4, 4, 4, 4, 3]
    assert torch.equal(read.images, everything.images[[n for n in range(40) if n not in (1, 39)]])


def test_the_pixels_are_prepared_exactly_as_the_app_prepares_pictures(tmp_path: Path) -> None:
    from PIL import Image

    pixels = noise(3)
    np.savez(tmp_path / "own.npz", images=pixels, labels=np.array([0, 1, 2], np.uint8))
    read = read_pictures(tmp_path / "own.npz", train=False)
    preprocess = BundledResNet20().preprocess("final")
    for picture, prepared in zip(pixels, read.normalised(), strict=True):
        assert torch.equal(preprocess(Image.fromarray(picture))[0], prepared)


def test_an_npz_gives_its_pictures_in_order(tmp_path: Path) -> None:
    pixels = noise(4)
    np.savez(tmp_path / "own.npz", images=pixels, labels=np.array([9, 0, 3, 3], np.uint8))
    read = read_pictures(tmp_path / "own.npz", train=False)
    assert (read.name, read.labels.tolist(), read.labels.dtype) == ("own.npz", [9, 0, 3, 3], torch.int64)
    assert np.array_equal(read.images.permute(0, 2, 3, 1).numpy(), pixels)


def test_torchvisions_folder_gives_the_split_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = noise(3)
    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()

    def write(name: str, content: object) -> str:
        (folder / name).write_bytes(pickle.dumps(content))
        return hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()

    def batch(chosen: slice, labels: list[int]) -> dict[str, object]:
        return {"data": pixels[chosen].transpose(0, 3, 1, 2).reshape(-1, 3072), "labels": labels}

    meta = {**CIFAR10.meta, "md5": write("batches.meta", {"label_names": list(CLASSES)})}
    monkeypatch.setattr(CIFAR10, "meta", meta)
    monkeypatch.setattr(
        CIFAR10, "train_list", [["data_batch_1", write("data_batch_1", batch(slice(2), [5, 7]))]]
    )
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", write("test_batch", batch(slice(2, 3), [1]))]])
    trained, tested = (read_pictures(tmp_path, train=train) for train in (True, False))
    assert (trained.name, trained.labels.tolist()) == ("CIFAR-10 train", [5, 7])
    assert (tested.name, tested.labels.tolist()) == ("CIFAR-10 test", [1])
    assert np.array_equal(trained.images.permute(0, 2, 3, 1).numpy(), pixels[:2])
    assert np.array_equal(tested.images.permute(0, 2, 3, 1).numpy(), pixels[2:])
    with pytest.raises(TrainingDataError, match="only go with a zip"):
        read_pictures(tmp_path, train=True, exclude=["frog/0.png"])


def test_a_folder_without_cifar10_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="holds no complete CIFAR-10"):
        read_pictures(tmp_path, train=True)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"gone\.zip does not exist"):
        read_pictures(tmp_path / "gone.zip", train=True)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut short"])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(TrainingDataError, match="is not a readable zip"):
        read_pictures(tmp_path / "bad.zip", train=True)


@pytest.mark.parametrize("stranger", ["readme.txt", "lion/0.png", "train/cat/0.png"])
def test_a_zip_of_something_else_is_refused(
    tmp_path: Path, pictures: dict[str, bytes], stranger: str
) -> None:
    path = write_zip(tmp_path / "other.zip", {**pictures, stranger: b"?"})
    with pytest.raises(TrainingDataError, match=f"airplane, .*truck; it also holds '{stranger}'"):
        read_pictures(path, train=True)


def test_an_empty_class_folder_is_refused(tmp_path: Path, pictures: dict[str, bytes]) -> None:
    files = {name: content for name, content in pictures.items() if not name.startswith("frog")}
    path = write_zip(tmp_path / "frogless.zip", {**files, "frog/": b""})
    with pytest.raises(TrainingDataError, match="has no picture left for: frog"):
        read_pictures(path, train=True)


def test_a_class_that_is_excluded_altogether_is_refused(data_zip: Path) -> None:
    with pytest.raises(TrainingDataError, match="no picture left for: cat"):
        read_pictures(data_zip, train=True, exclude=[f"cat/{number}.png" for number in range(4)])


def test_a_picture_of_another_size_is_refused(tmp_path: Path, pictures: dict[str, bytes]) -> None:
    path = write_zip(
        tmp_path / "large.zip", {**pictures, "dog/big.png": png(np.zeros((48, 64, 3), np.uint8))}
    )
    with pytest.raises(TrainingDataError, match=r"dog/big\.png in .* is 64x48; the network takes 32x32"):
        read_pictures(path, train=True)


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path, pictures: dict[str, bytes]) -> None:
    path = write_zip(tmp_path / "text.zip", {**pictures, "dog/notes.png": b"no picture"})
    with pytest.raises(TrainingDataError, match=r"dog/notes\.png in .* is not a readable picture"):
        read_pictures(path, train=True)


def test_a_damaged_member_is_refused(tmp_path: Path, pictures: dict[str, bytes]) -> None:
    path = write_zip(tmp_path / "flipped.zip", pictures)
    path.write_bytes(path.read_bytes().replace(pictures["cat/2.png"], bytes(len(pictures["cat/2.png"]))))
    with pytest.raises(TrainingDataError, match=r"cat/2\.png in .* is not a readable picture.*CRC"):
        read_pictures(path, train=True)


def test_an_unknown_excluded_name_is_refused(data_zip: Path) -> None:
    with pytest.raises(
        TrainingDataError, match=r"1 names to exclude are not in .*, the first is 'cat/77\.png'"
    ):
        read_pictures(data_zip, train=True, exclude=["cat/0.png", "cat/77.png"])


@pytest.mark.parametrize(
    ("images", "labels", "reason"),
    [
        (np.zeros((2, 28, 28, 3), np.uint8), [0, 1], r"needs images .*got \(2, 28, 28, 3\) uint8"),
        (np.zeros((2, 32, 32, 3), np.float32), [0, 1], "needs images .*float32"),
        (np.zeros((2, 32, 32, 3), np.uint8), [0, 1, 2], r"with labels \(3,\)"),
        (np.zeros((2, 32, 32, 3), np.uint8), [0, 10], "each a whole number from 0 to 9"),
        (np.zeros((2, 32, 32, 3), np.uint8), [0.0, 1.0], "each a whole number from 0 to 9"),
        (np.zeros((0, 32, 32, 3), np.uint8), np.zeros(0, np.int64), "at least one label"),
    ],
)
def test_an_npz_with_other_arrays_is_refused(
    tmp_path: Path, images: np.ndarray, labels: object, reason: str
) -> None:
    np.savez(tmp_path / "own.npz", images=images, labels=np.asarray(labels))
    with pytest.raises(TrainingDataError, match=reason):
        read_pictures(tmp_path / "own.npz", train=False)


def test_an_npz_without_the_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", pictures=noise(1))
    with pytest.raises(TrainingDataError, match=r"is not an \.npz with 'images' and 'labels'"):
        read_pictures(tmp_path / "own.npz", train=False)


def test_what_is_no_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.npz").write_bytes(b"something else")
    with pytest.raises(TrainingDataError, match=r"is not an \.npz"):
        read_pictures(tmp_path / "own.npz", train=False)
    with (tmp_path / "own.npz").open("wb") as file:
        np.save(file, noise(1))
    with pytest.raises(TrainingDataError, match=r"is not an \.npz"):
        read_pictures(tmp_path / "own.npz", train=False)
