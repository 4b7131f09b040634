"""Jobs run in the background, once for everybody, and tell how far they are and why they failed."""

import threading

import pytest

from actviz_core.errors import DownloadError, ModelFailedError
from actviz_core.system.jobs import Job, Jobs, JobState


def test_a_job_that_runs_is_shared_and_a_finished_one_runs_anew() -> None:
    go_on = threading.Event()

    def work(job: Job) -> None:
        job.progress(3, 7)
        go_on.wait(30)

    jobs = Jobs()
    first = jobs.start("shared", "shared", work)
    second = jobs.start("shared", "shared", work)
    assert second is first
    assert jobs.find("shared") is first
    assert first.status.running
    go_on.set()
    status = first.wait(30)
    assert (status.state, status.done_bytes, status.total_bytes, status.error) == (JobState.DONE, 3, 7, None)
    third = jobs.start("shared", "shared", work)
    assert third is not first
    assert third.wait(30).state is JobState.DONE


def test_a_job_reports_why_it_failed_and_how_far_it_was() -> None:
    def work(job: Job) -> None:
        job.progress(3, None)
        raise DownloadError("The cable is out. Plug it in.")

    status = Jobs().start("failing", "failing", work).wait(30)
    assert (status.state, status.error, status.done_bytes) == (
        JobState.FAILED,
        "The cable is out. Plug it in.",
        3,
    )


def test_a_bug_in_a_job_is_shown_and_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", logged.append)

    def work(_: Job) -> None:
        raise ZeroDivisionError("oops")

    job = Jobs().start("buggy", "buggy", work)
    job.wait(30)
    assert job.state is JobState.FAILED
    assert str(job.error).startswith("ZeroDivisionError: oops. This is a bug")
    assert logged[0].exc_type is ZeroDivisionError


def test_nobody_ran_a_job_of_an_unknown_key() -> None:
    assert Jobs().find("never started") is None


def test_too_many_are_refused_until_one_has_ended() -> None:
    go_on = threading.Event()

    def wait(_: Job) -> None:
        go_on.wait(30)

    jobs = Jobs(most=1)
    first = jobs.start("first", "first", wait)
    assert jobs.running() == [first]
    with pytest.raises(ModelFailedError, match="1 others are to be made first"):
        jobs.start("second", "second", lambda _: None)
    go_on.set()
    first.wait(30)
    assert jobs.start("second", "second", lambda _: None).wait(30).state is JobState.DONE
