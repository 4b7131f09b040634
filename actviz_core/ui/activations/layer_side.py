"""The column beside the grid: the whole layer in one map, or one channel large."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.analysis import (
    ChannelStatistics,
    Strength,
    Summary,
    ValueRange,
    principal_components,
    summary_map,
)
from actviz_core.figures import Colors, channel_map, histogram, lay_on_pictures, overlay
from actviz_core.ui.activations.channels_that_matter import which_matter
from actviz_core.ui.activations.colour_range import colour_range
from actviz_core.ui.activations.edits_view import edit_channel
from actviz_core.ui.activations.layer_files import label_of_layer
from actviz_core.ui.activations.selected_layer import LAYER_PLACE, SelectedLayer
from actviz_core.ui.channel.opening import channel_link, remember_channel
from actviz_core.ui.choices import check_link, check_number, check_switches
from actviz_core.ui.figure import draw, draw_clickable
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.place import Place, choose_place
from actviz_core.ui.shell.view import current_view
from actviz_core.ui.text import plain
from actviz_core.ui.usual import tell_usual
from actviz_core.units import percent
from actviz_core.workspace.shared import Workspace

WIDTH = 340


NOT_WHAT_MATTERED = "It does not show what mattered for the answer."


class Overview(StrEnum):
    """How a whole layer becomes one map."""

    MEAN = "mean"
    MAXIMUM = "max"
    COMPONENTS = "PCA"


OVERVIEW_HELP = (
    "Mean and max: over all channels at each place. PCA: the three directions in which the channels "
    "differ most, as red, green and blue; places of one colour look alike to the layer."
)


def side_column(layer: SelectedLayer, place: Place | None, workspace: Workspace) -> None:
    """Draw the chosen channel, at the chosen place, or the layer's overview while none is chosen."""
    channel = _choose_channel(layer)
    if channel is None:
        _overview(layer)
    else:
        _channel(layer, channel, place, workspace)


def channel_of_vector(layer: SelectedLayer) -> None:
    """Draw what can be done with one channel of a layer without maps: choose it, change it, weigh it."""
    channel = _choose_channel(layer, clickable=False)
    if channel is not None:
        edit_channel(layer, channel)
    which_matter(layer, clicked=_set_channel)


def _choose_channel(layer: SelectedLayer, *, clickable: bool = True) -> int | None:
    count = len(layer.maps)
    check_link("channel", [str(channel) for channel in range(count)])
    if (st.session_state.get("channel") or 0) >= count:
        st.session_state["channel"] = None
    return st.selectbox(
        "Channel",
        range(count),
        index=None,
        key="channel",
        bind="query-params",
        placeholder="all channels",
        help=f"{meaning(Term.CHANNEL)} Choose one here{', or click it' if clickable else ''}.",
    )


def _overview(layer: SelectedLayer) -> None:
    check_link("overview", list(Overview))
    kind = st.segmented_control(
        "Over the picture" if layer.layout.on_picture else "All channels in one",
        list(Overview),
        default=Overview.MEAN,
        required=True,
        key="overview",
        bind="query-params",
        help=OVERVIEW_HELP,
    )
    picture = layer.below
    opacity = _opacity() if picture is not None else 1.0
    if kind == Overview.COMPONENTS:
        components = principal_components(layer.maps)
        draw(
            lay_on_pictures(overlay(picture, components.rgb, opacity=opacity, width=WIDTH), [layer.part]),
            key="activations_overview",
            alt="The layer's first three principal components as colours, over the picture",
            label=label_of_layer(layer, "principal components"),
        )
        shares = ", ".join(percent(float(share)) for share in components.explained)
        st.caption(f"These three explain {shares} of how the channels vary.{_not_what_mattered(layer)}")
    else:
        summary = Summary.MAXIMUM if kind == Overview.MAXIMUM else Summary.MEAN
        draw(
            lay_on_pictures(
                overlay(picture, summary_map(layer.maps, summary), opacity=opacity, width=WIDTH), [layer.part]
            ),
            key="activations_overview",
            alt=f"The {kind} of all channels over the picture",
            label=label_of_layer(layer, f"{kind} of all channels"),
        )
        high = "on average" if summary is Summary.MEAN else "in at least one channel"
        st.caption(f"Where values are high {high}.{_not_what_mattered(layer)}")
    _about_layer(layer)
    which_matter(layer, clicked=_set_channel)
    draw_histogram(layer.maps, "Histogram of all values of the layer")


def _not_what_mattered(layer: SelectedLayer) -> str:
    return "" if layer.followed is not None else f" {NOT_WHAT_MATTERED}"


def draw_histogram(values: npt.NDArray[np.generic], alt: str) -> None:
    """Draw how often which value occurs, in the column beside the values themselves."""
    draw(histogram(values), key="activations_histogram", alt=alt)


