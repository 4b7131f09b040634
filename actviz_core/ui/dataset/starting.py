"""Starting a sweep: which layers and pictures, what it takes, and how far those at work are."""

import streamlit as st

from actviz_core.errors import ActVizError, SweepError
from actviz_core.models import Model
from actviz_core.samples import Source
from actviz_core.sweep import default_layers
from actviz_core.ui.choices import check_number, keep_warnings
from actviz_core.ui.dataset.choosing import choose_run
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.ui.shell.view import View, names_offered
from actviz_core.ui.text import plain
from actviz_core.units import duration, megabytes
from actviz_core.workspace.shared import Workspace, shared_workspace
from actviz_core.workspace.sweep_queue import SweepJob, SweepOrder, SweepState, SweepStatus
from actviz_core.workspace.sweeps import SweepPlan

LIMIT = "limit"

SWEPT = LinkValue[tuple[str, ...]]("sweep", lambda texts: tuple(dict.fromkeys(texts)) or None, list)
"""The layers to sweep; none chosen stands for the network's own stages."""


def start_panel(model: Model, source: Source, view: View, workspace: Workspace) -> None:
    """Draw the choice of layers and pictures, what the sweep will take, and the button that starts it."""
    layers = _chosen_layers(model, view, workspace)
    pictures = _chosen_pictures(source)
    if not layers:
        st.info("Choose at least one layer.", icon=":material/checklist:")
        return
    plan = workspace.sweeps.plan(model, source, layers, pictures)
    job = workspace.sweeps.queue.find(plan.manifest.id)
    if plan.finished:
        st.caption("There is a run of exactly this.")
        st.button(
            "Show it",
            key="dataset_show",
            icon=":material/visibility:",
            on_click=choose_run,
            args=(plan.manifest.id, model.key, source.key),
        )
        return
    if job is not None and not job.status.over:
        follow(job)
        return
    if job is not None:
        tell_end(job.status)
    st.markdown(plain(what_it_takes(plan, workspace.sweeps.queue.start_seconds)))
    label = "Go on" if plan.done else "Start"
    if st.button(label, key="dataset_start", type="primary", icon=":material/play_arrow:"):
        _start(plan, workspace)


def what_it_takes(plan: SweepPlan, start_seconds: float) -> str:
    """Say how long a sweep takes and how much of the disk: ``20 pictures, 5 layers: about 6 s, 0.2 MB``."""
    told = plan.manifest
    pictures = "1 picture" if told.pictures == 1 else f"{told.pictures:,} pictures"
    calls = "1 layer" if len(told.calls) == 1 else f"{len(told.calls)} layers"
    time = duration(plan.seconds(start_seconds))
    done = f" {plan.done:,} are done already." if plan.done else ""
    return f"{pictures}, {calls}: about {time}, {megabytes(told.bytes)} of disk space.{done}"


def how_far(job: SweepJob, first: int) -> str:
    """Say how far a sweep is; ``first`` counts those whose turn comes before."""
    status, order = job.status, job.order
    of = f"{status.done:,} of {order.pictures:,} pictures"
    if status.state is SweepState.WAITING:
        before = "one other" if first == 1 else f"{first} others"
        return f"Waits for its turn after {before}" if first else "Begins at once"
    if status.speed is None or job.seconds_left is None:
        return f"{of}. Loading the network" if not status.done else of
    skipped = f", {status.skipped:,} skipped" if status.skipped else ""
    return f"{of}{skipped}, {status.speed:,.0f} a second, about {duration(job.seconds_left)} left"


def jobs_of(model: Model, source: Source, workspace: Workspace) -> list[SweepJob]:
    """The sweeps of this network over this source that are at work or wait."""
    return [
        job
        for job in workspace.sweeps.queue.unfinished()
        if (job.order.model, job.order.source) == (model.key, source.key)
    ]


@st.fragment(run_every=0.5)
def follow(job: SweepJob) -> None:
    """Draw how far a sweep is, with a way to stop it; once it is over, the whole page runs again."""
    status = job.status
    if status.over:
        if status.state is SweepState.DONE:
            choose_run(job.order.run, job.order.model, job.order.source)
        keep_warnings()
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(
            min(1.0, status.done / job.order.pictures),
            text=plain(how_far(job, _before(job))),
        )
        if st.button(
            "Cancel", key=f"dataset_cancel_{job.order.run}", help="What is done until then is kept."
        ):
            job.cancel()


def _before(job: SweepJob) -> int:
    unfinished = shared_workspace().sweeps.queue.unfinished()
    return unfinished.index(job) if job in unfinished else 0


def tell_end(status: SweepStatus) -> None:
    """Say how a sweep ended that did not end well."""
    if status.state is SweepState.FAILED:
        st.error(plain(status.error), icon=":material/error:")
    elif status.state is SweepState.STOPPED:
        st.caption("It was stopped. What was done until then is kept.")


def _start(plan: SweepPlan, workspace: Workspace) -> None:
    told = plan.manifest
    order = SweepOrder(told.id, told.model, told.source, told.layers, told.pictures)
    try:
        workspace.sweeps.queue.start(order)
    except SweepError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        st.rerun()


def _chosen_layers(model: Model, view: View, workspace: Workspace) -> tuple[str, ...]:
    usual = workspace.in_line(model, f"Finding the stages of {model.key}", lambda: default_layers(model))
    offered = names_offered(view, model, workspace)
    asked = SWEPT.get("It can be names of layers.")
    known = tuple(name for name in asked or () if name in offered or _is_call(model, name, workspace))
    if asked and known != asked:
        missing = ", ".join(name for name in asked if name not in known)
        SWEPT.warn(missing, f"{model.key} has no such layer.")
    chosen = known or usual
    st.session_state["dataset_layers"] = list(chosen)
    st.multiselect(
        "Layers to keep",
        list(dict.fromkeys([*offered, *chosen])),
        key="dataset_layers",
        on_change=lambda: SWEPT.choose(tuple(st.session_state["dataset_layers"]) or None),
        help="At first the end of each stage of the network, and its last layer. All of them are kept for "
        "every picture: the mean and the largest value of each channel, and where it is.",
    )
    return chosen


def _is_call(model: Model, name: str, workspace: Workspace) -> bool:
    try:
        return name in workspace.owners(model, [name])
    except ActVizError:
        return False


def _chosen_pictures(source: Source) -> int:
    in_link = check_number(LIMIT, 1, len(source))
    if st.session_state.get(LIMIT) is not None and st.session_state[LIMIT] > len(source):
        st.session_state[LIMIT] = None
    chosen = st.number_input(
        "Pictures",
        min_value=1,
        max_value=len(source),
        value=None,
        step=1,
        key=LIMIT,
        bind="query-params" if in_link else None,
        placeholder=f"all {len(source):,}",
        width=200,
        help="Only the first so many pictures of the source.",
    )
    return len(source) if chosen is None else int(chosen)
