"""Kills a download, an unpacking or uploads at random moments, and checks what the next start finds.

Run as ``python -m tests.support.kills download|unpacking|upload FOLDER [URL]``; tests/test_kills.py does.
It forks, so it has to be a process of its own, without other threads.
"""

import hashlib
import io
import os
import random
import shutil
import signal
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from actviz_core.samples import Cifar10State, cifar10, cifar10_state, fetch_cifar10, save_upload
from actviz_core.samples.cifar10 import CifarArchive
from actviz_core.settings import Settings
from actviz_core.system.downloads import Checksum, download
from actviz_core.workspace.leftovers import clear_leftovers

KILLS, AT_WORK = 30, "hit it at work"
SIZE = 24 << 20
CONTENT = np.random.default_rng(0).bytes(SIZE)
MEMBERS = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch", "batches.meta"]


def main() -> None:
    """Do 30 kills of one kind, and print what they met."""
    kind, folder, *more = sys.argv[1:]
    settings = Settings(Path(folder), None, (), 2**20, "cpu")
    kinds = {"download": Download, "unpacking": Unpacking, "upload": Uploads}
    attempt = kinds[kind](settings, *more)
    moments = random.Random(0)  # noqa: S311 - moments, not secrets
    seconds = duration(attempt.work)
    attempt.check()
    met: Counter[str] = Counter()
    while met[AT_WORK] < KILLS:
        attempt.prepare()
        ended = killed(attempt.work, moments.uniform(0, 1.1 * seconds))
        met["came too late" if ended else AT_WORK] += 1
        met.update(attempt.left())
        clear_leftovers(settings)
        attempt.check()
    attempt.work()
    attempt.check(whole=True)
    figures = ", ".join(f"{count} {what}" for what, count in met.items())
    print(f"{kind}, {seconds:.2f} s of work; kills: {figures}")


def duration(work: Callable[[], None]) -> float:
    """How long undisturbed work takes, in seconds."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def killed(work: Callable[[], None], seconds: float) -> bool:
    """Start work in a process of its own, kill that after some seconds, and say if it had ended before."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


class Download:
    """A download that goes on where the last one was killed."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.target = settings.data / "weights" / "network.pth"
        self.part = self.target.with_name("network.pth.part")
        self.checksum = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest())
        self.work = partial(download, url, self.target, expected=self.checksum)

    def prepare(self) -> None:
        """After one that arrived, begin anew."""
        self.target.unlink(missing_ok=True)

    def left(self) -> list[str]:
        """What the kill left behind."""
        return ["left a part"] if self.part.exists() else []

    def check(self, *, whole: bool = False) -> None:
        """The file is whole or not there; its part is the beginning of it."""
        assert self.checksum.matches(self.target) or not (whole or self.target.exists())
        if self.part.exists():
            part = self.part.read_bytes()
            assert part == CONTENT[: len(part)]


class Unpacking:
    """Unpacks an archive that was downloaded."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        pieces = {name: CONTENT[i * 3 << 20 : (i + 1) * 3 << 20] for i, name in enumerate(MEMBERS)}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
            for name, content in pieces.items():
                member = tarfile.TarInfo(f"{cifar10.ARCHIVE.folder}/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        self.packed = packed.getvalue()
        md5s = [(name, _md5(content)) for name, content in pieces.items()]
        cifar10.ARCHIVE = CifarArchive(
            "http://127.0.0.1/cifar.tar.gz",
            _md5(self.packed),
            train=(*md5s[:5],),
            test=(md5s[5],),
            meta=md5s[6],
        )
        self.folder = settings.data / cifar10.ARCHIVE.folder
        self.prepare()

    def prepare(self) -> None:
        """Put the archive where a download leaves it, and the dataset away."""
        self.settings.data.mkdir(exist_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        cifar10.own_archive(self.settings).write_bytes(self.packed)

    def work(self) -> None:
        """Unpack it."""
        fetch_cifar10(self.settings)

    def left(self) -> list[str]:
        """What the kill left behind."""
        unfinished = any(self.settings.data.glob(".cifar10-*"))
        return ["left a folder half unpacked"] if unfinished else []

    def check(self, *, whole: bool = False) -> None:
        """The dataset is whole or not there; besides it lies only an archive that is still to be unpacked."""
        expected = Cifar10State.READY if whole or self.folder.exists() else Cifar10State.MISSING
        assert cifar10_state(self.settings) is expected
        allowed = {".lock", self.folder.name}
        if expected is Cifar10State.MISSING:
            allowed.add(cifar10.own_archive(self.settings).name)
        assert {path.name for path in self.settings.data.iterdir()} <= allowed


class Uploads:
    """Keeps six pictures, one after the other."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.data / "uploads"
        self.pictures = []
        for number in range(6):
            pixels = np.random.default_rng(number).integers(0, 256, (700, 700, 3), np.uint8)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG", compress_level=0)
            self.pictures.append(file.getvalue())

    def prepare(self) -> None:
        """Begin without any."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def work(self) -> None:
        """Upload them."""
        for content in self.pictures:
            save_upload(content, "noise.png", self.settings)

    def left(self) -> list[str]:
        """What the kill left behind."""
        names = [path.name for path in self.folder.glob(".*") if path.name != ".lock"]
        return ["left a picture half written"] if names else []

    def check(self, *, whole: bool = False) -> None:
        """Every picture that is there is whole, and nothing else is there."""
        kept = [path for path in self.folder.glob("*") if path.name != ".lock"]
        assert all(hashlib.sha256(path.read_bytes()).hexdigest()[:12] == path.name for path in kept)
        assert not whole or len(kept) == len(self.pictures)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    main()
