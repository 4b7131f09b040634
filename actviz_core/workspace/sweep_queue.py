"""Sweeps that visitors of a server ask for: one after the other, each in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from actviz_core.errors import SweepError
from actviz_core.settings import Settings
from actviz_core.sweep.child import written

MOST_WAITING = 8
"""How many sweeps may be at work or wait for their turn."""

REMEMBERED = 20
"""How many that have ended are remembered, to tell how."""

USUAL_START = 5.0
"""Seconds until a process has loaded PyTorch and the network; a guess until one has."""

COMMAND = (sys.executable, "-m", "actviz_core.sweep.child")
_ROOT = Path(__file__).parents[2]
_SECONDS_TO_END = 5
_LAST_WORDS = 2000  # bytes of what a process that failed has printed


@dataclass(frozen=True)
class SweepOrder:
    """What is to be swept: ``run`` is the name that the result will have.

    ``model`` is a model key, ``source`` the key of a source, of which the first ``pictures`` are swept.
    """

    run: str
    model: str
    source: str
    layers: tuple[str, ...]
    pictures: int


class SweepState(StrEnum):
    """How far a sweep is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class SweepStatus:
    """A sweep at one moment: pictures done and skipped so far, the speed, and why it failed, if it did.

    ``speed`` is in pictures a second, without those that were done when this process began; None until that
    can be told.
    """

    state: SweepState = SweepState.WAITING
    done: int = 0
    skipped: int = 0
    speed: float | None = None
    error: str = ""

    @property
    def over(self) -> bool:
        """Whether it has come to an end."""
        return self.state not in (SweepState.WAITING, SweepState.RUNNING)


