"""Freed memory is kept for the next activations where the C library can, and nothing fails elsewhere."""

import ctypes
import platform
import subprocess
import sys

import pytest

from actviz_core.system.allocator import give_back, keep_freed_memory


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_another_c_library_is_left_alone(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: None) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert keep_freed_memory() is False
    give_back()


_FREES = """
import sys
from actviz_core.system.allocator import give_back, keep_freed_memory

def resident():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))

if sys.argv[1] == "keep":
    keep_freed_memory()
import torch
before = resident()
blocks, between = [], []
for _ in range(100):
    blocks.append(torch.ones(2**20))  # 4 MB
    between.append(torch.ones(2**16))  # stays, so that no freed block lies at the heap's end
blocks.clear()
kept = resident() - before
give_back()
print(kept, resident() - before)
"""


def held(how: str) -> tuple[int, int]:
    """How much more memory a process has after it freed a lot, in kB: at once, and once it gave that back."""
    told = subprocess.run([sys.executable, "-c", _FREES, how], capture_output=True, text=True, check=True)
    kept, after = map(int, told.stdout.split())
    return kept, after


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_freed_memory_stays_until_somebody_needs_it() -> None:
    kept, after = held("keep")
    without, _ = held("as it is")
    assert max(after, without) < kept / 3
