"""Work is done once for everybody, waited for with patience, and never begun again while it hangs."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from actviz_core.errors import StillWorkingError, UnknownModelError
from actviz_core.system import waiting
from actviz_core.system.waiting import Lines, Patience, Work, patient

SOON = 0.05  # seconds


class Slow:
    """Work that lasts until its gate opens, and counts how often it was begun."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = 0

    def __call__(self) -> str:
        self.begun += 1
        assert self.gate.wait(60)
        return "done"


@pytest.fixture
def slow() -> Iterator[Slow]:
    work = Slow()
    yield work
    work.gate.set()


def test_work_returns_and_raises_what_it_does() -> None:
    lines = Lines(60)
    assert lines.do("a", "Counting", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        lines.do("a", "Dividing", lambda: 1 // 0)
    assert lines.do("a", "Counting", lambda: 8) == 8


def test_work_that_takes_too_long_is_named_and_goes_on(slow: Slow) -> None:
    lines = Lines(SOON)
    with pytest.raises(StillWorkingError, match=r"^Building x has taken \d+ s so far\. It goes on in the"):
        lines.do("x", "Building x", slow)
    slow.gate.set()
    with patient(Patience(60)):
        assert lines.do("x", "Building x", lambda: slow.begun) == 1


def test_work_that_hangs_is_not_begun_again_and_takes_no_other_thread(slow: Slow) -> None:
    lines = Lines(SOON)
    for _ in range(3):
        with pytest.raises(StillWorkingError):
            lines.do("x", "Building x", slow)
    threads = threading.active_count()
    for _ in range(20):
        with pytest.raises(StillWorkingError, match=r"^Building x"):
            lines.do("x", "Running x", slow)
    assert (slow.begun, threading.active_count()) == (1, threads)


def test_other_lines_go_on_while_one_hangs(slow: Slow) -> None:
    lines = Lines(SOON)
    with pytest.raises(StillWorkingError):
        lines.do("x", "Building x", slow)
    with patient(Patience(60)):
        assert lines.do("y", "Building y", lambda: "y") == "y"


def test_one_piece_of_work_of_a_line_is_done_at_a_time() -> None:
    lines, at_once, most = Lines(60), [0], [0]

    def work() -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        at_once[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(lines.do, "x", "Counting", work) for _ in range(200)]:
            done.result()
    assert most == [1]


def test_work_within_work_is_part_of_it() -> None:
    lines = Lines(60)
    assert lines.do("x", "Outer", lambda: lines.do("x", "Inner", lambda: 5) + 1) == 6


def test_a_run_is_told_what_it_waits_for_and_when_that_is_over(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "TELL_EVERY", 0.01)
    told: list[str | None] = []

    def tell(work: Work | None) -> None:
        told.append(None if work is None else work.what)
        if told == ["Building x"] * 3:
            slow.gate.set()

    with patient(Patience(60, tell)):
        assert Lines(SOON).do("x", "Building x", slow) == "done"
    assert told[:3] == ["Building x"] * 3
    assert told[-1] is None
    assert told.count(None) == 1


def test_what_is_quick_is_not_told() -> None:
    told: list[Work | None] = []
    with patient(Patience(60, told.append)):
        Lines(60).do("x", "Counting", lambda: 1)
    assert told == []


def test_a_run_that_is_ended_while_it_is_told_leaves_the_line_in_order(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "TELL_EVERY", 0.01)

    def interrupt(_work: Work | None) -> None:
        raise KeyboardInterrupt

    lines = Lines(60)
    with pytest.raises(KeyboardInterrupt), patient(Patience(60, interrupt)):
        lines.do("x", "Building x", slow)
    slow.gate.set()
    assert lines.do("x", "Counting", lambda: 2) == 2


def fails(count: list[int]) -> Callable[[], None]:
    def work() -> None:
        count.append(1)
        raise UnknownModelError("none")

    return work


def test_what_failed_is_tried_once_a_run_and_again_in_the_next() -> None:
    lines, count = Lines(60), list[int]()
    for run in (1, 2):
        with patient(Patience(60)):
            for _ in range(3):
                with pytest.raises(UnknownModelError):
                    lines.do("x", "Building x", fails(count), once_a_run=True)
        assert len(count) == run
    with patient(Patience(60)):
        for _ in range(2):
            with pytest.raises(UnknownModelError):
                lines.do("x", "Building x", fails(count))
    assert len(count) == 4


def test_what_work_holds_is_let_go_of_when_it_ends() -> None:
    class Large:
        pass

    held, lines = Large(), Lines(60)
    gone = weakref.ref(held)
    lines.do("x", "Counting", partial(hash, held))
    del held
    gc.collect()
    assert gone() is None
