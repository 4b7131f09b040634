"""From which to which value the colours of a channel run that is shown large: the grid's unless asked for."""

import streamlit as st

from actviz_core.analysis import ValueRange
from actviz_core.figures import Colors, grid_limits
from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.choices import check_switches

OWN_RANGE = "channel_own_range"
GRID = "the grid"
ELSEWHERE = "the grid of all channels"


def colour_range(
    layer: SelectedLayer,
    channel: int,
    *,
    colors: Colors = Colors.AUTO,
    grid: ValueRange = ValueRange.SHARED,
    like: str = GRID,
) -> tuple[tuple[float, float], str]:
    """Draw the choice, and return the values at the ends of the colours with a sentence that says which.

    ``grid`` is the range of the tiles that the channel is one of, and ``like`` what the sentence calls them.
    """

    def limits(value_range: ValueRange) -> tuple[float, float]:
        return grid_limits(layer.maps, layer.statistics, channel, colors=colors, value_range=value_range)

    own, shared = limits(ValueRange.CHANNEL), limits(grid)
    if grid is ValueRange.CHANNEL:
        return own, f"Colours as in {like}, where each channel has its own range: {_span(own)}."
    check_switches(OWN_RANGE)
    if st.toggle(
        "Own colour range",
        key=OWN_RANGE,
        bind="query-params",
        help=f"Off: the same value has the same colour as in {like}. On: this channel's own range, in which "
        "faint patterns can be seen.",
    ):
        return own, f"Colours of this channel alone: {_span(own)}. The grid's: {_span(shared)}."
    return shared, f"Colours as in {like}: {_span(shared)}."


def _span(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.4g} to {ends[1]:.4g}"
