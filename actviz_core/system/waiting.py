"""Work that may take long, or never end: done once for everybody in shared threads, waited for with patience.

Python cannot end a thread from outside. So work that hangs is left alone, nobody starts it a second time, and
those who wait for it are told after a while.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from queue import SimpleQueue
from typing import Generic, TypeVar, cast

from actviz_core.errors import ActVizError, StillWorkingError

Result = TypeVar("Result")

LEAST_SECONDS = 1.0
"""How long a run waits for each piece of work, also once its patience is at an end."""

TELL_EVERY = 1.0
"""Seconds of waiting after which it is told for what; what is quicker is not told at all."""


@dataclass(frozen=True, eq=False)
class Work:
    """One piece of work that is being done: what it is (``Building resnet18``), and since when."""

    what: str
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.began


class Patience:
    """How long one run of a page waits in all, and how it tells what it is waiting for.

    ``tell`` is called every second with the work that is waited for, and once with None when that is over.
    What was given up in a run, or failed, is not waited for again in the same run. Work that has taken longer
    than ``seconds`` before it is met gets no more than `LEAST_SECONDS`, unless with ``wait_on``.
    """

    def __init__(
        self, seconds: float, tell: Callable[[Work | None], None] | None = None, *, wait_on: bool = False
    ) -> None:
        self.seconds = seconds
        self._wait_on = wait_on
        self._deadline = time.monotonic() + seconds
        self._tell = tell
        self._given_up: set[Work | None] = set()
        self._failed: dict[tuple[str, str], ActVizError] = {}

    def until(self, is_over: Callable[[float], bool], work: Callable[[], Work | None]) -> None:
        """Wait until ``is_over``, which is given the seconds that it may wait, says so.

        ``work`` gives what is being waited for at the moment. Raises `StillWorkingError`.
        """
        met = time.monotonic()
        told = False
        try:
            while True:
                if is_over(max(0.0, min(TELL_EVERY, self._deadline_for(work(), met) - time.monotonic()))):
                    return
                now = work()
                if now is None:  # it has just ended, and others may be first
                    continue
                if time.monotonic() >= self._deadline_for(now, met):
                    self._given_up.add(now)
                    raise _still_working(now)
                if self._tell is not None:
                    told = True
                    self._tell(now)
        finally:
            if told and self._tell is not None:
                self._tell(None)

    def _deadline_for(self, work: Work | None, met: float) -> float:
        """Until when to wait for work that was met at a moment."""
        if work in self._given_up:
            return met
        least = met + min(LEAST_SECONDS, self.seconds)
        if work is not None and not self._wait_on and work.began + self.seconds < met:
            return least
        return max(self._deadline, least)

    def failed_before(self, line: str, what: str) -> ActVizError | None:
        """The error that the same work ended with earlier in this run."""
        return self._failed.get((line, what))

    def note_failure(self, line: str, what: str, error: ActVizError) -> None:
        """Remember how work ended."""
        self._failed[line, what] = error


_patience: ContextVar[Patience | None] = ContextVar("the patience of this run", default=None)


@contextmanager
def patient(patience: Patience) -> Iterator[Patience]:
    """Wait with this patience within; if there is one already, that stays."""
    there = _patience.get()
    if there is not None:
        yield there
        return
    token = _patience.set(patience)
    try:
        yield patience
    finally:
        _patience.reset(token)


class Lines:
    """Lines in which work waits its turn: of each line, one piece of work is done at a time.

    ``seconds`` is how long to wait where no `patient` says otherwise.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._changed = threading.Condition()
        self._at_work: dict[str, Work] = {}

    def do(self, line: str, what: str, work: Callable[[], Result], *, once_a_run: bool = False) -> Result:
        """Do ``work`` in a shared thread once the line is free, and return or raise what it does.

        ``what`` tells people what it is: ``Building resnet18``. Work that belongs to other work is done
        within that. With ``once_a_run``, what failed is not tried again in the same run of a page. Raises
        `StillWorkingError` when patience is at an end; the work that was begun goes on.
        """
        if _threads().working_here():
            return work()
        patience = _patience.get() or Patience(self.seconds)
        if once_a_run and (failed := patience.failed_before(line, what)) is not None:
            raise failed
        outcome = _Outcome(work)
        del work  # what it holds must not outlive it
        begun: list[Work] = []

        def begin(seconds: float) -> bool:
            with self._changed:
                if self._changed.wait_for(lambda: line not in self._at_work, seconds):
                    begun.append(Work(what))
                    self._at_work[line] = begun[0]
                    _threads().start(lambda: self._finish(line, outcome))
            return bool(begun)

        patience.until(begin, lambda: self._at_work.get(line))
        patience.until(outcome.ended.wait, lambda: begun[0])
        try:
            return outcome.result()
        except ActVizError as error:
            if once_a_run:
                patience.note_failure(line, what, error)
            raise

    def _finish(self, line: str, outcome: "_Outcome[Result]") -> None:
        try:
            outcome.make()
        finally:
            with self._changed:
                del self._at_work[line]
                self._changed.notify_all()
            outcome.ended.set()


class _Outcome(Generic[Result]):
    """What work returned or raised."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self.ended = threading.Event()
        self._work: Callable[[], Result] | None = work
        self._value: Result | None = None
        self._error: BaseException | None = None

    def make(self) -> None:
        """Do the work, and let go of it."""
        try:
            if self._work is not None:
                self._value = self._work()
        except BaseException as error:  # whatever it is, it is raised where the work was asked for
            self._error = error
        finally:
            self._work = None

    def result(self) -> Result:
        """Return or raise what the work did, once it has ended."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return cast("Result", self._value)


class _Threads:
    """Threads for work, as many as there is work at once; they are used again, and never keep a server up."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[Callable[[], None]]] = []
        self._lock = threading.Lock()
        self._here = threading.local()

    def working_here(self) -> bool:
        """Whether the calling thread is one of these."""
        return getattr(self._here, "working", False)

    def start(self, work: Callable[[], None]) -> None:
        """Have a thread do it."""
        with self._lock:
            jobs = self._idle.pop() if self._idle else None
        if jobs is None:
            jobs = SimpleQueue()
            threading.Thread(target=self._run, args=(jobs,), name="work", daemon=True).start()
        jobs.put(work)

    def _run(self, jobs: "SimpleQueue[Callable[[], None]]") -> None:
        self._here.working = True
        while True:
            work = jobs.get()
            work()
            del work  # with all that it holds
            with self._lock:
                self._idle.append(jobs)


@cache
def _threads() -> _Threads:
    """The threads of this process; who works in one of them is asked across all lines."""
    return _Threads()


_threads()  # at import: of two threads that came first, each would make its own


def _still_working(work: Work) -> StillWorkingError:
    return StillWorkingError(
        f"{work.what} has taken {work.seconds:,.0f} s so far. It goes on in the background, once for "
        "everybody. If it never ends, only whoever runs this server can end it, by starting the server anew."
    )
