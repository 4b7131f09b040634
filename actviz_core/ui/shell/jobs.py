"""Downloads as a page shows them: one button, then progress in bytes while everything else goes on."""

from collections.abc import Callable

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.system.jobs import Job, JobState
from actviz_core.ui.text import plain
from actviz_core.units import megabytes


def download_panel(label: str, find: Callable[[], Job | None], start: Callable[[], Job], *, key: str) -> None:
    """Offer a download, follow it, and rerun the page once it is done."""
    job = find()
    if job is None or not job.status.running:
        _offer(label, job, start, key)
    else:
        _follow(job, key)


def _offer(label: str, job: Job | None, start: Callable[[], Job], key: str) -> None:
    if job is not None and job.state is JobState.FAILED:
        st.error(plain(job.error or "The download failed."), icon=":material/cloud_off:")
        label = "Try again"
    if st.button(label, key=key, icon=":material/download:", type="primary"):
        try:
            start()
        except ActVizError as error:
            st.error(plain(str(error)))
        else:
            st.rerun()


@st.fragment(run_every=0.5)
def _follow(job: Job, key: str) -> None:
    status = job.status
    if not status.running:
        st.rerun()
    done, total = status.done_bytes, status.total_bytes
    share = min(1.0, done / total) if total else 0.0
    of = f" of {megabytes(total)}" if total else ""
    checking = " Checking what arrived." if total and done >= total else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, text=f"{megabytes(done)}{of} received.{checking}")
        if st.button("Cancel", key=f"{key}_cancel"):
            job.cancel()
