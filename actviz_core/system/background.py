"""Work that a page starts and does not wait for: done once for everybody, its result kept with a budget."""

import threading
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar, cast

from actviz_core.errors import StoppedError

Result = TypeVar("Result")


class Kept(Protocol):
    """Where results are kept: what has room there is found again, by a key."""

    def find(self, key: Any) -> Any | None:
        """What is kept under a key; None where nothing is."""

    def keep(self, key: Any, value: Any, count: int) -> None:
        """Keep a value that takes so many bytes."""


class Task(Generic[Result]):
    """One piece of work: whether it has ended, what it last reported, and what came of it."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.stop = threading.Event()
        self.report: Any = None
        self._value: Result | None = None
        self._error: Exception | None = None

    @property
    def done(self) -> bool:
        """Whether `result` has something to give or to raise."""
        return self.ended.is_set()

    def cancel(self) -> None:
        """Ask the work to end soon."""
        self.stop.set()

    def result(self) -> Result:
        """Return or raise what the work did; to be asked once it is done."""
        if self._error is not None:
            raise self._error
        return cast("Result", self._value)

    def finish(self, value: Result) -> None:
        """Say what came of it."""
        self._value = value
        self.ended.set()

    def fail(self, error: Exception) -> None:
        """Say why nothing came of it."""
        self._error = error
        self.ended.set()


class Background:
    """Starts work in threads of its own, each key's once at a time. Safe from many threads.

    What a piece of work returns is kept in ``kept`` and found there by everybody who asks for the same key.
    What it raised, or has no room there, is told to the one who asks next; then the key may be tried again.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._tasks: dict[Hashable, Task[Any]] = {}
        self.turn = threading.Lock()
        """Held by work that keeps a core busy, so that one such piece is done at a time."""

    def find(self, key: Hashable) -> Task[Any] | None:
        """The task of a key that is at work, or has an end to tell; None if there is none."""
        with self._lock:
            found = self._found(key)
            if found is not None and found.done:
                self._tasks.pop(key, None)  # told by whoever asked
            return found

    def start(
        self, key: Hashable, work: Callable[[Task[Any]], Result], size: Callable[[Result], int]
    ) -> Task[Result]:
        """Begin the work of a key unless it is begun or done; ``size`` gives a result's bytes.

        ``work`` gets its own task, to report to and to look whether it is to stop.
        """
        with self._lock:
            found = self._found(key)
            if found is not None:
                if found.done:
                    self._tasks.pop(key, None)
                return found
            task: Task[Result] = Task()
            self._tasks[key] = task
        threading.Thread(
            target=self._run, args=(key, task, work, size), name="background", daemon=True
        ).start()
        return task

    def at_work(self) -> tuple[Task[Any], ...]:
        """The tasks that are at work, or have an end that nobody has asked for."""
        with self._lock:
            return tuple(self._tasks.values())

    def _found(self, key: Hashable) -> Task[Any] | None:
        task = self._tasks.get(key)
        if task is not None:
            return task
        value = self._kept.find(key)
        if value is None:
            return None
        done: Task[Any] = Task()
        done.finish(value)
        return done

    def _run(
        self,
        key: Hashable,
        task: Task[Result],
        work: Callable[[Task[Any]], Result],
        size: Callable[[Result], int],
    ) -> None:
        try:
            value = work(task)
            if task.stop.is_set():
                raise StoppedError("This was stopped.")
            self._kept.keep(key, value, size(value))
        except Exception as error:  # whatever it is, it is raised where the result is asked for
            task.fail(error)
        else:
            task.finish(value)
            with self._lock:
                if self._kept.find(key) is not None:
                    self._tasks.pop(key, None)
