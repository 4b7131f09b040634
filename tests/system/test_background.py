"""Work in the background: done once, kept within a budget, cancelled, and its failures told."""

import threading
from typing import Any

import pytest

from actviz_core.errors import ChannelError, StoppedError
from actviz_core.system.background import Background, Task
from actviz_core.workspace.activations import ActivationStore

KEY = ("network", "", "conv1 worth")
SECONDS = 60


@pytest.fixture
def background() -> Background:
    return Background(ActivationStore(1 << 20))


def ended(task: Task[Any]) -> Task[Any]:
    assert task.ended.wait(SECONDS)
    return task


def test_two_who_ask_for_the_same_get_one_piece_of_work(background: Background) -> None:
    gate, runs = threading.Event(), []

    def work(_: Task[int]) -> int:
        runs.append(1)
        assert gate.wait(SECONDS)
        return 7

    first = background.start(KEY, work, lambda _: 8)
    second = background.start(KEY, work, lambda _: 8)
    assert first is second
    assert not first.done
    gate.set()
    assert ended(first).result() == 7
    assert runs == [1]


def test_a_result_is_found_again_without_work(background: Background) -> None:
    ended(background.start(KEY, lambda _: 7, lambda _: 8))
    background.find(KEY)
    again = background.start(KEY, lambda _: pytest.fail("it is kept"), lambda _: 8)
    assert again.done
    assert again.result() == 7


def test_a_result_that_does_not_fit_is_told_once_and_made_again() -> None:
    background = Background(ActivationStore(100))
    runs: list[int] = []

    def work(_: Task[int]) -> int:
        runs.append(1)
        return len(runs)

    for count in (1, 2):
        ended(background.start(KEY, work, lambda _: 5000))
        found = background.find(KEY)
        assert found is not None
        assert found.result() == count
        assert background.find(KEY) is None


def test_a_failure_is_told_once_and_then_tried_again(background: Background) -> None:
    def fail(_: Task[int]) -> int:
        raise ChannelError("no gradient")

    ended(background.start(KEY, fail, lambda _: 8))
    told = background.find(KEY)
    assert told is not None
    with pytest.raises(ChannelError, match="no gradient"):
        told.result()
    assert background.find(KEY) is None
    assert ended(background.start(KEY, lambda _: 3, lambda _: 8)).result() == 3


def test_what_was_cancelled_is_not_kept(background: Background) -> None:
    begun = threading.Event()

    def work(task: Task[str]) -> str:
        begun.set()
        assert task.stop.wait(SECONDS)
        return "half"

    task = background.start(KEY, work, len)
    assert begun.wait(SECONDS)
    task.cancel()
    with pytest.raises(StoppedError, match="stopped"):
        ended(task).result()
    background.find(KEY)
    assert background.find(KEY) is None


def test_findings_share_the_budget_of_the_activations() -> None:
    store = ActivationStore(10_000)
    for number in range(5):
        store.keep(("network", "", f"conv1 finding {number}"), number, 2000)
    assert store.use().used_bytes <= 10_000
    assert store.find(("network", "", "conv1 finding 0")) is None
    assert store.find(("network", "", "conv1 finding 4")) == 4
