"""The runs that are kept on the disk: which there are, room for another one, and how to be rid of one."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from actviz_core.errors import SweepError, UnknownRunError
from actviz_core.settings import Settings, read_settings
from actviz_core.sweep.identity import DIGITS
from actviz_core.sweep.manifest import Manifest, read_manifest
from actviz_core.sweep.run import Run
from actviz_core.sweep.storage import FINISHED
from actviz_core.units import megabytes

_LOCK = ".lock"
_DELETED = ".deleted-"


@dataclass(frozen=True)
class KeptRun:
    """A run on the disk, finished or not; ``bytes`` is what it takes."""

    manifest: Manifest
    finished: bool

    @property
    def id(self) -> str:
        """The run's name."""
        return self.manifest.id

    @property
    def bytes(self) -> int:
        """What it takes on disk; set aside from its start."""
        return self.manifest.bytes


def runs_folder(settings: Settings) -> Path:
    """Where runs are kept, a folder each."""
    return settings.data / "runs"


def list_runs(settings: Settings | None = None) -> tuple[KeptRun, ...]:
    """All runs that are kept, by model, source and name; what cannot be read is left out."""
    folder = runs_folder(settings or read_settings())
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if re.fullmatch(f"[0-9a-f]{{{DIGITS}}}", path.name):
            try:
                found.append(KeptRun(read_manifest(path), (path / FINISHED).exists()))
            except UnknownRunError:
                continue
    return tuple(sorted(found, key=lambda run: (run.manifest.model, run.manifest.source, run.id)))


def pictures_done(manifest: Manifest, settings: Settings) -> int:
    """How many pictures of a run that was begun lie in parts that are said to be whole."""
    parts = (runs_folder(settings) / manifest.id / "parts").glob("*.json")
    firsts = [int(path.stem) for path in parts if path.stem.isdigit()]
    return sum(min(manifest.part, manifest.pictures - first) for first in firsts if first < manifest.pictures)


def open_run(run: str, settings: Settings | None = None) -> Run:
    """Open a finished run by its name. Raises `UnknownRunError`."""
    return Run(_folder(run, settings or read_settings()))


def delete_run(run: str, settings: Settings | None = None) -> None:
    """Remove a run from the disk.

    Raises `UnknownRunError`, and `SweepError` where it is being made just now.
    """
    settings = settings or read_settings()
    folder = _folder(run, settings)
    if not folder.is_dir():
        raise UnknownRunError(f"There is no run {run}. There are: {_names(settings)}.")
    with alone(folder):
        gone = folder.with_name(f"{_DELETED}{run}")
        folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a run's folder, made if need be. Raises `SweepError` where another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise SweepError(
            f"The run {folder.name} is being made by another process. Wait until it is done, or stop it."
        ) from error
    try:
        yield
    finally:
        lock.release()


def check_room(manifest: Manifest, settings: Settings) -> None:
    """Raise `SweepError` unless a run, begun or not, fits into ``ACTVIZ_RUNS_MB`` and on the disk."""
    folder = runs_folder(settings)
    for leftover in folder.glob(f"{_DELETED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    others = sum(run.bytes for run in list_runs(settings) if run.id != manifest.id)
    size, limit = manifest.bytes, settings.runs_bytes
    if others + size > limit:
        raise SweepError(
            f"This run would take {megabytes(size)}, and {megabytes(others)} of the {megabytes(limit)} for "
            f"runs are taken. Name fewer layers or pictures, delete a run ({_names(settings)}), or set a "
            "larger ACTVIZ_RUNS_MB."
        )
    there = sum(path.stat().st_size for path in (folder / manifest.id).rglob("*.npy"))
    free = shutil.disk_usage(folder).free
    if size - there > free:
        raise SweepError(
            f"This run would take {megabytes(size)}, and {megabytes(free)} are free in {folder}. "
            "Make room there, or name fewer layers or pictures."
        )


def _folder(run: str, settings: Settings) -> Path:
    if not re.fullmatch(f"[0-9a-f]{{{DIGITS}}}", run):
        raise UnknownRunError(f"{run!r} is no run: its name has {DIGITS} digits from 0 to f.")
    return runs_folder(settings) / run


def _names(settings: Settings) -> str:
    names = [run.id for run in list_runs(settings)]
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "") or "none"