class SweepJob:
    """One order and how far it is. Any thread may read ``status``, which is replaced as a whole.

    ``changed`` is notified of every change, ``ended`` is set at the end. ``start_seconds`` is how long its
    process took until it began with the pictures; None before that.
    """

    def __init__(self, order: SweepOrder) -> None:
        self.order = order
        self.status = SweepStatus()
        self.changed = threading.Condition()
        self.ended = threading.Event()
        self.start_seconds: float | None = None
        self._stop = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def cancel(self) -> None:
        """End it soon; what it has done until now is kept, and another try goes on from there."""
        with self.changed:
            self._stop.set()
            if self._process is not None:
                self._process.terminate()
            elif self.status.state is SweepState.WAITING:
                self._finish(SweepStatus(SweepState.STOPPED))

    def let_go(self) -> None:
        """Close what the process reads, as happens when this server dies; the process then ends."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    @property
    def seconds_left(self) -> float | None:
        """How long it will take at its present speed; None until that can be told."""
        speed = self.status.speed
        return None if not speed else max(0, self.order.pictures - self.status.done) / speed

    def fail(self, error: Exception) -> None:
        """Say that no process could be had."""
        with self.changed:
            error_text = f"The sweep could not be started: {error}"
            self._finish(SweepStatus(SweepState.FAILED, self.status.done, error=error_text))

    def _tell(self, status: SweepStatus) -> None:
        with self.changed:
            self.status = status
            self.changed.notify_all()

    def _finish(self, status: SweepStatus) -> None:
        self._tell(status)
        self.ended.set()

    def run(self, settings: Settings, command: Sequence[str]) -> None:
        """Do it in a process of its own, and wait for that."""
        with tempfile.TemporaryFile() as printed:
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            process = subprocess.Popen(  # noqa: S603  # the command is ours, what was ordered comes as JSON
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                text=True,
                encoding="utf-8",
                env=environment,
                cwd=_ROOT,
            )
            with self.changed:
                self._process = process
                if self._stop.is_set():
                    process.terminate()
                else:
                    self._tell(SweepStatus(SweepState.RUNNING))
            try:
                self._follow(process, settings)
            finally:
                _end(process)
            self._finish(self._end_of(process, printed))

    def _follow(self, process: "subprocess.Popen[str]", settings: Settings) -> None:
        if process.stdin is None or process.stdout is None:
            raise SweepError("The process of a sweep cannot be spoken to.")
        told = {
            "model": self.order.model,
            "source": self.order.source,
            "layers": list(self.order.layers),
            "limit": self.order.pictures,
            "settings": written(settings),
        }
        try:
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()  # and left open: the process ends when it is closed
        except OSError:
            return  # it has ended already
        started, began = time.monotonic(), None
        for line in process.stdout:
            values: dict[str, Any] = json.loads(line)
            if "error" in values:
                self._tell(SweepStatus(SweepState.FAILED, self.status.done, error=values["error"]))
            elif "run" in values:
                self._tell(SweepStatus(SweepState.DONE, self.order.pictures, self.status.skipped))
            else:
                now = time.monotonic()
                if began is None:
                    began, self.start_seconds = (now, values["done"]), now - started
                seconds, done = now - began[0], values["done"] - began[1]
                speed = done / seconds if seconds > 0 and done else None
                self._tell(SweepStatus(SweepState.RUNNING, values["done"], values["skipped"], speed))

    def _end_of(self, process: "subprocess.Popen[str]", printed: IO[bytes]) -> SweepStatus:
        status = self.status
        if status.state in (SweepState.DONE, SweepState.FAILED):
            return status
        if self._stop.is_set():
            return SweepStatus(SweepState.STOPPED, status.done, status.skipped)
        printed.seek(max(0, printed.seek(0, os.SEEK_END) - _LAST_WORDS))
        last = printed.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        why = f": {last[0].rstrip('.')}." if last else "."
        return SweepStatus(
            SweepState.FAILED,
            status.done,
            status.skipped,
            error=f"The process of this sweep ended with the code {process.returncode}{why} "
            "What it had done is kept. Start it again to go on from there.",
        )


class SweepQueue:
    """The sweeps of a server. Safe from many threads; one at a time is at work, others wait.

    ``command`` starts the process that does one order, as `actviz_core.sweep.child` says.
    """

    def __init__(self, settings: Settings, command: Sequence[str] = COMMAND) -> None:
        self._settings, self._command = settings, tuple(command)
        self._lock = threading.Lock()
        self._jobs: list[SweepJob] = []
        self._at_work = False
        self.start_seconds = USUAL_START
        """How long a process takes until it begins with the pictures, as last seen."""

    def start(self, order: SweepOrder) -> SweepJob:
        """Line up, or join whoever asked for the same run. Raises `SweepError` if too many wait."""
        with self._lock:
            unfinished = [job for job in self._jobs if not job.status.over]
            for job in unfinished:
                if job.order.run == order.run:
                    return job
            if len(unfinished) >= MOST_WAITING:
                raise SweepError(
                    f"{MOST_WAITING} sweeps are at work or wait for their turn. Try again when one is done."
                )
            job = SweepJob(order)
            kept = [other for other in self._jobs if other.status.over and other.order.run != order.run]
            self._jobs = [*kept[-REMEMBERED:], *unfinished, job]
            if not self._at_work:
                self._at_work = True
                threading.Thread(target=self._work, name="sweeps", daemon=True).start()
            return job

    def find(self, run: str) -> SweepJob | None:
        """The latest sweep that makes, or was to make, this run."""
        with self._lock:
            return next((job for job in reversed(self._jobs) if job.order.run == run), None)

    def latest(self, model: str, source: str) -> SweepJob | None:
        """The sweep of this network over this source that was asked for last."""
        with self._lock:
            asked = (
                job for job in reversed(self._jobs) if (job.order.model, job.order.source) == (model, source)
            )
            return next(asked, None)

    def unfinished(self) -> tuple[SweepJob, ...]:
        """Those at work or waiting, in the order of their turns."""
        with self._lock:
            return tuple(job for job in self._jobs if not job.status.over)

    def _work(self) -> None:
        while True:
            with self._lock:
                job = next((job for job in self._jobs if not job.status.over), None)
                if job is None:
                    self._at_work = False
                    return
            try:
                job.run(self._settings, self._command)
            except Exception as error:  # no process could be had, for example
                job.fail(error)
            self.start_seconds = job.start_seconds or self.start_seconds


def _end(process: "subprocess.Popen[str]") -> None:
    """Let a process that has said all come to its end, or make it."""
    if process.stdout is not None:
        process.stdout.close()
    if process.stdin is not None:
        with suppress(OSError):  # it has ended before it read everything
            process.stdin.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
