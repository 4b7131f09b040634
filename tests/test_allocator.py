"""Freed memory is kept for the next activations where the C library can, and nothing fails elsewhere."""

import ctypes
import platform

import pytest

from actviz_core.allocator import keep_freed_memory


def test_glibc_takes_every_setting() -> None:
    assert keep_freed_memory() is (platform.libc_ver()[0] == "glibc")


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_another_c_library_is_left_alone(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: None) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert keep_freed_memory() is False
