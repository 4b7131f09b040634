"""What a file could make its reader do, as reading functions: the limits have to hold for each of them."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from actviz_core.errors import ActVizError


def warm_up() -> None:
    """Nothing is needed beforehand."""


def reads(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Do what is wanted: write something, and answer."""
    output.write_bytes(source.read_bytes().upper())
    return {"asked": options["word"], "environment": dict(os.environ), "modules": sorted(sys.modules)}


def ranks(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Tell how this process stands among others."""
    return {
        "niceness": os.nice(0),
        "session": os.getsid(0),
        "group": os.getpgid(0),
        "first to go": int(Path("/proc/self/oom_score_adj").read_text()),
    }


def sleeps(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Take wall time, but no processor."""
    time.sleep(60)
    return {}


def computes(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Take the processor."""
    while True:
        pass


def allocates(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Take memory without end."""
    blocks = []
    while True:
        blocks.append(bytearray(10**7))


def takes_all_memory(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Take memory to its end, and tell how many bytes that is."""
    blocks = []
    try:
        while True:
            blocks.append(bytearray(10**6))
    except MemoryError:
        status = Path("/proc/self/status").read_text()
        taken = int(status.partition("RssAnon:")[2].split()[0]) * 1024
        blocks.clear()
        return {"taken": taken}


def dies(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """End as a segmentation fault does."""
    os.abort()


def forks(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Start a process that would outlive this one; its number goes to the file named ``tell``."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    child = subprocess.Popen(command)
    Path(options["tell"]).write_text(str(child.pid))
    return {"started": True}


def refuses(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Say what is wrong with the file."""
    raise ActVizError(f"{options['name']} is refused.\n")


def fills_the_disk(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Write without end."""
    with output.open("wb") as file:
        while True:
            file.write(bytes(10**6))


def ends_without_an_answer(source: Path, output: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Leave in the middle, as if all were well."""
    os._exit(0)
