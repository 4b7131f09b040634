"""All checkpoints of the bundled network beside its last one: how its layers came to be what they are."""

import streamlit as st

from actviz_core.errors import ActVizError, SweepError
from actviz_core.models.bundled import BundledResNet20
from actviz_core.sweep import Run
from actviz_core.ui.choices import keep_warnings
from actviz_core.ui.compare.names import weights_text
from actviz_core.ui.dataset.comparing import (
    FEWEST_PICTURES,
    compared,
    draw_compared,
    pictures_of_both,
    tell_beside,
)
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.dataset.starting import how_far
from actviz_core.ui.text import plain
from actviz_core.units import megabytes
from actviz_core.wording.likeness import learning_sentence, same_layers
from actviz_core.workspace.shared import shared_workspace
from actviz_core.workspace.sweep_queue import SweepJob, SweepOrder, SweepState

_NETWORK = BundledResNet20()
_BEGUN = "checkpoints_begun"  # in the session: the runs that this visitor began


def has_checkpoints(hand: RunInHand) -> bool:
    """Whether the run is of the bundled network, which has several checkpoints."""
    return hand.run.manifest.model in checkpoint_keys()


def checkpoint_keys() -> tuple[str, ...]:
    """The model keys of the bundled checkpoints, in training order."""
    return tuple(_NETWORK.key(weights) for weights in _NETWORK.weights_names())


def show_checkpoints(hand: RunInHand, help_text: str) -> None:
    """Draw the layers of every checkpoint that was swept against those of the last one."""
    runs = {key: _run_of(key, hand) for key in checkpoint_keys()}
    missing = [key for key, run in runs.items() if run is None]
    if missing:
        _offer(hand, missing)
    there = {key: run for key, run in runs.items() if run is not None}
    last = checkpoint_keys()[-1]
    if last not in there or len(there) < 2:
        return
    reference = there[last]
    if any(pictures_of_both(run, reference) < FEWEST_PICTURES for run in there.values()):
        st.info("It takes two pictures or more to compare layers.", icon=":material/image_not_supported:")
        return
    found = [compared(run, reference, hand.workspace, key=f"alike_{key}") for key, run in there.items()]
    shown = [one for one in found if one is not None]
    if len(shown) < len(found):
        return
    names = [weights_text(key, hand.workspace) for key in there]
    same = {
        name: same_layers(one.found, one.first.calls, one.second.calls)
        for name, one in zip(names, shown, strict=True)
        if not one.is_one
    }
    said = learning_sentence(same, names[-1])
    st.markdown(f"**{plain(said)}**", help=help_text)
    tell_beside(shown)
    titles = [f"{name} with itself" if one.is_one else name for name, one in zip(names, shown, strict=True)]
    alt = f"How alike the layers of each checkpoint are to those of {names[-1]}, from 0 to 1. {said}"
    draw_compared(shown, titles, hand.workspace, key="dataset_checkpoints", alt=alt)
    rest = f"Over {shown[0].found.pictures:,} pictures."
    st.caption(plain(f"Rows: the layers of each checkpoint. Columns: those of {names[-1]}. {rest}"))


def _run_of(key: str, hand: RunInHand) -> Run | None:
    """A checkpoint's finished run over the same pictures: the one in hand, else with most of its layers."""
    told, calls = hand.run.manifest, set(hand.run.calls)
    if told.model == key:
        return hand.run
    network = hand.workspace.model(key).fingerprint
    runs = {
        kept.id: len(calls & {plan.name for plan in kept.manifest.calls})
        for kept in hand.workspace.sweeps.runs()
        if kept.finished
        and kept.manifest.network == network
        and kept.manifest.source_fingerprint == told.source_fingerprint
    }
    for run in sorted(runs, key=lambda run: (-runs[run], run)):
        try:
            return hand.workspace.sweeps.open(run) if runs[run] else None
        except (SweepError, OSError):
            continue  # deleted just now
    return None


def _offer(hand: RunInHand, missing: list[str]) -> None:
    """Say which checkpoints were not swept, and let one click sweep them all."""
    told, queue = hand.run.manifest, hand.workspace.sweeps.queue
    jobs = [
        job
        for job in queue.unfinished()
        if job.order.model in missing and (job.order.source, job.order.layers) == (told.source, told.layers)
    ]
    if jobs:
        _follow(jobs)
    for run in st.session_state.get(_BEGUN, ()):
        job = queue.find(run)
        if job is not None and job.status.state is SweepState.FAILED:
            st.error(plain(f"{job.order.model}: {job.status.error}"), icon=":material/error:")
    left = [key for key in missing if key not in {job.order.model for job in jobs}]
    if not left:
        return
    names = [weights_text(key, hand.workspace) for key in left]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    has = "has" if len(names) == 1 else "have"
    if hand.source is None:
        st.info(
            plain(f"{listed} {has} not been swept, and the pictures that were are gone."),
            icon=":material/image_not_supported:",
        )
        return
    each = "It takes" if len(names) == 1 else "Each takes"
    st.markdown(
        plain(
            f"{listed} {has} not been swept over these pictures. "
            f"{each} {megabytes(told.bytes)} of disk space."
        )
    )
    if st.button(f"Sweep {listed}", key="dataset_checkpoints_start", icon=":material/play_arrow:"):
        _start(hand, left)


def _start(hand: RunInHand, keys: list[str]) -> None:
    """Line up sweeps of the same layers and pictures; in training order."""
    told, workspace = hand.run.manifest, hand.workspace
    if hand.source is None:
        return
    begun: list[str] = []
    for key in keys:
        try:
            model = workspace.model(key)
            plan = workspace.sweeps.plan(model, hand.source, told.layers, told.pictures).manifest
            order = SweepOrder(plan.id, plan.model, plan.source, plan.layers, plan.pictures)
            workspace.sweeps.queue.start(order)
        except ActVizError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        begun.append(plan.id)
    st.session_state[_BEGUN] = begun
    st.rerun()


@st.fragment(run_every=0.5)
def _follow(jobs: list[SweepJob]) -> None:
    """Draw how far the sweeps are; once one is over, the whole page runs again."""
    if any(job.status.over for job in jobs):
        keep_warnings()
        st.rerun()
    waiting = shared_workspace().sweeps.queue.unfinished()
    for job in jobs:
        with st.container(horizontal=True, vertical_alignment="center"):
            before = waiting.index(job) if job in waiting else 0
            name = weights_text(job.order.model, shared_workspace())
            st.progress(
                min(1.0, job.status.done / job.order.pictures), text=plain(f"{name}: {how_far(job, before)}")
            )
            if st.button("Cancel", key=f"checkpoint_cancel_{job.order.run}"):
                job.cancel()
