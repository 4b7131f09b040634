"""How much memory this process may still take, as the operating system tells.

Written here because psutil tells what the whole machine has. It knows nothing of a container's limits, and
those end a server first.
"""

import os
from contextlib import suppress
from pathlib import Path


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that can be taken without swapping, within the limits of a container; None where nobody tells.

    On Linux this counts what the kernel could take back from its file cache. Elsewhere it is all memory of
    the machine, so that only what can never fit is refused. ``root`` is where ``proc`` and ``sys`` lie.
    """
    limits = [_of_machine(root), _of_container(root)]
    known = [limit for limit in limits if limit is not None]
    return max(0, min(known)) if known else None


def _of_machine(root: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with suppress(OSError, ValueError, AttributeError):  # Windows has no sysconf
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_container(root: Path) -> int | None:
    """What is left of the limits of this process's control groups (version 2, or 1), of the parents' too."""
    left: list[int] = []
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "":
                left += _left_in(root / "sys/fs/cgroup", path, "memory.max", "memory.current")
            elif "memory" in controllers.split(","):
                left += _left_in(
                    *(root / "sys/fs/cgroup/memory", path),
                    *("memory.limit_in_bytes", "memory.usage_in_bytes"),
                )
    return min(left, default=None)


def _left_in(mounted: Path, path: str, limit_name: str, use_name: str) -> list[int]:
    """What each group from ``path`` upwards has left; files that the kernel could drop are not in use."""
    left = []
    group = mounted / path.strip("/")
    for folder in (group, *group.parents):
        with suppress(OSError, ValueError):
            limit, used = (int((folder / name).read_text()) for name in (limit_name, use_name))
            statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            droppable = sum(int(statistics.get(name, 0)) for name in ("inactive_file", "active_file"))
            left.append(limit - used + droppable)
        if folder == mounted:
            break
    return left
