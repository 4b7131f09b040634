"""The place that a click on the board chose: a cell of one of its panels, marked in all of them."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.ui.choices import check_link
from actviz_core.ui.compare.panels import LoadedPanel
from actviz_core.ui.compare.state import choose_channel
from actviz_core.ui.figure import Click
from actviz_core.ui.place import choose_place, chosen_place

_OWNER = "board"
_PANEL = "place_panel"


def choose_on_board(click: Click) -> None:
    """Show the channel that was clicked in every panel, and mark the place until the next click."""
    if click.item is not None:
        choose_channel(click.item)
    _name_panel(click.panel)
    choose_place(_OWNER, click.place)


def chosen_board_place(panels: Sequence[LoadedPanel]) -> tuple[int, int, int] | None:
    """Position among ``panels``, row and column of the chosen cell; the link names both.

    The link's ``place_panel`` counts from 1 and is left out for the first panel.
    """
    numbers = [str(number + 1) for number in range(len(panels))]
    check_link(_PANEL, numbers)
    given = st.query_params.get(_PANEL, "1")
    panel = int(given) - 1 if given in numbers else 0
    rows, columns = panels[panel].drawn.maps.shape[1:]
    place = chosen_place(_OWNER, (rows, columns))
    if place is None:
        _name_panel(0)
        return None
    return panel, *place


def _name_panel(panel: int) -> None:
    """Let the link name the panel of the place, unless it is the first."""
    if panel:
        st.query_params[_PANEL] = str(panel + 1)
    elif _PANEL in st.query_params:
        del st.query_params[_PANEL]
