"""Card 3: what becomes of the answer when the channel is switched off, made even, or scaled."""

import time
from dataclasses import dataclass
from functools import partial

import streamlit as st

from actviz_core.analysis import TopK
from actviz_core.channels.effects import (
    Change,
    Worths,
    answer_with,
    edit_of,
    layer_worths,
    share_of_class,
)
from actviz_core.figures import change_bars
from actviz_core.system.background import Task
from actviz_core.ui.channel.card import ready
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.choices import check_link, check_number
from actviz_core.ui.figure import draw
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.text import plain
from actviz_core.wording.channels import change_sentence, worth_sentence

SHARE = 0.44  # of the page's width
CLASSES = 5
SLOW = 5.0
"""Seconds of work from which on it is not begun before somebody asks."""

A_PASS = 0.5
"""Seconds that others may have to wait for the network while channels are switched off in turn."""

USUAL_FACTOR = 2.0
MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Changed:
    """The answer after a change, and the seconds of its pass."""

    answer: TopK
    seconds: float


def changed_task(hand: ChannelInHand, change: Change, factor: float) -> Task[Changed]:
    """Run the network with the channel changed, in the background."""
    model, sample, call = hand.model, hand.sample, hand.call
    edit = edit_of(change, hand.channel, hand.axis, factor)

    def run(_: Task[Changed]) -> Changed:
        inputs = model.inputs(sample.image)
        began, worked = time.monotonic(), time.thread_time()
        answer = answer_with(model, inputs, call, edit)
        seconds = time.monotonic() - began
        if model.device.type == "cpu":  # without what it waited for others
            seconds = min(seconds, time.thread_time() - worked)
        return Changed(answer, seconds)

    what = f"changed {hand.channel} {change.name} {factor:g}"
    return hand.workspace.background.start(hand.key(what), run, lambda found: 100 * len(found.answer.labels))


def worths_task(hand: ChannelInHand, target: int, seconds: float) -> Task[Worths]:
    """Switch off every channel of the layer in turn, in the background."""
    model, sample, call, axis = hand.model, hand.sample, hand.call, hand.axis
    batch = batch_of(hand, seconds)

    def run(_: Task[Worths]) -> Worths:
        share = share_of_class(model, target)
        return layer_worths(model.module, model.inputs(sample.image), call, share, axis=axis, batch=batch)

    return hand.workspace.background.start(worths_key(hand, target), run, lambda found: found.falls.nbytes)


def worths_key(hand: ChannelInHand, target: int) -> tuple[str, str, str]:
    """Under which name the worth of all channels is kept, for the share of one class."""
    return hand.key(f"worths {target}")


def batch_of(hand: ChannelInHand, seconds: float) -> int:
    """How many channels are switched off in one pass: as many as take no long pass and not much memory."""
    try:
        peak = hand.workspace.estimate(hand.model).peak_bytes or MOST_BYTES
    except Exception:  # a network that cannot be estimated still runs
        peak = MOST_BYTES
    return max(1, min(64, int(A_PASS / max(seconds, 1e-3)), MOST_BYTES // max(1, peak)))


def show_worth(hand: ChannelInHand) -> None:
    """Draw the card."""
    before = hand.workspace.prediction(hand.model, hand.sample, k=None)
    if before.problem is not None:
        st.markdown(plain(before.problem))
        return
    answer = st.container()  # the sentence stands above what it depends on
    change, factor = _choose()
    task = changed_task(hand, change, factor)
    if not ready(task, "Running the network with the channel changed", key="worth"):
        return
    changed = task.result()
    after = changed.answer
    said = change_sentence(before, after, change, factor, hand.channel)
    answer.markdown(plain(said))
    if after.problem is None:
        best = before.indices[:CLASSES]
        now = dict(zip(after.indices, after.probabilities, strict=True))
        draw(
            change_bars(
                before.labels[:CLASSES],
                before.probabilities[:CLASSES],
                [now[index] for index in best],
                titles=("as it is", f"channel {hand.channel} {_done(change, factor)}"),
                width=column_width(SHARE),
            ),
            key="channel_worth",
            alt=said,
        )
    _place(hand, before, changed.seconds)


def _choose() -> tuple[Change, float]:
    """What is done to the channel, as the link says or a person chose."""
    check_link("change", list(Change))
    check_number("factor", 0, 3)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        change = st.segmented_control(
            "Change the channel: it is",
            list(Change),
            default=Change.OFF,
            required=True,
            key="change",
            bind="query-params",
            help="Switched off: zero everywhere. Made even: its mean over the picture everywhere. "
            "Scaled: all its values times a factor.",
        )
        factor = 1.0
        if change == Change.SCALED:
            factor = st.slider(
                "Factor",
                0.0,
                3.0,
                value=USUAL_FACTOR,
                step=0.25,
                key="factor",
                bind="query-params",
                width=200,
            )
    return Change(change or Change.OFF), factor


def chosen_change() -> tuple[Change, float]:
    """What the card does to the channel by now; switching it off unless a person chose something else."""
    change = Change(st.session_state.get("change") or Change.OFF)
    return change, float(st.session_state.get("factor", USUAL_FACTOR)) if change is Change.SCALED else 1.0


def _done(change: Change, factor: float) -> str:
    return f"times {factor:g}" if change is Change.SCALED else str(change)


def _place(hand: ChannelInHand, before: TopK, seconds: float) -> None:
    """The channel's place among all of its layer."""
    count, target = len(hand.layer.maps), before.indices[0]
    key = worths_key(hand, target)
    expected = seconds * count
    task: Task[Worths] | None = None
    wanted = f"worths {key}"
    if expected <= SLOW or st.session_state.get(wanted):
        task = worths_task(hand, target, seconds)
    else:
        task = hand.workspace.background.find(key)
    if task is None:
        st.button(
            f"Compare with all {count:,} channels, about {expected:,.0f} s",
            key="worth_of_all",
            on_click=partial(st.session_state.__setitem__, wanted, True),
        )
        return
    words = f"Switching off {count:,} channels in turn, about {expected:,.0f} s"
    if ready(task, words, key="worths"):
        st.session_state.pop(wanted, None)
        st.markdown(plain(worth_sentence(task.result(), hand.channel, before.labels[0])))
