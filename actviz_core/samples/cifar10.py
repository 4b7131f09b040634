"""CIFAR-10 in full: 60,000 pictures, downloaded once on request as torchvision's archive."""

import hashlib
import shutil
import tarfile
import tempfile
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np
from torchvision.datasets import CIFAR10

from actviz_core.errors import DownloadError, UnknownImageError
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.samples.source import ArraySource, Source
from actviz_core.settings import Settings
from actviz_core.system.downloads import Checksum, Job, Progress, download, find_job, start_job
from actviz_core.system.folder_lock import exclusive


class Split(StrEnum):
    """The two parts of the dataset."""

    TEST = "test"
    TRAIN = "train"


class Cifar10State(StrEnum):
    """Whether CIFAR-10 is there."""

    MISSING = "missing"
    DOWNLOADING = "downloading"
    DAMAGED = "damaged"  # a file of it was lost or altered; downloading puts it right
    READY = "ready"


@dataclass(frozen=True)
class CifarArchive:
    """An archive in the format of cifar-10-python.tar.gz: where it is, and its files with their MD5s.

    The pickles in it are opened only when their MD5 is right. The defaults are torchvision's.
    """

    url: str = CIFAR10.url
    md5: str = CIFAR10.tgz_md5
    folder: str = CIFAR10.base_folder
    train: tuple[tuple[str, str], ...] = tuple((name, md5) for name, md5 in CIFAR10.train_list)
    test: tuple[tuple[str, str], ...] = tuple((name, md5) for name, md5 in CIFAR10.test_list)
    meta: tuple[str, str] = (CIFAR10.meta["filename"], CIFAR10.meta["md5"])

    @property
    def files(self) -> dict[str, str]:
        """All files' names with their MD5s."""
        return dict((*self.train, *self.test, self.meta))


ARCHIVE = CifarArchive()
_UNPACKING = ".cifar10-"
COUNTS = {Split.TEST: 10_000, Split.TRAIN: 50_000}
GET_IT = "Get all 60,000 pictures (170 MB) on the page Samples."


def cifar10_state(settings: Settings) -> Cifar10State:
    """Say whether CIFAR-10 is there and whole; quick, as its files are read again only after they changed."""
    job = find_cifar10_download(settings)
    if job is not None and job.status.running:
        return Cifar10State.DOWNLOADING
    folder = settings.data / ARCHIVE.folder
    if not folder.exists():
        return Cifar10State.MISSING
    return Cifar10State.READY if _intact(folder) else Cifar10State.DAMAGED


def start_cifar10_download(settings: Settings) -> Job:
    """Get both splits in the background; all users share the one job."""
    return start_job(
        _job_key(settings), lambda job: fetch_cifar10(settings, progress=job.progress, stop=job.stop)
    )


def find_cifar10_download(settings: Settings) -> Job | None:
    """Return the running or latest download, with its progress and its error."""
    return find_job(_job_key(settings))


def fetch_cifar10(
    settings: Settings, *, progress: Progress | None = None, stop: threading.Event | None = None
) -> None:
    """Download and unpack CIFAR-10 into the data folder, unless it is there and whole.

    The folder appears, or replaces a damaged one, in one step. Raises `DownloadError`.
    """
    if _intact(settings.data / ARCHIVE.folder):
        return
    path, own = settings.data / Path(ARCHIVE.url).name, own_archive(settings)
    archive = path if path.exists() else own  # brought by hand, or what an earlier download left
    checksum = Checksum("md5", ARCHIVE.md5)
    if not checksum.matches(archive):
        download(ARCHIVE.url, path, expected=checksum, progress=progress, stop=stop)
        if archive == own:
            path.replace(own)
    try:
        with exclusive(settings.data):
            if not _intact(settings.data / ARCHIVE.folder):
                _unpack(archive, settings.data)
    except (tarfile.TarError, EOFError, zlib.error, _WrongContentError, OSError) as error:
        raise DownloadError(
            f"{archive} cannot be unpacked ({error}). Make sure that {settings.data} has 400 MB of room; if "
            "it has, delete that file and try again."
        ) from error
    own.unlink(missing_ok=True)


