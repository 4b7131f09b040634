"""Card 5: a picture made for the channel, by gradient ascent on the network's input."""

import time
from functools import partial

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.channels.excitation import STEPS, Excitation, Objective, Progress, visualize_channel
from actviz_core.channels.on_pictures import ChannelOnPictures
from actviz_core.channels.training import is_untrained
from actviz_core.errors import ActVizError, StoppedError
from actviz_core.figures import plain_picture
from actviz_core.system.background import Task
from actviz_core.tasks import Training
from actviz_core.ui.channel.card import ask_again, ready
from actviz_core.ui.channel.hand import ChannelInHand, Key
from actviz_core.ui.channel.pictures import pictures_task
from actviz_core.ui.choices import check_link, check_number
from actviz_core.ui.figure import draw
from actviz_core.ui.text import plain
from actviz_core.wording.channels import made_sentence

SLOW = 3.0
"""Seconds of work from which on it is not begun before somebody asks."""

EVERY = 0.5
"""Seconds from one intermediate picture to the next."""

TRIED = 3  # steps that tell how long all of them take
SIDE = 320  # pixels
LARGEST_SEED = 999_999
OBJECTIVES = {"its mean": Objective.MEAN, "its centre cell": Objective.CENTRE}


def show_made(hand: ChannelInHand) -> None:
    """Draw the card."""
    if hand.model.training is Training.RANDOM or _untrained(hand):
        st.markdown(
            "There is nothing to see yet: the network's weights are random, so a picture made for this "
            "channel would show what chance prefers."
        )
        return
    answer = st.container()  # the sentence stands above what it depends on
    objective = _choose_objective() if hand.map.size > 1 else Objective.MEAN
    with answer:
        _show_found(hand, chosen_seed(), objective)


def _show_found(hand: ChannelInHand, seed: int, objective: Objective) -> None:
    """Draw what was found, or how far the search is, or the way to begin it."""
    key = made_key(hand, seed, objective)
    background = hand.workspace.background
    wanted = f"wanted {key}"
    task = background.find(key)
    if task is None and st.session_state.get(_stopped(key)):
        _say_stopped(key, wanted)
        return
    if task is None and not st.session_state.get(wanted):
        trial = _trial(hand)
        if not ready(trial, "Working out how long this will take", key="trial"):
            return
        seconds = trial.result() * STEPS
        if seconds > SLOW:
            st.markdown(
                f"A picture that would excite this channel more can be looked for: about {seconds:,.0f} s."
            )
            st.button(
                "Look for it",
                key="made_start",
                icon=":material/play_arrow:",
                on_click=_want,
                args=(key, wanted),
            )
            return
    task = task or _task(hand, seed, objective, key)
    if not task.done:
        task.ended.wait(0.05)
    if not task.done:
        _progress(task, key)
        return
    st.session_state.pop(wanted, None)
    try:
        found = task.result()
    except StoppedError:
        _say_stopped(key, wanted)
        return
    _show(hand, found, seed)


def made_key(hand: ChannelInHand, seed: int, objective: Objective) -> Key:
    """Under which name the picture is kept that is made from noise with a seed."""
    return hand.key(f"made {hand.channel} {seed} {objective}", of_picture=False)


def chosen_objective() -> Objective:
    """What of the map is to become large, as a person chose; its mean unless they did."""
    return OBJECTIVES.get(st.session_state.get("objective") or "", Objective.MEAN)


def _choose_objective() -> Objective:
    check_link("objective", list(OBJECTIVES))
    st.segmented_control(
        "What is to become large",
        list(OBJECTIVES),
        default=next(iter(OBJECTIVES)),
        required=True,
        key="objective",
        bind="query-params",
        help="The mean of the channel's map fills the picture with what the channel looks for; its centre "
        "cell shows it once.",
    )
    return chosen_objective()


