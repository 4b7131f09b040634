"""Sweeps in a queue: one at a time, each in a process of its own, and every end is told."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from actviz_core import load_model, open_source
from actviz_core.errors import SweepError
from actviz_core.settings import Settings
from actviz_core.sweep import open_run, plan_sweep, sweep
from actviz_core.sweep.child import read, written
from actviz_core.workspace.sweep_queue import MOST_WAITING, SweepJob, SweepOrder, SweepQueue, SweepState

LONG = 60  # seconds; nothing here takes as long

# What a process in place of the real one does: it reads its order and tells something, as that one does.
_READ = "import json, sys\norder = json.loads(sys.stdin.readline())\n"
_TELL = "print(json.dumps({'done': 2, 'skipped': 1, 'total': 9}), flush=True)\n"
_WAIT = "sys.stdin.read()\n"


@pytest.fixture
def queue_of(settings: Settings) -> Iterator[Callable[[str], SweepQueue]]:
    """A queue whose processes do what a few lines of Python say; what still runs at the end is stopped."""
    made: list[SweepQueue] = []

    def make(lines: str) -> SweepQueue:
        made.append(SweepQueue(settings, command=(sys.executable, "-c", _READ + lines)))
        return made[-1]

    yield make
    for queue in made:
        for job in queue.unfinished():
            job.cancel()
            assert job.ended.wait(LONG)


def order(run: str, pictures: int = 9) -> SweepOrder:
    """An order of which only the name matters."""
    return SweepOrder(run, "cifar-resnet20", "bundled-cifar10", ("fc",), pictures)


def when(job: SweepJob, state: SweepState, done: int = 0) -> None:
    """Wait until the job has come so far."""
    with job.changed:
        assert job.changed.wait_for(lambda: job.status.state is state and job.status.done >= done, LONG)


def test_a_sweep_in_a_process_of_its_own_keeps_what_a_sweep_here_keeps(
    settings: Settings, tmp_path: Path
) -> None:
    model, source = load_model("cifar-resnet20", settings=settings), open_source("bundled-cifar10")
    plan = plan_sweep(model, source, ["layer1.0.conv1", "fc"], limit=7)
    job = SweepQueue(settings).start(SweepOrder(plan.id, plan.model, plan.source, plan.layers, plan.pictures))
    assert job.ended.wait(LONG)
    assert (job.status.state, job.status.error) == (SweepState.DONE, "")
    made = open_run(plan.id, settings)
    here = Settings(tmp_path / "other", None, (), settings.cache_bytes, "cpu")
    expected = sweep(model, source, ["layer1.0.conv1", "fc"], limit=7, settings=here)
    for call in ("layer1.0.conv1", "fc"):
        np.testing.assert_array_equal(made.maximum(call), expected.maximum(call))
    np.testing.assert_array_equal(made.answers, expected.answers)


def test_what_cannot_be_swept_ends_with_the_message_that_says_why(settings: Settings) -> None:
    job = SweepQueue(settings).start(SweepOrder("0" * 16, "no-such-network", "bundled-cifar10", ("fc",), 20))
    assert job.ended.wait(LONG)
    assert job.status.state is SweepState.FAILED
    assert "no-such-network" in job.status.error


def test_one_is_at_work_and_others_wait_for_their_turn(queue_of: Callable[[str], SweepQueue]) -> None:
    queue = queue_of(_TELL + _WAIT)
    first, second = queue.start(order("a")), queue.start(order("b"))
    when(first, SweepState.RUNNING, done=2)
    assert second.status.state is SweepState.WAITING
    assert queue.unfinished() == (first, second)
    assert queue.start(order("b")) is second
    first.cancel()
    when(second, SweepState.RUNNING, done=2)
    assert first.status.state is SweepState.STOPPED
    assert queue.unfinished() == (second,)
    assert queue.find("a") is first


def test_one_that_waits_can_be_cancelled_without_the_one_at_work(
    queue_of: Callable[[str], SweepQueue],
) -> None:
    queue = queue_of(_TELL + _WAIT)
    first, second = queue.start(order("a")), queue.start(order("b"))
    second.cancel()
    assert second.ended.wait(LONG)
    when(first, SweepState.RUNNING, done=2)
    assert (second.status.state, queue.unfinished()) == (SweepState.STOPPED, (first,))


def test_what_was_stopped_can_be_started_again(queue_of: Callable[[str], SweepQueue]) -> None:
    queue = queue_of(_TELL + _WAIT)
    first = queue.start(order("a"))
    first.cancel()
    assert first.ended.wait(LONG)
    again = queue.start(order("a"))
    assert again is not first
    when(again, SweepState.RUNNING, done=2)
    assert queue.find("a") is again


def test_too_many_are_refused_with_a_sentence(queue_of: Callable[[str], SweepQueue]) -> None:
    queue = queue_of(_TELL + _WAIT)
    for number in range(MOST_WAITING):
        queue.start(order(str(number)))
    with pytest.raises(SweepError, match="wait for their turn"):
        queue.start(order("one more"))


def test_a_process_that_dies_is_told_with_its_last_words(queue_of: Callable[[str], SweepQueue]) -> None:
    job = queue_of(_TELL + "sys.exit('the disk is on fire')\n").start(order("a"))
    assert job.ended.wait(LONG)
    assert (job.status.state, job.status.done, job.status.skipped) == (SweepState.FAILED, 2, 1)
    assert "code 1: the disk is on fire. What it had done is kept." in job.status.error


def test_the_process_ends_when_nobody_holds_its_input_any_more(settings: Settings) -> None:
    queue = SweepQueue(settings, command=(sys.executable, "-c", _READ + _TELL + _WAIT))
    job = queue.start(order("a"))
    when(job, SweepState.RUNNING, done=2)
    job.let_go()
    assert job.ended.wait(LONG)
    assert job.status.state is SweepState.FAILED


def test_settings_reach_the_process_as_they_are(settings: Settings, tmp_path: Path) -> None:
    full = Settings(tmp_path, tmp_path / "a", ("x.y:z",), 7, "cuda:1", 8, 9, 1.5, 10)
    for one in (settings, full, Settings(tmp_path, None, (), 1, "cpu")):
        assert read(json.loads(json.dumps(written(one)))) == one
