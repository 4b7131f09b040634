"""A sweep that was stopped at any moment goes on, and every bit is as if it had not been."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actviz_core import sweep
from actviz_core.settings import Settings
from actviz_core.sweep import planning
from actviz_core.sweep.sweeping import Progress
from tests.sweep.toys import LAYERS, net, noise, same


class Stopped(BaseException):
    """Ends a sweep like a kill would: nobody gets to handle it."""


@pytest.fixture(autouse=True)
def parts_of_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small runs have several parts too."""
    monkeypatch.setattr(planning, "PART", 8)


class _HalfWritten:
    """A file that writes half of what it is given, and then everything stops."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> "_HalfWritten":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def fileno(self) -> int:
        raise Stopped  # nothing was to be written, only to be settled on the disk

    def write(self, content: bytes) -> None:
        self._file.write(content[: len(content) // 2])
        self._file.close()
        raise Stopped


@contextmanager
def stopping_at(opening: int) -> Iterator[list[int]]:
    """Stop in the middle of what is written to the n-th file that is opened for writing; counts them."""
    count = [0]
    original, remove = Path.open, Path.unlink

    def opened(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        file = original(path, mode, *arguments, **options)
        if "w" in mode or "+" in mode:
            count[0] += 1
            if count[0] == opening:
                return _HalfWritten(file)
        return file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", opened)
        patch.setattr(Path, "unlink", lambda path, missing_ok=False: None)  # noqa: ARG005  # a kill tidies nothing
        yield count
    assert Path.unlink is remove


def test_stopped_in_the_middle_of_any_file_and_resumed_it_is_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    model, source = net(fussy=True), noise(30, bright=[11])

    def make(name: str) -> Any:
        return sweep(model, source, LAYERS, batch=4, settings=replace(settings, data=tmp_path / name))

    with stopping_at(0) as count:
        undisturbed = make("undisturbed")
    files = count[0]
    assert files > 100
    for opening in range(1, files + 1, 11):
        with stopping_at(opening), pytest.raises(Stopped):
            make(str(opening))
        assert same(make(str(opening)), undisturbed), opening


def test_parts_whose_rows_are_not_what_was_written_are_made_again(settings: Settings, tmp_path: Path) -> None:
    class EnoughError(Exception):
        """Ends the sweep after two parts."""

    def end(progress: Progress) -> None:
        if progress.done == 16:
            raise EnoughError

    with pytest.raises(EnoughError):
        sweep(net(), noise(30), LAYERS, batch=4, settings=settings, progress=end)
    (array,) = settings.data.glob("runs/*/calls/001/mean.npy")
    content = bytearray(array.read_bytes())
    content[150] ^= 1
    array.write_bytes(content)
    told: list[Progress] = []
    run = sweep(net(), noise(30), LAYERS, batch=4, settings=settings, progress=told.append)
    assert told[0].done == 8
    other = replace(settings, data=tmp_path / "other")
    assert same(run, sweep(net(), noise(30), LAYERS, batch=4, settings=other))


_KILLED = """
import os, signal, sys
from pathlib import Path
from actviz_core import sweep
from actviz_core.settings import Settings
from actviz_core.sweep import planning
from tests.sweep.toys import LAYERS, net, noise

planning.PART = 8
settings = Settings(Path(sys.argv[1]), None, (), 2**20, "cpu")
stop = lambda progress: progress.done >= 16 and os.kill(os.getpid(), signal.SIGKILL)
sweep(net(), noise(30), LAYERS, batch=4, settings=settings, progress=stop)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_leaves_a_run_that_another_one_finishes(settings: Settings, tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", _KILLED, str(settings.data)], check=False)
    assert ended.returncode == -signal.SIGKILL
    told: list[Progress] = []
    run = sweep(net(), noise(30), LAYERS, batch=4, settings=settings, progress=told.append)
    assert told[0].done == 16
    other = replace(settings, data=tmp_path / "other")
    assert same(run, sweep(net(), noise(30), LAYERS, batch=4, settings=other))