def _task(hand: ChannelInHand, seed: int, objective: Objective, key: Key) -> Task[Excitation]:
    """Look for the picture in the background; every half second it reports the one it has."""
    model, call, channel = hand.model, hand.call, hand.channel

    def run(task: Task[Excitation]) -> Excitation:
        last = [0.0]

        def told(progress: Progress) -> None:
            if time.monotonic() - last[0] >= EVERY:
                last[0] = time.monotonic()
                task.report = (progress.step, progress.steps, progress.value, progress.picture())

        return visualize_channel(
            model.module,
            call,
            channel,
            model.preprocess,
            objective=objective,
            seed=seed,
            progress=told,
            stop=task.stop,
        )

    return hand.workspace.background.start(key, run, lambda found: found.picture.nbytes + found.trace.nbytes)


def _trial(hand: ChannelInHand) -> Task[float]:
    """Seconds of one step, measured on a few."""
    model, call, channel = hand.model, hand.call, hand.channel

    def run(_: Task[float]) -> float:
        clock = time.thread_time if model.device.type == "cpu" else time.monotonic  # not what others take
        moments: list[float] = []
        visualize_channel(
            model.module,
            call,
            channel,
            model.preprocess,
            steps=TRIED,
            progress=lambda _: moments.append(clock()),
        )
        return (moments[-1] - moments[0]) / (len(moments) - 1) if len(moments) > 1 else 0.0

    return hand.workspace.background.start(hand.key(f"trial {channel}", of_picture=False), run, lambda _: 8)


def _untrained(hand: ChannelInHand) -> bool:
    key = (hand.model.fingerprint, "", " untrained")
    known: bool | None = hand.workspace.store.find(key)
    if known is None:
        known = is_untrained(hand.model.module)
        hand.workspace.store.keep(key, known, 1)
    return known


def chosen_seed() -> int:
    """The seed that the link names, with a button for another one."""
    check_number("seed", 0, LARGEST_SEED)
    given = st.query_params.get("seed", "0")
    return int(given) if given.isdecimal() and int(given) <= LARGEST_SEED else 0


def _progress(task: Task[Excitation], key: Key) -> None:
    """Show how far it is, and the picture that there is by now."""
    report = task.report
    if report is None:
        st.progress(0.0, text="Looking for a picture")
    else:
        step, steps, _, picture = report
        st.progress(step / steps, text=f"Step {step} of {steps}")
        _draw(picture, "The picture as it is by now")
    st.button("Cancel", key="made_cancel", icon=":material/close:", on_click=_cancel, args=(task, key))
    ask_again("made")


def _show(hand: ChannelInHand, found: Excitation, seed: int) -> None:
    values = pictures_task(hand)
    largest = _largest(values) if values.done else None
    st.markdown(plain(made_sentence(found, largest)))
    if not found.stuck:
        _draw(found.picture, f"A picture made for channel {found.channel} of {found.call}")
        st.caption(
            f"Made in {len(found.trace)} steps from noise with seed {seed}; the same seed gives the same."
        )
    st.button(
        "Again with another seed",
        key="made_again",
        icon=":material/casino:",
        on_click=partial(_use_seed, (seed + 1) % (LARGEST_SEED + 1)),
    )
    if not values.done:
        ask_again("made_values")


def _largest(values: Task[ChannelOnPictures]) -> ChannelOnPictures | None:
    try:
        return values.result()
    except ActVizError:
        return None


def _draw(picture: npt.NDArray[np.uint8], alt: str) -> None:
    draw(plain_picture(picture, width=SIDE, limit=SIDE), key="channel_made", alt=alt)


def _use_seed(seed: int) -> None:
    st.query_params["seed"] = str(seed)


def _want(key: Key, wanted: str) -> None:
    st.session_state[wanted] = True
    st.session_state.pop(_stopped(key), None)


def _cancel(task: Task[Excitation], key: Key) -> None:
    task.cancel()
    st.session_state[_stopped(key)] = True


def _stopped(key: Key) -> str:
    """Where the session remembers that a person stopped the search, so that it does not begin again."""
    return f"stopped {key}"


def _say_stopped(key: Key, wanted: str) -> None:
    st.markdown("The search was stopped before it was done.")
    st.button(
        "Look for it", key="made_start", icon=":material/play_arrow:", on_click=_want, args=(key, wanted)
    )
