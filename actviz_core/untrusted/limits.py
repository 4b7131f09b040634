"""What a process that reads a visitor's file may take, and how the process binds itself to that."""

import math
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_STATM = Path("/proc/self/statm")  # in pages: mapped, resident, and of these shared with files
_FIRST_TO_GO = Path("/proc/self/oom_score_adj")  # -1000 to 1000, to Linux's choice of whom to end
_GRACE = 1  # seconds after which a process ends by itself, had nobody ended it in time
_NICENESS = 10  # what visitors look at goes first


@dataclass(frozen=True)
class Limits:
    """What one reading may take.

    ``seconds`` bounds wall time and processor time, each by itself. ``memory_bytes`` bounds the memory of
    the process, the interpreter included; pages of program files, which all processes share, do not count.
    ``output_bytes`` bounds each file it writes.
    """

    seconds: float
    memory_bytes: int
    output_bytes: int


def bind_this_process(limits: Limits) -> None:
    """Bind the calling process to limits that it cannot lift again, as far as the system has them.

    Linux has all of them, and ends this process before any other where the whole machine runs out of memory.
    macOS does not bound memory, and Windows has none of them: there the time that the parent process allows
    is the only limit. Elsewhere this process ends late by itself where the parent is gone.
    """
    if sys.platform == "win32":
        return
    import resource

    os.nice(_NICENESS)
    signal.alarm(math.ceil(limits.seconds) + _GRACE)
    if _FIRST_TO_GO.exists():
        _FIRST_TO_GO.write_text("1000")
    seconds = math.ceil(time.process_time() + limits.seconds)
    bounds = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: limits.output_bytes,
        resource.RLIMIT_CORE: 0,
    }
    if hasattr(resource, "RLIMIT_NPROC"):
        bounds[resource.RLIMIT_NPROC] = 0  # no further processes; the superuser is not bound by it
    if _STATM.exists():
        pages = (int(count) for count in _STATM.read_text().split()[:3])
        mapped, resident, of_files = (count * resource.getpagesize() for count in pages)
        # Libraries map far more addresses than they use memory. What may be mapped from now on is what is
        # left of the limit.
        bounds[resource.RLIMIT_AS] = mapped + max(0, limits.memory_bytes - (resident - of_files))
    for kind, bound in bounds.items():
        _, hard = resource.getrlimit(kind)
        lower = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        # A process is told of its processor time a second before it is killed for it: its end says why.
        last = lower + 1 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else lower
        resource.setrlimit(kind, (lower, last))
