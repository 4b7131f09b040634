"""The difference of two panels: signed maps, channels by how much they differ, one sentence."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import pandas as pd
import streamlit as st

from actviz_core.analysis import channel_differences, difference
from actviz_core.errors import ShapeError
from actviz_core.figures import Show, difference_map, lay_on_pictures
from actviz_core.figures.difference_map import LEGEND, LEGEND_ROOM
from actviz_core.samples import is_mirrored
from actviz_core.ui.choices import linked_selectbox
from actviz_core.ui.compare.panels import LoadedPanel
from actviz_core.ui.compare.state import choose_channel
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.content_width import column_width, content_width
from actviz_core.ui.text import plain
from actviz_core.wording.differences import difference_sentence

TILES = 64
"""Most channels whose differences are drawn."""

SHARE = 0.58
"""Of the page's width, taken by the maps where the table has room beside them."""


class _Shown(Protocol):
    @property
    def show(self) -> Show: ...
    @property
    def channel(self) -> int: ...


def show_difference(panels: Sequence[LoadedPanel], choices: _Shown) -> None:
    """Draw the difference of two panels, the first two unless others are chosen."""
    if len(panels) < 2:
        return
    st.subheader("Difference")
    numbers = {str(panel.position + 1): panel for panel in panels}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = linked_selectbox("Of panel", list(numbers), key="first", width=118)
        others = [number for number in numbers if number != first]
        second = linked_selectbox("and panel", others, key="second", width=118)
    one, other = numbers[first], numbers[second]
    mirrored = _only_mirrored(one, other)
    maps = [panel.drawn.maps[..., ::-1] if panel is mirrored else panel.drawn.maps for panel in (one, other)]
    try:
        signed, channels = difference(*maps), channel_differences(*maps)
    except ShapeError as error:
        st.info(plain(str(error)), icon=":material/difference:")
        return
    st.markdown(plain(difference_sentence(channels, *_names(one, other))))
    if mirrored is not None:
        st.caption(
            f"The maps of panel {mirrored.position + 1}, a mirror image, are flipped back: the same part of "
            "the picture is compared."
        )
    if signed.resampled:
        st.caption("The maps have different sizes: the smaller ones are resampled before they are compared.")
    most = len(channels.order)
    if most > TILES and choices.show is not Show.CHANNEL:
        st.caption(f"The maps are the {TILES} of {most:,} channels that differ most; the table has all.")
    width = content_width()
    if width < LEGEND_ROOM:
        st.caption(LEGEND[0].upper() + LEGEND[1:])
    across = column_width(SHARE)
    page = st.grid(5, min_column_width=150, gap="medium")
    with page.cell(column_span=3):
        figure = difference_map(
            signed,
            order=channels.order[:TILES],
            channel=choices.channel if choices.show is Show.CHANNEL else None,
            width=across,
        )
        part = one.part
        if part is not None and mirrored is one:
            part = replace(part, mirrored=False)  # flipped back above
        draw_clickable(
            lay_on_pictures(figure, [part]),
            key="compare_difference",
            alt=f"The signed difference of panel {first} and panel {second}, channel by channel",
            clicked=_channel_chosen,
        )
    with page.cell(column_span=2):
        order = channels.order
        table = pd.DataFrame(
            {
                "Channel": order,
                "Relative L2": channels.relative_l2[order],
                f"Panel {first}": channels.first.strength[order],
                f"Panel {second}": channels.second.strength[order],
                "Cosine": channels.cosine[order],
                "Correlation": channels.correlation[order],
            }
        )
        st.dataframe(
            table,
            key="difference_table",
            hide_index=True,
            height=420,
            selection_mode="single-row",
            on_select=lambda: _row_chosen(order.tolist()),
            column_config={
                "Relative L2": st.column_config.NumberColumn(
                    format="%.3g",
                    help="Length of the difference by the length of the second panel's channel; 0 is equal.",
                ),
                "Cosine": st.column_config.NumberColumn(
                    format="%.3f", help="1: the same pattern, whatever its strength. 0: nothing in common."
                ),
                "Correlation": st.column_config.NumberColumn(
                    format="%.3f", help="As the cosine, after the mean of each channel is taken away."
                ),
                f"Panel {first}": st.column_config.TextColumn(help=meaning(Term.STRENGTH)),
                f"Panel {second}": st.column_config.TextColumn(help=meaning(Term.STRENGTH)),
            },
            alt="Channels by how much they differ; choose one to see it in every panel",
        )


def _only_mirrored(one: LoadedPanel, other: LoadedPanel) -> LoadedPanel | None:
    """The panel that shows a mirror image beside one that doesn't, where both lie on their pictures."""
    found = [panel for panel in (one, other) if is_mirrored(panel.sample.id)]
    lie_on_pictures = one.layout.on_picture and other.layout.on_picture
    return found[0] if len(found) == 1 and lie_on_pictures else None


def _names(one: LoadedPanel, other: LoadedPanel) -> tuple[str, str]:
    """What sentences call the two: their numbers where nothing else tells them apart."""
    if one.name != other.name:
        return one.name, other.name
    return f"panel {one.position + 1}", f"panel {other.position + 1}"


def _channel_chosen(click: Click) -> None:
    if click.item is not None:
        choose_channel(click.item)


def _row_chosen(channels: Sequence[int]) -> None:
    rows = st.session_state["difference_table"]["selection"]["rows"]
    if rows:
        choose_channel(channels[rows[0]])
