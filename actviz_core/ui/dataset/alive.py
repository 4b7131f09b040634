"""Are its channels alive: which are silent, never rest, do the same as others, or tell of the class."""

from enum import StrEnum

import numpy as np
import pandas as pd
import streamlit as st

from actviz_core.analysis.channel_health import LayerHealth, layer_health
from actviz_core.system.background import Task
from actviz_core.ui.channel.card import begin_waiting, ready
from actviz_core.ui.choices import linked_selectbox
from actviz_core.ui.dataset.hand import LAYER, RunInHand, choose_layer
from actviz_core.ui.dataset.ways import go_to_channel
from actviz_core.ui.text import plain
from actviz_core.units import percent
from actviz_core.wording.health import NEARLY_ALL, all_layers_sentence, health_sentence

TABLE_HEIGHT = 420
_ABOUT = {
    "Channels": "How many channels the layer has.",
    "Silent": "Channels whose every value is zero, in all pictures.",
    "Silent in 99 %": "Channels whose every value is zero, in at least 99 % of the pictures.",
    "Never rest": "Channels whose every cell is active in all pictures: beyond 1 % of the layer's largest "
    "distance from zero. After a ReLU such a channel cuts nothing off.",
    "Twins": "Pairs of channels whose means over the map have a correlation above 0.95 over the pictures.",
    "Tells of the class": "How much of the best channel's variance the class explains (eta squared).",
}


class Which(StrEnum):
    """Which channels of the layer the lower table lists."""

    ALL = "all"
    SILENT = "silent"
    RARE = "silent in 99 %"
    FULL = "never rest"
    TWINS = "twins"


def show_alive(hand: RunInHand) -> None:
    """Draw the view."""
    begin_waiting()
    tasks = {call: health_task(hand, call) for call in hand.run.calls}
    if not all(
        ready(task, f"Comparing the channels of {call}", key=f"alive_{at}")
        for at, (call, task) in enumerate(tasks.items())
    ):
        return
    found = {call: task.result() for call, task in tasks.items()}
    st.markdown(f"**{plain(all_layers_sentence([*found.items()]))}**")
    _layers(found)
    call = choose_layer(hand)
    health = found[call]
    st.markdown(plain(health_sentence(call, health)))
    _channels(hand, call, health)


def health_task(hand: RunInHand, call: str) -> Task[LayerHealth]:
    """Judge a layer in the background, once for everybody."""
    run = hand.run

    def judge(_: Task[LayerHealth]) -> LayerHealth:
        summary = run.summary(call)
        return layer_health(run.mean(call), summary.silent, summary.full, run.labels)

    return hand.workspace.background.start(
        (run.id, "", f"{call} health"), judge, lambda health: 40 * len(health.silent) + 60 * len(health.twins)
    )


def _layers(found: dict[str, LayerHealth]) -> None:
    """Draw a line a layer; a click on one chooses it."""
    lines = pd.DataFrame(
        {
            "Layer": [call or "the answer" for call in found],
            "Channels": [len(of.silent) for of in found.values()],
            "Silent": [len(of.at_least(of.silent)) for of in found.values()],
            "Silent in 99 %": [len(of.at_least(of.silent, NEARLY_ALL)) for of in found.values()],
            "Never rest": [len(of.at_least(of.full)) for of in found.values()],
            "Twins": [len(of.twins) for of in found.values()],
            "Tells of the class": [_best(of) for of in found.values()],
        }
    )
    calls = list(found)

    def choose() -> None:
        rows = st.session_state["dataset_layers_table"]["selection"]["rows"]
        if rows:
            LAYER.choose(calls[rows[0]])

    st.dataframe(
        lines,
        key="dataset_layers_table",
        hide_index=True,
        on_select=choose,
        selection_mode="single-row",
        column_config={name: st.column_config.Column(help=about) for name, about in _ABOUT.items()},
        alt="A line for each layer: silent channels, those that never rest, twins, and how much they tell",
    )


def _best(health: LayerHealth) -> str:
    return "" if np.isnan(health.tells).all() else percent(float(np.nanmax(health.tells)))


def _channels(hand: RunInHand, call: str, health: LayerHealth) -> None:
    which = Which(linked_selectbox("Channels", list(Which), key="channels_shown", width=200))
    listed = _listed(health, which)
    if not listed:
        st.caption("There are no such channels.")
        return
    mean, maximum = hand.run.mean(call), hand.run.maximum(call)
    usable = np.isfinite(mean).all(axis=1)
    twins = {
        channel: ", ".join(
            str(pair.second if pair.first == channel else pair.first)
            for pair in health.twins
            if channel in (pair.first, pair.second)
        )
        for channel in listed
    }
    some = usable.any()
    means = mean[usable][:, listed].mean(axis=0) if some else np.full(len(listed), np.nan)
    highest = maximum[usable][:, listed].max(axis=0) if some else np.full(len(listed), np.nan)
    st.dataframe(
        pd.DataFrame(
            {
                "Channel": listed,
                "Mean": means,
                "Highest": highest,
                "Silent in": health.silent[listed] / max(1, health.pictures),
                "Tells of the class": health.tells[listed],
                "Twins": [twins[channel] for channel in listed],
            }
        ),
        key="dataset_channels_table",
        hide_index=True,
        height=min(TABLE_HEIGHT, 40 + 35 * len(listed)),
        on_select=lambda: _open(call, listed),
        selection_mode="single-row",
        column_config={
            "Mean": st.column_config.NumberColumn(format="%.4g", help="Over all cells of all pictures."),
            "Highest": st.column_config.NumberColumn(format="%.4g", help="The largest value in any picture."),
            "Silent in": st.column_config.NumberColumn(format="percent", help="Share of the pictures."),
            "Tells of the class": st.column_config.NumberColumn(
                format="percent", help="How much of its variance over the pictures the class explains."
            ),
        },
        alt=f"The channels of {call}: {which}",
    )
    st.caption("Choose a line to open the page of that channel. Click a heading to sort.")


def _listed(health: LayerHealth, which: Which) -> list[int]:
    everything = range(len(health.silent))
    chosen = {
        Which.ALL: everything,
        Which.SILENT: health.at_least(health.silent).tolist(),
        Which.RARE: health.at_least(health.silent, NEARLY_ALL).tolist(),
        Which.FULL: health.at_least(health.full).tolist(),
        Which.TWINS: sorted({channel for pair in health.twins for channel in (pair.first, pair.second)}),
    }
    return list(chosen[which])


def _open(call: str, listed: list[int]) -> None:
    rows = st.session_state["dataset_channels_table"]["selection"]["rows"]
    if rows:
        go_to_channel(call, listed[rows[0]])
