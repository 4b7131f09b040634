"""What is made in the background: begun, waited for a moment, followed with its progress, and cancelled."""

import time
from collections.abc import Hashable, Sequence
from typing import Protocol, TypeVar

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.system.jobs import Job, JobState, was_stopped
from actviz_core.ui.choices import keep_warnings
from actviz_core.ui.text import plain

Wanted = TypeVar("Wanted", bound="Asked", contravariant=True)
Found = TypeVar("Found", covariant=True)


class Asked(Protocol):
    """What somebody asks for."""

    @property
    def key(self) -> Hashable:
        """The same for whoever asks for the same."""


class Maker(Protocol[Wanted, Found]):
    """Makes what is asked for, once for everybody on the server."""

    def find(self, asked: Wanted) -> Found | None:
        """What was made, if it is there."""

    def job(self, asked: Wanted) -> Job | None:
        """The running or latest job that makes it."""

    def start(self, asked: Wanted) -> Job:
        """Begin to make it, or join whoever does."""


Question = TypeVar("Question", bound=Asked)
Answer = TypeVar("Answer")

A_MOMENT = 1.0
"""Seconds that a page waits before it shows what is not done yet: what is quick is there at once."""

_BEGUN = (
    "maps_begun"  # in the session: what it had made, so that what is not kept is not made again and again
)


def begin(wanted: Sequence[Question], maker: Maker[Question, Answer]) -> None:
    """Begin what is not there, and wait a moment for it."""
    begun: set[object] = st.session_state.setdefault(_BEGUN, set())
    jobs = []
    for asked in wanted:
        if maker.find(asked) is not None:
            begun.discard(asked.key)
            continue
        job = maker.job(asked)
        over = job is not None and not job.status.running
        if job is not None and over and (job.state is JobState.FAILED or asked.key in begun):
            continue  # the card tells how it ended
        begun.add(asked.key)
        try:
            jobs.append(maker.start(asked))
        except ActVizError:
            begun.discard(asked.key)
    until = time.monotonic() + A_MOMENT
    for job in jobs:
        job.wait(max(0.0, until - time.monotonic()))


def made(asked: Question, maker: Maker[Question, Answer], *, key: str) -> Answer | None:
    """What was made; None once its progress, or why there is none, is drawn. ``key`` tells several apart."""
    found = maker.find(asked)
    if found is not None:
        return found
    job = maker.job(asked)
    if job is not None and job.status.running:
        _follow(job, key)
        return None
    if was_stopped(job):
        st.caption("Stopped before it was done.")
    elif job is not None and job.state is JobState.FAILED:
        st.error(plain(job.error or "The network failed."), icon=":material/error:")
    elif job is None:
        st.caption("Too many others are to be made first.")
    else:
        st.caption("It was made, but the cache has no room to keep it. It is set with ACTVIZ_CACHE_MB.")
    if st.button("Make it", key=f"make_{key}", icon=":material/play_arrow:"):
        try:
            st.session_state.setdefault(_BEGUN, set()).add(asked.key)
            maker.start(asked)
        except ActVizError as error:
            st.error(plain(str(error)))
        else:
            st.rerun()
    return None


@st.fragment(run_every=0.5)
def _follow(job: Job, key: str) -> None:
    status = job.status
    if not status.running:
        keep_warnings()
        st.rerun()
    done, total = status.done_bytes, status.total_bytes
    if job.stop.is_set():
        text = "Stops as soon as the network lets it"
    elif not total:
        text = "Waits until the network is free"
    else:
        text = f"{status.part}: " if status.part else ""
        text += f"{done:,} of {total:,} passes"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, done / total) if total else 0.0, text=text)
        st.button("Cancel", key=f"cancel_{key}", on_click=job.cancel, disabled=job.stop.is_set())
