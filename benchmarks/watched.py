"""Memory of processes: of this one, and of those that read files for it, up to their ends."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_EVERY = 0.01  # seconds between two looks; each tells the most since the process began


class Peaks:
    """The most memory of processes that were started since the last `take`, without their program files."""

    def __init__(self) -> None:
        self._largest = 0
        self._lock = threading.Lock()

    def note(self, count: int) -> None:
        """Count what one of them has taken so far, in bytes."""
        with self._lock:
            self._largest = max(self._largest, count)

    def take(self) -> int:
        """The most in bytes, which is then forgotten."""
        with self._lock:
            largest, self._largest = self._largest, 0
        return largest


@contextmanager
def children_watched() -> Iterator[Peaks]:
    """Watch every process that is started within."""
    peaks, original = Peaks(), subprocess.Popen

    class Watched(original):  # type: ignore[valid-type,misc]  # of either kind
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            threading.Thread(target=_watch, args=(self.pid, peaks), daemon=True).start()

    subprocess.Popen = Watched  # type: ignore[misc]
    try:
        yield peaks
    finally:
        subprocess.Popen = original  # type: ignore[misc]


def _watch(process: int, peaks: Peaks) -> None:
    status = Path(f"/proc/{process}/status")
    with suppress(OSError, IndexError):  # it has ended
        while True:
            text = status.read_text()
            peaks.note(_bytes_of("VmHWM", text) - _bytes_of("RssFile", text))
            time.sleep(_EVERY)


def own_peak() -> int:
    """The most memory in bytes that this process had since `forget_own_peak`."""
    return _bytes_of("VmHWM", Path("/proc/self/status").read_text())


def forget_own_peak() -> None:
    """Count this process's peak anew from what it has now."""
    Path("/proc/self/clear_refs").write_text("5")


def _bytes_of(field: str, status: str) -> int:
    return int(status.partition(f"{field}:")[2].split()[0]) * 1024
