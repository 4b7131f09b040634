"""Starts the processes that read visitors' files, waits for their answers, and ends those that go too far."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from actviz_core.errors import ActVizError
from actviz_core.untrusted.limits import Limits

MAX_ANSWER_BYTES = 256 * 1024
MAX_REFUSAL = 4000  # characters of a message from a process
FOLDER_PREFIX = "reading-"
_LOCK = "lock"

_RUN = (
    "import sys; sys.path[:] = sys.argv[2:]; from actviz_core.untrusted.child import main; main(sys.argv[1])"
)

# All that a reading process gets of the server's environment: what systems need to start Python and find
# libraries. Whatever else is there, such as passwords, stays with the server.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
_SET = {
    "OMP_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONDONTWRITEBYTECODE": "1",
    "LC_ALL": "C.UTF-8",
}


# How a process ends that the system itself found to be late.
_ENDED_LATE = {-getattr(signal, name) for name in ("SIGXCPU", "SIGALRM") if hasattr(signal, name)}


class Ending(StrEnum):
    """Why a reading was stopped."""

    TIME = "time"
    MEMORY = "memory"
    DIED = "died"  # the process ended without an answer, or with one that is none
    BUSY = "busy"  # too many other files are being read


class ReadingStoppedError(ActVizError):
    """A file that could not be read within its limits; whoever asked for it knows its name, and says so."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"The file could not be read ({ending}).")
        self.ending = ending


@dataclass(frozen=True)
class Reading:
    """What a process found in a file: plain values, and a file that is there as long as the context."""

    fields: Mapping[str, Any]
    output: Path


class Readers:
    """Processes that all read with the function ``module:function``; each reads one file and ends.

    One more stands ready beforehand, and the next is started when that is taken, so that a reading need not
    wait for imports. At most ``at_once`` read at the same time; who comes then waits for at most
    ``wait_seconds``. Safe from many threads.
    """

    def __init__(self, function: str, *, at_once: int, wait_seconds: float) -> None:
        self._function = function
        self._wait_seconds = wait_seconds
        self._places = threading.BoundedSemaphore(at_once)
        self._ready: deque[subprocess.Popen[bytes]] = deque()
        self._lock = threading.Lock()
        atexit.register(self.close)

    def prepare(self) -> None:
        """Start a process that stands ready, unless one does."""
        with self._lock:
            self._drop_ended()
            if not self._ready:
                self._ready.append(self._start())

    def close(self) -> None:
        """End the process that stands ready."""
        with self._lock:
            while self._ready:
                end_process(self._ready.popleft())

    @contextmanager
    def read(
        self, source: Path, limits: Limits, refusal: type[ActVizError], *, folder: Path, **options: Any
    ) -> Iterator[Reading]:
        """Have a file read. Below ``folder`` the process writes what it finds; it is removed at the end.

        Raises ``refusal`` with the function's own message, `ReadingStoppedError`, or OSError where the folder
        cannot be written to.
        """
        with self._place(), held_folder(folder) as made:
            answer, output = made / "answer", made / "output"
            request = {
                "source": str(source.absolute()),
                "output": str(output),
                "answer": str(answer),
                "limits": asdict(limits),
                "options": options,
            }
            in_time = self._ask(request, limits.seconds)
            yield Reading(_fields(answer, refusal, in_time=in_time), output)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._wait_seconds):
            raise ReadingStoppedError(Ending.BUSY)
        try:
            yield
        finally:
            self._places.release()

    def _ask(self, request: Mapping[str, Any], seconds: float) -> bool:
        """Give a process the request and wait for its end; False if it had to be ended for being late."""
        with self._lock:
            self._drop_ended()
            process = self._ready.popleft() if self._ready else self._start()
        late = threading.Event()

        def stop() -> None:
            late.set()
            _kill(process)

        clock = threading.Timer(seconds, stop)
        clock.daemon = True
        try:
            assert process.stdin is not None  # noqa: S101 - it was started with one
            with suppress(OSError):  # it has ended already; then there will be no answer
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.close()
            clock.start()
            with suppress(OSError):  # no room for one more now; the next reading starts its own
                self.prepare()
            process.wait()
        finally:
            clock.cancel()
            end_process(process)
        return not late.is_set() and process.returncode not in _ENDED_LATE

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        path = [str(Path(entry).absolute()) for entry in sys.path]
        return subprocess.Popen(  # noqa: S603 - Python itself, with arguments of our own
            [sys.executable, "-I", "-c", _RUN, self._function, *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=tempfile.gettempdir(),
            env=environment | _SET,
            process_group=0,  # no session of its own, in which its niceness would count for nothing
        )

    def _drop_ended(self) -> None:
        """Forget a process that has ended while it stood ready, as it does when nobody asks for long."""
        while self._ready and self._ready[0].poll() is not None:
            end_process(self._ready.popleft())


def remove_leftovers(folder: Path) -> None:
    """Remove what readings left below a folder when their server was killed; running ones are left alone."""
    for left in folder.glob(f"{FOLDER_PREFIX}*"):
        with suppress(Timeout, OSError), FileLock(left / _LOCK, blocking=False):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def held_folder(parent: Path) -> Iterator[Path]:
    """Make a folder for the files of one reading; it is removed at the end, and locked until then."""
    parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=parent, ignore_cleanup_errors=True) as made,
        FileLock(Path(made) / _LOCK),
    ):
        yield Path(made)


def _fields(answer: Path, refusal: type[ActVizError], *, in_time: bool) -> Mapping[str, Any]:
    """Read the answer of a process that has ended, trusting nothing in it."""
    try:
        with answer.open("rb") as file:
            content = json.loads(file.read(MAX_ANSWER_BYTES))
    except (OSError, ValueError, RecursionError):
        content = None
    match content:
        case {"fields": dict(fields)}:
            return fields
        case {"refusal": str(text)}:
            raise refusal("".join(c for c in text[:MAX_REFUSAL] if c.isprintable()))
        case {"memory": True}:
            raise ReadingStoppedError(Ending.MEMORY)
    raise ReadingStoppedError(Ending.DIED if in_time else Ending.TIME)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Make sure that a process is gone, and whatever it may have started."""
    _kill(process)
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
