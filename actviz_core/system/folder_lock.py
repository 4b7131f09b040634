"""Keeps threads and processes that change the same folder apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

FILE_NAME = ".lock"


@contextmanager
def exclusive(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the folder's lock; the folder is made if it is not there.

    The system lets go of the lock when a process dies, however it does. Every call has a `FileLock` of its
    own, because one that threads share lets all of them in. Raises OSError where the folder cannot be written
    to, and its subclass `filelock.Timeout` where ``wait`` is false and somebody else holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / FILE_NAME, mode=0o644, thread_local=False, blocking=wait):
        yield
