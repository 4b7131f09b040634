"""Which channels every panel of the board shows: one page of them, in one order or each panel in its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.analysis import ChannelOrder, order_channels
from actviz_core.figures import Show
from actviz_core.ui.choices import check_link
from actviz_core.ui.compare.panels import LoadedPanel

TILES = 64
ORDERS = {
    "number": ChannelOrder.INDEX,
    "strength": ChannelOrder.STRENGTH,
    "mean": ChannelOrder.MEAN,
    "maximum": ChannelOrder.MAXIMUM,
    "variation": ChannelOrder.STD,
    "active share": ChannelOrder.ACTIVE,
}


class _Choices(Protocol):
    @property
    def show(self) -> Show: ...
    @property
    def order(self) -> ChannelOrder: ...
    @property
    def own_order(self) -> bool: ...


@dataclass(frozen=True)
class ShownChannels:
    """The channels of every panel in display order, and which part of all they are: ``by mean, page 2``.

    ``every`` has those of all pages.
    """

    orders: tuple[npt.NDArray[np.int64], ...]
    which: str
    every: tuple[npt.NDArray[np.int64], ...]


def page_of_channels(panels: Sequence[LoadedPanel], choices: _Choices) -> ShownChannels:
    """Let a person turn pages where a panel has more channels than a page, for all panels at once."""
    most = max(len(panel.drawn.maps) for panel in panels)
    pages, page = -(-most // TILES), 1
    sorted_by = next(name for name, order in ORDERS.items() if order is choices.order)
    which = [] if choices.order is ChannelOrder.INDEX else [f"by {sorted_by}"]
    if choices.show is Show.GRID and pages > 1:
        check_link("board_page", [str(number) for number in range(1, pages + 1)])
        if st.session_state.get("board_page", 1) > pages:
            st.session_state["board_page"] = 1
        page = st.pagination(pages, key="board_page", bind="query-params")
        which += [f"page {page}"]
    part = slice((page - 1) * TILES, page * TILES)
    every = tuple(_orders(panels, choices))
    return ShownChannels(tuple(order[part] for order in every), ", ".join(which), every)


def _orders(panels: Sequence[LoadedPanel], choices: _Choices) -> list[npt.NDArray[np.int64]]:
    """All channels of every panel: by the first panel's numbers unless each has its own."""

    def own(panel: LoadedPanel) -> npt.NDArray[np.int64]:
        descending = choices.order is not ChannelOrder.INDEX
        return order_channels(panel.drawn.statistics, choices.order, descending=descending)

    first = own(panels[0])
    orders = []
    for panel in panels:
        order = own(panel)
        if not choices.own_order:
            shared = first[first < len(panel.drawn.maps)]
            order = np.concatenate([shared, np.setdiff1d(order, shared)])
        orders.append(order)
    return orders
