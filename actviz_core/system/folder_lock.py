"""Keeps threads and processes that change the same folder apart."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

FILE_NAME = ".lock"
_threads: dict[Path, threading.Lock] = {}  # one a folder; a server has a handful
_threads_lock = threading.Lock()


@contextmanager
def exclusive(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the folder's lock; the folder is made if it is not there.

    The system lets go of the lock when a process dies, however it does. On Windows only the threads of one
    process are kept apart. Raises OSError where the folder cannot be written to, and its BlockingIOError
    where ``wait`` is false and somebody else holds the lock.
    """
    with _threads_lock:
        threads = _threads.setdefault(folder.absolute(), threading.Lock())
    if not threads.acquire(blocking=wait):
        raise BlockingIOError("another thread is at it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if sys.platform != "win32":
                fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(handle)  # which also lets go of the lock
    finally:
        threads.release()
