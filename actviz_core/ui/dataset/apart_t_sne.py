"""The t-SNE map of a layer on its way: begun at once where it is quick, else when somebody asks for it."""

from functools import partial

import streamlit as st

from actviz_core.analysis.projection import Projection
from actviz_core.analysis.t_sne import FEWEST, ITERATIONS, expected_seconds
from actviz_core.errors import MapError, StoppedError
from actviz_core.sweep.map_pictures import MapPictures
from actviz_core.system.background import Task
from actviz_core.ui.choices import keep_warnings
from actviz_core.ui.dataset.apart_maps import MapProgress, Method, map_key, t_sne_task
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.text import plain

SLOW = 5.0
"""Seconds of work from which on it is not begun before somebody asks."""

UNTIL = "Until then, the map below shows principal components."


def made_t_sne(
    hand: RunInHand, pictures: MapPictures, call: str, components: Projection
) -> Projection | None:
    """The t-SNE map; None once its progress, or why there is none, is drawn."""
    count = int(components.usable.sum())
    if count < FEWEST:
        st.caption(
            f"{count:,} pictures have values here; a t-SNE map needs {FEWEST} or more. The map below shows "
            "principal components."
        )
        return None
    key = map_key(hand, call, Method.T_SNE)
    wanted = f"wanted {key}"
    task = hand.workspace.background.find(key)
    if task is None:
        seconds = expected_seconds(count)
        asked = st.session_state.get(wanted)
        if asked is False or (seconds > SLOW and not asked):
            st.markdown(f"The t-SNE map of {plain(call)} takes about {seconds:,.0f} s. {UNTIL}")
            st.button(
                "Make it",
                key="make_t_sne",
                icon=":material/play_arrow:",
                on_click=partial(st.session_state.__setitem__, wanted, True),
            )
            return None
        task = t_sne_task(hand, pictures, call)
        task.ended.wait(1.0)
    if not task.done:
        _follow(task, wanted)
        return None
    try:
        found: Projection = task.result()
    except StoppedError:
        st.session_state[wanted] = False
        st.rerun()
    except MapError as error:
        st.session_state[wanted] = False
        st.info(plain(f"{error} The map below shows principal components."), icon=":material/info:")
        return None
    st.session_state.pop(wanted, None)
    return found


@st.fragment(run_every=0.5)
def _follow(task: Task[Projection], wanted: str) -> None:
    if task.done:
        keep_warnings()
        st.rerun()
    report: MapProgress | None = task.report
    share = 0.0 if report is None else report.iteration / ITERATIONS
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, text=f"{progress_words(report)}. {UNTIL}")
        if st.button("Cancel", key="cancel_t_sne"):
            st.session_state[wanted] = False
            task.cancel()


def progress_words(report: MapProgress | None) -> str:
    """How far a map is; the time left by the pace so far."""
    if report is None:
        return "Waits until another t-SNE map is done"
    if not report.iteration:
        return "Finding each picture's neighbours for t-SNE"
    said = f"t-SNE: iteration {report.iteration:,} of {ITERATIONS:,}"
    if not report.seconds:
        return said
    done = report.iteration - 50  # the clock begins when scikit-learn tells of its first 50
    left = (ITERATIONS - report.iteration) * report.seconds / done
    return f"{said}, about {max(1.0, left):,.0f} s left"
