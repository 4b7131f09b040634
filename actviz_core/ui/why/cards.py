"""One map of the page Why: what it shows, the map over the picture, its test, and what that means."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st
from torch import Tensor

from actviz_core.analysis.agreement import rank_agreement
from actviz_core.attribution import ABOUT, MapTest
from actviz_core.figures import Line, PicturePart, channel_map, covering_curves, lay_on_pictures
from actviz_core.ui.channel.opening import channel_link
from actviz_core.ui.class_choice import Classes
from actviz_core.ui.figure import draw
from actviz_core.ui.making import made
from actviz_core.ui.shell.view import View, current_view
from actviz_core.ui.text import plain
from actviz_core.ui.why.choices import Look
from actviz_core.ui.why.untrained import Twin
from actviz_core.wording.channels import listed
from actviz_core.wording.explanations import (
    RULE,
    agreement_sentence,
    covering_sentence,
    map_sentence,
    verdict_sentence,
)
from actviz_core.workspace.explanations import Asked, Explanation, Explanations


@dataclass(frozen=True, eq=False)
class Place:
    """Where maps lie: what the network sees, (h, w, 3), its part of the whole picture, a card's pixels."""

    picture: npt.NDArray[np.uint8]
    part: PicturePart
    width: int


def shared_reach(wanted: Sequence[Asked], explanations: Explanations) -> float | None:
    """The largest size among all maps that are there; None if there is none."""
    found = [explanation.map for asked in wanted if (explanation := explanations.find(asked))]
    sizes = [_numbers(values) for values in found if values is not None]
    return max((float(_finite(values).max(initial=0)) for values in map(np.abs, sizes)), default=None)


def map_card(
    asked: Asked,
    classes: Classes,
    look: Look,
    place: Place,
    explanations: Explanations,
    *,
    reach: float | None,
    twin: Twin | None,
) -> None:
    """Draw the whole card, or what keeps it from being there."""
    about = ABOUT[asked.method]
    st.markdown(f"**{plain(about.title)}**")
    with st.container(key=f"about_map_{asked.method}"):
        st.caption(plain(about.sentence))
    found = made(asked, explanations, key=asked.method)
    if found is None:
        return
    if found.map is None:
        st.info(plain(found.reason), icon=":material/block:")
        return
    values = _numbers(found.map)
    _draw_map(values, asked, look, place, reach, f"why_map_{asked.method}", _alt(asked, classes))
    _test(found, asked, classes)
    _notes(found, values, asked)
    if twin is not None:
        _check(asked, values, twin, look, place, explanations)


def _draw_map(
    values: npt.NDArray[np.floating],
    asked: Asked,
    look: Look,
    place: Place,
    reach: float | None,
    key: str,
    alt: str,
) -> None:
    signed = ABOUT[asked.method].signed and not asked.absolute
    figure = channel_map(
        values,
        image=place.picture,
        opacity=look.opacity,
        limits=None if not reach else (-reach if signed else 0.0, reach),
        signed=signed,
        width=place.width,
    )
    draw(lay_on_pictures(figure, [place.part]), key=key, alt=alt)


def _alt(asked: Asked, classes: Classes) -> str:
    against = "" if classes.against_name is None else f" rather than {classes.against_name}"
    return f"{ABOUT[asked.method].title}: the places of the picture that matter for {classes.name}{against}"


def _notes(found: Explanation, values: npt.NDArray[np.floating], asked: Asked) -> None:
    notes = []
    if found.layer:
        notes.append(f"It looks at {found.layer}.")
    if not ABOUT[asked.method].of_class:
        notes.append("It is the same for every class.")
    if said := map_sentence(values):
        notes.append(said)
    if notes:
        st.caption(plain(" ".join(notes)))
    if found.channels and found.layer:
        _channels(asked, found.layer, found.channels)


def _channels(asked: Asked, layer: str, channels: Sequence[int]) -> None:
    """Draw the way to the pages of the channels that add most to a map."""
    names = listed([str(channel) for channel in channels])
    many, does = ("Channels", "add") if len(channels) > 1 else ("Channel", "adds")
    st.caption(f"{many} {names} of it {does} most to this map.")
    layers = tuple(dict.fromkeys((*current_view().layers, layer)))
    with st.container(horizontal=True):
        for channel in channels:
            st.page_link(
                "channel.py",
                label=f"Open the page of channel {channel}",
                icon=":material/open_in_full:",
                query_params=channel_link(View(asked.model.key, asked.sample.id, layers), layer, channel),
            )


def _test(found: Explanation, asked: Asked, classes: Classes) -> None:
    if found.test is None:
        st.markdown(plain(found.reason))
        return
    draw(
        covering_curves(found.test.deletion.shares, _lines(found.test), quantity=_quantity(classes)),
        key=f"why_test_{asked.method}",
        alt="The class's share while pixels are covered, and uncovered, in the map's order and at random",
    )
    covering = covering_sentence(found.test, classes.name, classes.against_name)
    st.markdown(f"{plain(covering)} {plain(verdict_sentence(found.test, classes.name))}", help=RULE)


def _quantity(classes: Classes) -> str:
    return classes.name if classes.against_name is None else f"{classes.name}, of the two"


def _lines(test: MapTest) -> list[Line]:
    return [
        Line("covered", test.deletion.probabilities, covered=True, chance=False),
        Line("at random", test.random.deletion.probabilities, covered=True, chance=True),
        Line("uncovered", test.insertion.probabilities, covered=False, chance=False),
        Line("at random", test.random.insertion.probabilities, covered=False, chance=True),
    ]


def _check(
    asked: Asked,
    values: npt.NDArray[np.floating],
    twin: Twin,
    look: Look,
    place: Place,
    explanations: Explanations,
) -> None:
    """Draw the same map of the network with random weights, and say how far the two agree."""
    if twin.model is None:
        st.caption(plain(twin.reason))
        return
    st.markdown("With random weights:")
    found = made(twin.asked(asked), explanations, key=f"random_{asked.method}")
    if found is None:
        return
    if found.map is None:
        st.caption(plain(found.reason))
        return
    other, title = _numbers(found.map), ABOUT[asked.method].title
    _draw_map(
        other,
        asked,
        look,
        place,
        None,
        f"why_random_{asked.method}",
        f"{title} of the same network with random weights",
    )
    st.markdown(plain(agreement_sentence(rank_agreement(values, other), title)))


def _numbers(values: Tensor) -> npt.NDArray[np.floating]:
    numbers: npt.NDArray[np.floating] = values.float().numpy()
    return numbers


def _finite(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return values[np.isfinite(values)]
