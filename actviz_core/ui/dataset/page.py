"""The page Data set: the choice of source and run above, and one of its views below."""

from collections.abc import Callable
from enum import StrEnum

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.models import Model
from actviz_core.samples import Source, SourceInfo
from actviz_core.sweep import KeptRun, delete_run
from actviz_core.ui.dataset.alike import show_alike
from actviz_core.ui.dataset.alive import show_alive
from actviz_core.ui.dataset.apart import show_apart
from actviz_core.ui.dataset.choosing import (
    RUN,
    SOURCE,
    choose_run,
    chosen_source,
    in_hand,
    linked_run,
    offered_sources,
    run_title,
    run_to_show,
    runs_of,
)
from actviz_core.ui.dataset.excites import show_excites
from actviz_core.ui.dataset.files import take_run_away
from actviz_core.ui.dataset.good import show_good
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.dataset.starting import follow, jobs_of, start_panel, tell_end
from actviz_core.ui.dataset.ways import go_where_asked
from actviz_core.ui.figure import collected
from actviz_core.ui.samples.browser import opened_or_offered
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.ui.shell.tab_title import name_tab
from actviz_core.ui.shell.view import View
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace


class Question(StrEnum):
    """The questions that the page answers, as links write them."""

    GOOD = "good"
    ALIVE = "alive"
    EXCITES = "excites"
    APART = "apart"
    ALIKE = "alike"


QUESTIONS: dict[Question, tuple[str, Callable[[RunInHand], None]]] = {
    Question.GOOD: ("How good is it", show_good),
    Question.ALIVE: ("Are its channels alive", show_alive),
    Question.EXCITES: ("What excites them", show_excites),
    Question.APART: ("What a layer tells apart", show_apart),
    Question.ALIKE: ("Alike inside", show_alike),
}
QUESTION = LinkValue[Question](
    "question",
    lambda texts: Question(texts[-1]) if texts[-1] in list(Question) else None,
    lambda question: [question],
)
MOST_PROBLEMS = 20


def show_dataset(model: Model, view: View, workspace: Workspace) -> None:
    """Draw the whole page below its title."""
    go_where_asked()
    asked = linked_run(view, workspace)
    if view.edits:
        st.info(
            "The network is swept as it is, without the channels that you switched off or scaled.",
            icon=":material/info:",
        )
    sources = offered_sources(workspace)
    key = chosen_source(view, sources)
    with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar_dataset"):
        _source_choice(key, sources)
        run_place = st.container(width="content", horizontal=True, vertical_alignment="bottom")
    source = opened_or_offered(sources[key], workspace)
    if source is None:
        return
    if not len(source):
        st.info("There is no picture in this source.", icon=":material/image_not_supported:")
        return
    kept = run_to_show(asked, model, key, workspace)
    name_tab(f"{model.key} over {source.title}")
    for job in jobs_of(model, source, workspace):
        follow(job)
    if kept is None:
        if not jobs_of(model, source, workspace):
            st.markdown(plain(f"{model.key} has not looked at all pictures of {source.title} yet."))
            start_panel(model, source, view, workspace)
        return
    latest = workspace.sweeps.queue.latest(model.key, key)
    if latest is not None and latest.order.run != kept.id:
        tell_end(latest.status)
    with run_place:
        _run_choice(kept, model, source, view, workspace)
    _show_run(in_hand(kept, model, workspace))


def _source_choice(key: str, sources: dict[str, SourceInfo]) -> None:
    st.session_state["dataset_source"] = key
    st.selectbox(
        "Source",
        list(sources),
        key="dataset_source",
        format_func=lambda key: sources[key].title if key in sources else key,
        on_change=lambda: SOURCE.choose(st.session_state["dataset_source"]),
        help="The pictures that the network looks at, one after the other.",
        width=260,
    )


def _run_choice(kept: KeptRun, model: Model, source: Source, view: View, workspace: Workspace) -> None:
    runs = {run.id: run for run in runs_of(model, source.key, workspace)} | {kept.id: kept}
    if len(runs) > 1:
        st.session_state["dataset_run"] = kept.id
        st.selectbox(
            "Run",
            list(runs),
            key="dataset_run",
            format_func=lambda run: run_title(runs[run]) if run in runs else run,
            on_change=lambda: choose_run(st.session_state["dataset_run"], model.key, source.key),
            width=300,
        )
    popover = st.popover(
        "Sweep anew",
        icon=":material/playlist_add:",
        key="dataset_anew",
        on_change="rerun",
        help="Other layers, more or fewer pictures, or delete this run",
    )
    if popover.open:
        with popover:
            start_panel(model, source, view, workspace)
            st.divider()
            _delete(kept, workspace)


def _delete(kept: KeptRun, workspace: Workspace) -> None:
    st.caption(plain(f"Shown is the run of {run_title(kept)}. Everybody on this server sees it."))
    sure = st.checkbox("Delete it for everybody", key=f"dataset_sure_{kept.id}")
    if st.button("Delete", key="dataset_delete", icon=":material/delete:", disabled=not sure):
        try:
            delete_run(kept.id, workspace.settings)
        except ActVizError as error:
            st.error(plain(str(error)))
        else:
            RUN.choose(None)
            st.rerun()


def _show_run(hand: RunInHand) -> None:
    told = hand.run.manifest
    pictures = "1 picture" if told.pictures == 1 else f"{told.pictures:,} pictures"
    calls = "1 layer" if len(told.calls) == 1 else f"{len(told.calls)} layers"
    st.caption(plain(f"{told.model} over {pictures} of {told.source_title}, {calls}."))
    if hand.source is None:
        st.warning(
            "The pictures have changed, or are gone, since they were swept: they cannot be shown here.",
            icon=":material/image_not_supported:",
        )
    if hand.model is None:
        st.warning(
            "The network has changed since it was swept: what is shown here is of the earlier one.",
            icon=":material/history:",
        )
    _tell_problems(hand)
    chosen = QUESTION.get(f"It can be: {', '.join(Question)}.") or Question.GOOD
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        _question_switch(chosen)
        files = st.container(width="content")
    with collected() as drawn:
        QUESTIONS[chosen][1](hand)
    with files:
        take_run_away(hand, drawn)


def _question_switch(chosen: Question) -> None:
    st.session_state["dataset_question"] = chosen
    st.segmented_control(
        "Question",
        list(Question),
        required=True,
        key="dataset_question",
        format_func=lambda question: QUESTIONS[Question(question)][0],
        label_visibility="collapsed",
        on_change=lambda: QUESTION.choose(Question(st.session_state["dataset_question"])),
    )


def _tell_problems(hand: RunInHand) -> None:
    problems = hand.run.problems
    if not problems:
        return
    count = "1 picture was skipped" if len(problems) == 1 else f"{len(problems):,} pictures were skipped"
    with st.expander(f"{count}", icon=":material/warning:"):
        lines = [f"{hand.run.image(index)}: {why}" for index, why in sorted(problems.items())]
        st.markdown("\n".join(f"- {plain(line)}" for line in lines[:MOST_PROBLEMS]))
        if len(lines) > MOST_PROBLEMS:
            st.caption(f"And {len(lines) - MOST_PROBLEMS:,} more.")