def _about_layer(layer: SelectedLayer) -> None:
    shape = " x ".join(map(str, layer.maps.shape))
    st.caption(f"**{plain(layer.call)}** {plain(layer.type_name)}, {shape}. {plain(layer.note)}")


def _channel(layer: SelectedLayer, channel: int, place: Place | None, workspace: Workspace) -> None:
    order = [int(number) for number in st.session_state.get("channel_order", range(len(layer.maps)))]
    at = order.index(channel) if channel in order else 0
    with st.container(horizontal=True):
        for label, icon, target in (
            ("Previous", ":material/chevron_left:", order[at - 1] if order else channel),
            ("Next", ":material/chevron_right:", order[(at + 1) % len(order)] if order else channel),
            ("All", ":material/grid_view:", None),
        ):
            st.button(label, icon=icon, on_click=_set_channel, args=(target,))
        remember_channel(layer.call, channel)
        st.page_link(
            "channel.py",
            label="Open its page",
            icon=":material/open_in_full:",
            query_params=channel_link(current_view(), layer.call, channel),
        )
    check_switches("over_picture")
    on_picture = layer.layout.on_picture and st.toggle(
        "Over the picture", key="over_picture", bind="query-params"
    )
    limits, said = colour_range(
        layer,
        channel,
        colors=_colors(),
        grid=ValueRange(st.session_state.get("range") or ValueRange.SHARED),
    )
    opacity = _opacity() if on_picture else 1.0
    values = layer.maps[channel]
    figure = channel_map(
        values,
        image=layer.below if on_picture else None,
        opacity=opacity,
        colors=_colors(),
        limits=limits,
        signed=layer.statistics.signed,
        channel=channel,
        width=WIDTH,
    )
    draw_clickable(
        lay_on_pictures(figure, [layer.part]),
        key="activations_channel",
        alt=layer.channel_sentence(channel),
        label=label_of_layer(layer, f"channel {channel}"),
        clicked=lambda click: choose_place(LAYER_PLACE, click.place),
    )
    st.caption(said)
    if place is not None:
        row, column = place
        st.markdown(f"At row {row}, column {column}: **{_value(values[row, column])}**")
    st.markdown(plain(layer.channel_sentence(channel)))
    tell_usual(layer, channel, workspace)
    edit_channel(layer, channel)
    channel_numbers(layer.statistics, channel)
    draw_histogram(values, f"Histogram of the values of channel {channel}")


def _colors() -> Colors:
    """The colours that the grid's tool bar says."""
    return Colors(st.session_state.get("colours") or Colors.AUTO)


def _value(value: np.generic) -> str:
    return f"{float(value):.5g}" if np.isfinite(value) else "not a number" if np.isnan(value) else "infinite"


def channel_numbers(layer: ChannelStatistics, channel: int) -> None:
    """Draw the channel's numbers beside those of the whole layer."""
    usable = np.flatnonzero(layer.peak_row >= 0)  # the others hold no finite value
    rows: dict[str, tuple[npt.NDArray[np.floating], Callable[..., np.floating]]] = {
        "mean": (layer.mean, np.mean),
        "maximum": (layer.maximum, np.max),
        "minimum": (layer.minimum, np.min),
        "deviation": (layer.std, np.mean),
        "active share": (layer.active, np.mean),
        "from zero": (layer.reach, np.max),
    }
    written = {
        name: (f"{numbers[channel]:.4g}", f"{whole(numbers[usable]):.4g}" if usable.size else "none")
        for name, (numbers, whole) in rows.items()
    }
    highest = usable[layer.maximum[usable].argmax()] if usable.size else channel
    written["maximum at"] = (_peak(layer, channel), _peak(layer, int(highest)))
    strong = len(layer.channels(Strength.STRONG))
    written["strength"] = (str(layer.strength[channel]), f"{strong:,} of {len(layer):,} strong")
    st.dataframe(
        {
            "Number": list(written),
            "Channel": [own for own, _ in written.values()],
            "Layer": [whole for _, whole in written.values()],
        },
        hide_index=True,
        alt="The channel's numbers beside those of the whole layer",
    )


def _peak(layer: ChannelStatistics, channel: int) -> str:
    row, column = layer.peak_row[channel], layer.peak_column[channel]
    return f"row {row}, column {column}" if row >= 0 else "none"


def _opacity() -> float:
    check_number("opacity", 0, 1)
    return st.slider(
        "Opacity", 0.0, 1.0, value=0.6, step=0.1, key="opacity", bind="query-params", format="percent"
    )


def _set_channel(channel: int | None) -> None:
    st.session_state["channel"] = channel
    if channel is None:
        choose_place(LAYER_PLACE, None)
