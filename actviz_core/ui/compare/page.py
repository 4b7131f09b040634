"""The Compare page: presets, headers, and one figure for all panels."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from actviz_core.analysis import ChannelOrder, Summary, ValueRange
from actviz_core.board import FEWEST_PANELS, MOST_PANELS, board_name, board_title
from actviz_core.figures import Colors, Show, aligned_predictions, compare_board, lay_on_pictures
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.ui.activations.layer_side import NOT_WHAT_MATTERED
from actviz_core.ui.activations.values_choice import choose_of_panels
from actviz_core.ui.channel.from_board import offer_channel_pages
from actviz_core.ui.channel.opening import remember_order_of_board
from actviz_core.ui.choices import check_link, check_number, check_switches, linked_selectbox
from actviz_core.ui.compare.channels import ORDERS, ShownChannels, page_of_channels
from actviz_core.ui.compare.difference import show_difference
from actviz_core.ui.compare.headers import add_panel_popover, header_row
from actviz_core.ui.compare.names import readable_panels
from actviz_core.ui.compare.panels import LoadedPanel, answers, fill, tell_followed
from actviz_core.ui.compare.pins import shared_row
from actviz_core.ui.compare.place import choose_on_board, chosen_board_place
from actviz_core.ui.compare.presets import layers_in_hand, preset_bar
from actviz_core.ui.compare.state import (
    current_slots,
    show_board_link,
    tell_panel_problems,
)
from actviz_core.ui.figure import FigureLabel, draw, draw_clickable
from actviz_core.ui.shell.content_width import content_width
from actviz_core.ui.shell.tab_title import name_tab
from actviz_core.ui.shell.view import View
from actviz_core.ui.take_away import ExportItem, label_of, take_away
from actviz_core.ui.usual import tell_usual_of_panels
from actviz_core.workspace.shared import Workspace

WIDGET = 118
SHOWN = {"all channels": Show.GRID, "one channel": Show.CHANNEL, "summary": Show.SUMMARY}
SUMMARIES: dict[str, Summary | None] = {"mean": Summary.MEAN, "max": Summary.MAXIMUM, "PCA": None}


@dataclass(frozen=True)
class BoardChoices:
    """What the tool bar says."""

    show: Show
    channel: int
    order: ChannelOrder
    own_order: bool
    own_range: bool
    colors: Colors
    summary: Summary | None
    opacity: float | None


def show_board(model: Model, sample: Sample, view: View, workspace: Workspace) -> None:
    """Draw the whole page below its title."""
    preset_bar(view, model, sample, workspace)
    with st.container(horizontal=True):
        asked = choose_of_panels(model, sample, workspace)
    made = current_slots()
    tell_panel_problems()
    show_board_link(made)
    slots = made or layers_in_hand(view, model, sample, workspace)
    name_tab(f"{len(slots)} panels compared")
    if len(slots) < FEWEST_PANELS:
        st.info("A board has at least two panels. Choose a preset, or more layers.", icon=":material/info:")
        return
    board = fill(slots, (model.key, sample.id), workspace, asked)
    tell_followed(board.usable)
    shared_row(board)
    header_row(board, view, workspace)
    shown = board.usable
    if not shown:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        choices = _tool_bar(shown)
        with st.container(horizontal=True, width="content"):
            if len(slots) < MOST_PANELS:
                add_panel_popover(board, view, workspace)
            files = st.container(width="content")
    taken = [_taken(panel) for panel in shown]
    named = readable_panels([panel.panel for panel in shown], workspace)
    label = label_of(taken, name=board_name(named), title=board_title(named))
    figure = _board(shown, choices, label)
    if choices.show is Show.CHANNEL:
        tell_usual_of_panels(shown, choices.channel, workspace)
    with files:
        take_away(figure, taken, label, key="compare_board")
    predictions, titles, labels = answers(shown)
    draw(
        aligned_predictions(predictions, titles, labels=labels, width=content_width()),
        key="compare_predictions",
        alt="The most probable classes of every panel, the same class in the same row",
    )
    show_difference(shown, choices)


def _tool_bar(panels: Sequence[LoadedPanel]) -> BoardChoices:
    most = max(len(panel.drawn.maps) for panel in panels)
    check_link("show", list(SHOWN))
    check_switches("own_range", "own_order", "board_over")
    check_number("board_opacity", 0, 1)
    with st.container(horizontal=True, vertical_alignment="bottom", width="content", key="toolbar_board"):
        show = st.segmented_control(
            "Show", list(SHOWN), default=next(iter(SHOWN)), required=True, key="show", bind="query-params"
        )
        channel, summary = 0, "mean"
        if show == "one channel":
            channel = linked_selectbox("Channel", range(most), key="board_channel", width=WIDGET)
        elif show == "summary":
            summary = linked_selectbox(
                "Summary", list(SUMMARIES), key="summary", width=WIDGET, help=NOT_WHAT_MATTERED
            )
        else:
            linked_selectbox("Sort by", list(ORDERS), key="board_sort", width=WIDGET)
        own_range = st.toggle(
            "Own range",
            key="own_range",
            bind="query-params",
            help="Off: one colour scale for all panels, so that colours can be compared. On: each its own.",
        )
        with st.popover("More"):
            own_order = st.toggle(
                "Own order",
                key="own_order",
                bind="query-params",
                help="Off: every panel in the order of the first. On: each panel in its own.",
            )
            colors = linked_selectbox("Colours", list(Colors), key="board_colours")
            over = st.toggle("Over the picture", key="board_over", bind="query-params")
            opacity = st.slider("Opacity", 0.0, 1.0, 0.6, 0.1, key="board_opacity", bind="query-params")
    return BoardChoices(
        SHOWN[show or "all channels"],
        channel,
        ORDERS[st.session_state.get("board_sort") or "number"],
        own_order,
        own_range,
        colors,
        SUMMARIES[summary],
        opacity if over else None,
    )


def _board(panels: Sequence[LoadedPanel], choices: BoardChoices, label: FigureLabel) -> go.Figure:
    channels = page_of_channels(panels, choices)
    figure = compare_board(
        [panel.drawn for panel in panels],
        show=choices.show,
        orders=channels.orders,
        which=channels.which,
        channel=choices.channel,
        summary=choices.summary,
        opacity=choices.opacity,
        colors=choices.colors,
        value_range=ValueRange.CHANNEL if choices.own_range else ValueRange.SHARED,
        width=content_width(),
    )
    lay_on_pictures(figure, [panel.part for panel in panels], chosen=chosen_board_place(panels))
    draw_clickable(
        figure,
        key="compare_board",
        alt=_described(panels, choices, channels),
        clicked=choose_on_board,
        label=label,
    )
    if choices.show is Show.GRID:
        for panel, order in reversed([*zip(panels, channels.every, strict=True)]):  # the first has the say
            remember_order_of_board(panel.panel.call, order.tolist())
    if choices.show is Show.CHANNEL:
        offer_channel_pages(panels, choices.channel)
    return figure


def _described(panels: Sequence[LoadedPanel], choices: BoardChoices, channels: ShownChannels) -> str:
    """The board in words, with how many channels of each panel it shows."""
    words = []
    for panel, order in zip(panels, channels.orders, strict=True):
        part = f", {len(order)} of {len(panel.drawn.maps):,} channels"
        partial = choices.show is Show.GRID and len(order) < len(panel.drawn.maps)
        words.append(panel.drawn.title + (part if partial else ""))
    return f"{len(panels)} panels: " + "; ".join(words)


def _taken(panel: LoadedPanel) -> ExportItem:
    return ExportItem(
        panel.model, panel.sample, panel.panel.call, panel.value, panel.drawn.statistics, panel.followed
    )
