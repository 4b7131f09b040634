"""One small line on every page while sweeps are at work: how far they are, and the way to them."""

import streamlit as st

from actviz_core.ui.dataset.starting import how_far
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace, shared_workspace
from actviz_core.workspace.sweep_queue import SweepJob, SweepState

EVERY = 2.0
"""Seconds after which the line is drawn anew."""


def sweep_line(workspace: Workspace) -> None:
    """Draw the line; nothing while no sweep is at work."""
    jobs = workspace.sweeps.queue.unfinished()
    if jobs:
        _follow([job.order.run for job in jobs])


@st.fragment(run_every=EVERY)
def _follow(runs: list[str]) -> None:
    queue = shared_workspace().sweeps.queue
    found = [job for run in runs if (job := queue.find(run)) is not None]
    at_work = [job for job in found if not job.status.over]
    for place, job in enumerate(at_work):
        _line(job, f"{job.order.model} over {job.order.source}: {how_far(job, place)}.", "hourglass_top")
    for job in found:
        if job.status.state is SweepState.DONE:
            _line(job, f"{job.order.model} has looked at all of {job.order.source}.", "check")
        elif job.status.state is SweepState.FAILED:
            _line(job, f"{job.order.model} over {job.order.source} failed.", "error")


def _line(job: SweepJob, text: str, icon: str) -> None:
    order = job.order
    link = {"model": order.model, "source": order.source}
    if job.status.state is SweepState.DONE:
        link["run"] = order.run
    st.caption(plain(text))
    st.page_link("dataset.py", label="Data set", icon=f":material/{icon}:", query_params=link)
