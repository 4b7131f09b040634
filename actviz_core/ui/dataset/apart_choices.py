"""What is chosen on the view of what a layer tells apart: the layer, the kind of map, and its colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from actviz_core.analysis.t_sne import FEWEST
from actviz_core.sweep.map_pictures import MapPictures
from actviz_core.ui.dataset.apart_colours import ColorBy
from actviz_core.ui.dataset.apart_maps import TITLES, Method
from actviz_core.ui.dataset.hand import LAYER
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.ui.text import option_text

NAMES = {
    ColorBy.CLASS: "class",
    ColorBy.ANSWER: "answer",
    ColorBy.RIGHT: "right or wrong",
    ColorBy.CHANNEL: "a channel's value",
}
_CHANNEL = f"{ColorBy.CHANNEL}-"


@dataclass(frozen=True)
class Coloring:
    """What colours the points: ``channel`` is the one whose mean does, where ``by`` says so."""

    by: ColorBy
    channel: int = 0

    @property
    def words(self) -> str:
        """What it is in words."""
        return f"the mean of channel {self.channel}" if self.by is ColorBy.CHANNEL else NAMES[self.by]


def _read_coloring(texts: Sequence[str]) -> Coloring | None:
    text = texts[-1]
    number = text.removeprefix(_CHANNEL)
    if text.startswith(_CHANNEL) and number.isascii() and number.isdecimal() and len(number) < 7:
        return Coloring(ColorBy.CHANNEL, int(number))
    plain = [by for by in ColorBy if by is not ColorBy.CHANNEL and by == text]
    return Coloring(plain[0]) if plain else None


def _write_coloring(coloring: Coloring) -> list[str]:
    return [f"{_CHANNEL}{coloring.channel}" if coloring.by is ColorBy.CHANNEL else str(coloring.by)]


def _read_method(texts: Sequence[str]) -> Method | None:
    return next((method for method in Method if method == texts[-1]), None)


MAP = LinkValue("map", _read_method, lambda method: [str(method)])
COLOR = LinkValue("color", _read_coloring, _write_coloring)


def slide_layer(calls: Sequence[str]) -> str:
    """Draw the run's calls as a slider, in the order of execution; the last one unless a link names one."""
    possible = f"It can be: {', '.join(calls[:12])}."
    chosen = LAYER.get(possible)
    if chosen is not None and chosen not in calls:
        LAYER.warn(chosen, possible)
        chosen = None
    call = chosen or calls[-1]
    if len(calls) > 1:
        st.session_state["apart_layer"] = call
        st.select_slider(
            "Layer, in the order in which they run",
            list(calls),
            key="apart_layer",
            format_func=option_text,
            on_change=lambda: LAYER.choose(st.session_state["apart_layer"]),
        )
    return call


def choose_method(pictures: int) -> Method:
    """Draw the choice of the kind of map; principal components unless a link says otherwise."""
    possible = f"It can be: {', '.join(Method)}."
    chosen = MAP.get(possible) or Method.PCA
    if chosen is Method.T_SNE and pictures < FEWEST:
        MAP.warn(str(chosen), f"A t-SNE map needs {FEWEST} pictures or more.")
        chosen = Method.PCA
    if pictures < FEWEST:
        return chosen
    st.session_state["apart_map"] = chosen
    st.segmented_control(
        "Map",
        list(Method),
        required=True,
        key="apart_map",
        format_func=lambda method: TITLES[Method(method)],
        on_change=lambda: MAP.choose(Method(st.session_state["apart_map"])),
    )
    return chosen


def choose_coloring(pictures: MapPictures, call: str, channels: int) -> Coloring:
    """Draw the choice of colours: class, answer, right or wrong where there are such, or a channel's mean."""
    offered = [ColorBy.CHANNEL]
    if pictures.judged.any():
        offered.insert(0, ColorBy.RIGHT)
    if (pictures.answers >= 0).any():
        offered.insert(0, ColorBy.ANSWER)
    if (pictures.labels >= 0).any():
        offered.insert(0, ColorBy.CLASS)
    possible = f"It can be: {', '.join(by for by in offered if by is not ColorBy.CHANNEL)}"
    possible += f"{', ' if len(offered) > 1 else ''}{_CHANNEL}0 to {_CHANNEL}{channels - 1}."
    chosen = COLOR.get(possible)
    if chosen is not None and (chosen.by not in offered or chosen.channel >= channels):
        COLOR.warn(_write_coloring(chosen)[0], f"{call} has {channels:,} channels. {possible}")
        chosen = None
    chosen = chosen or Coloring(offered[0])
    st.session_state["apart_color"] = chosen.by
    st.selectbox(
        "Colours",
        offered,
        key="apart_color",
        format_func=lambda by: NAMES[ColorBy(by)],
        on_change=lambda: COLOR.choose(Coloring(ColorBy(st.session_state["apart_color"]))),
        width=200,
    )
    if chosen.by is ColorBy.CHANNEL:
        st.session_state["apart_channel"] = chosen.channel
        st.selectbox(
            "Channel",
            range(channels),
            key="apart_channel",
            on_change=lambda: COLOR.choose(Coloring(ColorBy.CHANNEL, int(st.session_state["apart_channel"]))),
            width=118,
        )
    return chosen
