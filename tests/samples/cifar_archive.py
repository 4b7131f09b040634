"""A small archive in the format of cifar-10-python.tar.gz, made of noise, for tests of its download."""

import hashlib
import io
import pickle
import tarfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actviz_core.samples.cifar10 import CifarArchive
from actviz_core.samples.cifar10_classes import CLASSES

FOLDER = "cifar-10-batches-py"
BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")


@dataclass(frozen=True)
class SmallCifar10:
    """The archive's bytes, and what it holds: pictures (N, 32, 32, 3) uint8 with labels, for each split."""

    content: bytes
    test: NDArray[np.uint8]
    test_labels: list[int]
    train: NDArray[np.uint8]
    train_labels: list[int]
    files: dict[str, bytes]

    def at(self, url: str) -> CifarArchive:
        """Describe the archive as it is served at an address."""
        md5s = [(name, md5(self.files[name])) for name in BATCHES]
        meta = ("batches.meta", md5(self.files["batches.meta"]))
        return CifarArchive(url, md5(self.content), FOLDER, tuple(md5s[:5]), tuple(md5s[5:]), meta)


def small_cifar10(*, leave_out: str = "") -> SmallCifar10:
    """Make an archive with 5 batches of 4 training pictures, and 10 test pictures; the same every time."""
    rng = np.random.default_rng(0)
    batches = {}
    for name in BATCHES:
        count = 10 if name == "test_batch" else 4
        rows = rng.integers(0, 256, (count, 3072), np.uint8)
        batches[name] = (rows, [int(label) for label in rng.permutation(10)[:count]])
    files = {
        name: pickle.dumps({"batch_label": name, "data": rows, "labels": labels}, protocol=2)
        for name, (rows, labels) in batches.items()
    }
    files["batches.meta"] = pickle.dumps({"label_names": list(CLASSES), "num_vis": 3072}, protocol=2)
    pictures = {
        name: rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1) for name, (rows, _) in batches.items()
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in {**files, "readme.html": b"hello", "../outside": b"bad"}.items():
            if name != leave_out:
                member = tarfile.TarInfo(f"{FOLDER}/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return SmallCifar10(
        buffer.getvalue(),
        pictures["test_batch"],
        batches["test_batch"][1],
        np.concatenate([pictures[name] for name in BATCHES[:5]]),
        [label for name in BATCHES[:5] for label in batches[name][1]],
        files,
    )


def md5(content: bytes) -> str:
    """Compute the MD5 that torchvision's lists would name."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