def sweep_cifar10(settings: Settings) -> None:
    """Remove what a kill left behind, unless somebody is unpacking at this moment.

    An archive that is complete stays until it is unpacked, and part of one to be continued.
    """
    if not settings.data.is_dir():
        return
    with suppress(OSError), exclusive(settings.data, wait=False):
        for folder in settings.data.glob(f"{_UNPACKING}*"):
            shutil.rmtree(folder, ignore_errors=True)
        own = own_archive(settings)
        if own.exists() and _intact(settings.data / ARCHIVE.folder):
            own.unlink()


def own_archive(settings: Settings) -> Path:
    """Where the archive lies once it was downloaded: not where people put one by hand, which is theirs."""
    return settings.data / f".{Path(ARCHIVE.url).name}"


def open_cifar10(split: Split, settings: Settings) -> Source:
    """Read one split into memory (test 31 MB, train 154 MB).

    Raises `UnknownImageError` when CIFAR-10 is not there, `DownloadError` when it is damaged.
    """
    key = f"cifar10-{split}"
    folder = settings.data / ARCHIVE.folder
    if not folder.exists():
        raise UnknownImageError(f"{key} is not here yet. {GET_IT}")
    members = {
        "base_folder": ARCHIVE.folder,
        "train_list": ARCHIVE.train,
        "test_list": ARCHIVE.test,
        "meta": {"filename": ARCHIVE.meta[0], "key": "label_names", "md5": ARCHIVE.meta[1]},
    }
    try:  # torchvision checks every MD5 before it opens a pickle
        dataset = type("Archive", (CIFAR10,), members)(settings.data, train=split is Split.TRAIN)
    except (RuntimeError, OSError) as error:
        raise DownloadError(f"The files in {folder} are damaged or incomplete. {GET_IT}") from error
    return ArraySource(key, f"CIFAR-10 {split}", CLASSES, dataset.targets, np.ascontiguousarray(dataset.data))


class _WrongContentError(Exception):
    """An archive that is whole but is not CIFAR-10's."""


def _unpack(archive: Path, target: Path) -> None:
    """Take the files of the dataset, and no others, out of the archive."""
    wanted = ARCHIVE.files
    with tempfile.TemporaryDirectory(prefix=_UNPACKING, dir=target) as temporary:
        folder = Path(temporary) / ARCHIVE.folder
        folder.mkdir()
        with tarfile.open(archive, "r|gz") as tar:
            for member in tar:
                name = member.name.removeprefix(f"{ARCHIVE.folder}/")
                if name in wanted and (file := tar.extractfile(member)) is not None:
                    content = file.read()
                    if hashlib.md5(content, usedforsecurity=False).hexdigest() != wanted.pop(name):
                        raise _WrongContentError(f"its file {name} has another MD5 than torchvision lists")
                    (folder / name).write_bytes(content)
        if wanted:
            raise _WrongContentError(f"it lacks {', '.join(sorted(wanted))}")
        final = target / ARCHIVE.folder
        if final.exists():  # a damaged one: out of the way, to go with the temporary folder
            final.rename(Path(temporary) / "damaged")
        folder.rename(final)


def _intact(folder: Path) -> bool:
    """Whether all files are there and right."""
    try:
        stamps = tuple((folder / name).stat() for name in ARCHIVE.files)
    except OSError:
        return False
    return _has_md5s(
        folder, tuple(ARCHIVE.files.items()), tuple((stamp.st_mtime_ns, stamp.st_size) for stamp in stamps)
    )


@lru_cache(maxsize=16)
def _has_md5s(folder: Path, md5s: tuple[tuple[str, str], ...], stamps: tuple[tuple[int, int], ...]) -> bool:  # noqa: ARG001 - the stamps make a changed file be read again
    return all(Checksum("md5", md5).matches(folder / name) for name, md5 in md5s)


def _job_key(settings: Settings) -> str:
    return f"cifar10 in {settings.data}"
