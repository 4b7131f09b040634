"""The grid of channels: its tool bar, its pages, and a click on a channel."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import streamlit as st

from actviz_core.analysis import ChannelOrder, Strength, ValueRange, order_channels
from actviz_core.figures import Colors, channel_grid, lay_on_pictures
from actviz_core.layouts.layout import Layout
from actviz_core.ui.activations.layer_files import label_of_layer
from actviz_core.ui.activations.reading import choose_reading, tell_reading
from actviz_core.ui.activations.selected_layer import LAYER_PLACE, SelectedLayer
from actviz_core.ui.channel.opening import remember_order
from actviz_core.ui.choices import check_link, check_switches, linked_selectbox
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.place import Place, choose_place
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.text import plain

GRID_SHARE = 0.704  # of the page's width, beside the column of one channel
WIDGET = 118  # pixels: three of them, a switch and a button fit side by side
ONLY = "only"
TILES = (64, 16, 32, 128, 256, 512)
ORDERS = {
    ChannelOrder.INDEX: "number",
    ChannelOrder.STRENGTH: "strength",
    ChannelOrder.MEAN: "mean",
    ChannelOrder.MAXIMUM: "maximum",
    ChannelOrder.STD: "variation",
    ChannelOrder.ACTIVE: "active share",
}
SHOWN = {
    "all": tuple(Strength),
    "strong": (Strength.STRONG,),
    "weak": (Strength.WEAK,),
    "nearly silent": (Strength.NEARLY_SILENT,),
    "silent": (Strength.SILENT,),
    "silent or nearly silent": (Strength.SILENT, Strength.NEARLY_SILENT),
    "not silent": tuple(word for word in Strength if word is not Strength.SILENT),
}
RANGES = {ValueRange.SHARED: "shared", ValueRange.CHANNEL: "own", ValueRange.PERCENTILE: "clipped"}


@dataclass(frozen=True)
class GridChoices:
    """What the tool bar says."""

    order: ChannelOrder
    descending: bool
    shown: str
    colors: Colors
    value_range: ValueRange
    tiles: int


def grid_column(layer: SelectedLayer, decided: Layout, place: Place | None) -> go.Figure | None:
    """Draw the tool bar, the sentence and the grid, which is returned if there is one.

    ``decided`` is the layout without a person's choice of a reading; ``place`` the chosen cell.
    """
    choices = _tool_bar(decided)
    channels = order_channels(
        layer.statistics, choices.order, descending=choices.descending, words=SHOWN[choices.shown]
    )
    remember_order(layer.call, channels.tolist())
    st.markdown(plain(layer.sentence()))
    tell_reading(layer.layout, layer.shape)
    return _grid(layer, channels, choices, place)


def _tool_bar(decided: Layout) -> GridChoices:
    _take_link_of_old()
    check_switches("descending")
    check_link("tiles", [str(count) for count in TILES])
    with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar_channels"):
        order = linked_selectbox(
            "Sort by", list(ORDERS), key="sort", format_func=ORDERS.__getitem__, width=WIDGET
        )
        colors = linked_selectbox(
            "Colours",
            list(Colors),
            key="colours",
            width=WIDGET,
            help="Auto: dark to bright where values are never negative, else blue to red around zero.",
        )
        value_range = linked_selectbox(
            "Range",
            list(RANGES),
            key="range",
            format_func=RANGES.__getitem__,
            width=WIDGET,
            help="Shared: one colour scale for all channels. Own: each channel its own. "
            "Clipped: shared, without the most extreme values.",
        )
        shown = linked_selectbox(
            "Show",
            list(SHOWN),
            key=ONLY,
            width=WIDGET,
            help=f"Only channels that are so for this picture. {meaning(Term.STRENGTH)}",
        )
        with st.popover("More"):
            descending = _largest_first(order)
            tiles = (
                st.selectbox("Channels a page", TILES, key="tiles", format_func=str, bind="query-params")
                or TILES[0]
            )
            choose_reading(decided)
    return GridChoices(order, descending, shown, colors, value_range, tiles)


def _take_link_of_old() -> None:
    """Understand links from when there was a switch that hid silent channels."""
    check_switches("hide_silent")
    given = st.query_params.get("hide_silent")
    if given in ("true", "false"):
        if given == "true" and ONLY not in st.session_state and ONLY not in st.query_params:
            st.session_state[ONLY] = "not silent"
        del st.query_params["hide_silent"]


def _largest_first(order: ChannelOrder) -> bool:
    """Draw the switch; by number, channels begin with 0, and it is off."""
    if order is ChannelOrder.INDEX:
        st.toggle(
            "Largest first",
            value=False,
            key="descending_by_number",
            disabled=True,
            help="Sorted by their number, channels begin with 0.",
        )
        return False
    return st.toggle("Largest first", value=True, key="descending", bind="query-params")


def _grid(
    layer: SelectedLayer, channels: npt.NDArray[np.int64], choices: GridChoices, place: Place | None
) -> go.Figure | None:
    if not len(channels):
        none = "Every channel of this layer is silent" if choices.shown == "not silent" else None
        said = none or f"No channel of this layer is {choices.shown}"
        st.info(f"{said} for this picture.", icon=":material/visibility_off:")
        st.button("Show all channels", key="show_all_channels", on_click=_show_all)
        return None
    pages = -(-len(channels) // choices.tiles)
    page = 1
    check_link("grid_page", [str(number) for number in range(1, pages + 1)])
    if pages > 1:
        if st.session_state.get("grid_page", 1) > pages:
            st.session_state["grid_page"] = 1
        page = st.pagination(pages, key="grid_page", bind="query-params")
    shown = channels[(page - 1) * choices.tiles : page * choices.tiles]
    # The channel's own widget comes later in the script, so at first only the link knows it.
    selected = str(st.session_state.get("channel", st.query_params.get("channel")))
    width = column_width(GRID_SHARE)
    figure = channel_grid(
        layer.maps,
        channels=shown,
        colors=choices.colors,
        value_range=choices.value_range,
        selected=int(selected) if selected.isdecimal() else None,
        statistics=layer.statistics,
        width=width,
    )
    lay_on_pictures(figure, [layer.part], chosen=None if place is None else (0, *place))
    draw_clickable(
        figure,
        key="activations_grid",
        alt=f"{len(shown)} of {len(channels)} channels of {layer.call} as heatmaps. " + layer.sentence(),
        clicked=_choose_channel,
        label=label_of_layer(layer),
    )
    return figure


def _show_all() -> None:
    st.session_state[ONLY] = "all"


def _choose_channel(click: Click) -> None:
    st.session_state["channel"] = int(click.item)
    choose_place(LAYER_PLACE, click.place)
