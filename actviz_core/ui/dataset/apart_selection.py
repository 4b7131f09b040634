"""The pictures that somebody drew a line around: kept in the link as that line, told and shown as a sheet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.analysis.outline import inside, simplified
from actviz_core.analysis.projection import Projection
from actviz_core.figures import contact_sheet
from actviz_core.sweep.map_pictures import MapPictures
from actviz_core.ui.choices import check_link
from actviz_core.ui.dataset.apart_maps import PATIENCE, Method, map_key, pca_task
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.dataset.ways import go_to_why
from actviz_core.ui.figure import draw_clickable
from actviz_core.ui.shell.content_width import content_width
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.ui.text import plain
from actviz_core.wording.telling_apart import selection_sentence

CORNERS = 24
"""A line keeps so many corners, so that it fits into a link; what is chosen follows the line that is kept."""

PAGE = 120
_DIGITS = 5


@dataclass(frozen=True)
class Outline:
    """A closed line on a map: of which kind and layer the map is, and the line's corners."""

    method: Method
    call: str
    corners: tuple[tuple[float, float], ...]


def _read(texts: Sequence[str]) -> Outline | None:
    """``pca:layer3:0.1,2;3,4;5,6``: the kind of map, the layer, and corners."""
    method, _, rest = texts[-1].partition(":")
    call, _, corners = rest.rpartition(":")
    pairs = [corner.split(",") for corner in corners.split(";")]
    if method not in list(Method) or not 3 <= len(pairs) <= CORNERS or any(len(pair) != 2 for pair in pairs):
        return None
    try:
        found = tuple((float(x), float(y)) for x, y in pairs)
    except ValueError:
        return None
    if not all(math.isfinite(number) for corner in found for number in corner):
        return None
    return Outline(Method(method), call, found)


def _write(outline: Outline) -> list[str]:
    corners = ";".join(f"{x:.{_DIGITS}g},{y:.{_DIGITS}g}" for x, y in outline.corners)
    return [f"{outline.method}:{outline.call}:{corners}"]


LASSO = LinkValue("lasso", _read, _write)
_POSSIBLE = "It is made by drawing around points of a map."


def select(method: Method, call: str, outline: Sequence[tuple[float, float]]) -> None:
    """Choose the pictures within a line on a map from now on, on the maps of all layers."""
    corners = simplified(np.array(outline), CORNERS)
    drawn = Outline(method, call, tuple((float(x), float(y)) for x, y in corners))
    LASSO.choose(_read(_write(drawn)))  # with the digits that the link has


def outline_here(method: Method, call: str) -> npt.NDArray[np.float64] | None:
    """The line's corners, (K, 2), if it was drawn on this map."""
    outline = LASSO.get(_POSSIBLE)
    if outline is None or (outline.method, outline.call) != (method, call):
        return None
    return np.array(outline.corners)


def chosen_pictures(hand: RunInHand, pictures: MapPictures) -> npt.NDArray[np.bool_] | None:
    """Which pictures lie within the line, (N,); None where none is drawn, or its map is not made."""
    outline = LASSO.get(_POSSIBLE)
    if outline is None:
        return None
    if outline.call not in hand.run.calls:
        LASSO.warn(_write(outline)[0], "The run does not hold the layer whose map it was drawn on.")
        LASSO.choose(None)
        return None
    projection = _map_of(hand, pictures, outline)
    return None if projection is None else inside(projection.points, outline.corners)


def show_selection(hand: RunInHand, pictures: MapPictures, call: str) -> None:
    """Tell of the chosen pictures, and show them as a sheet."""
    outline = LASSO.get(_POSSIBLE)
    if outline is None:
        return
    chosen = chosen_pictures(hand, pictures)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("#### The chosen pictures")
        st.button(
            "Choose none", key="apart_none", icon=":material/close:", on_click=LASSO.choose, args=(None,)
        )
    if chosen is None:
        st.markdown(
            plain(f"They were chosen on a map of {outline.call}, which is not made on this server yet.")
        )
        return
    st.markdown(plain(selection_sentence(pictures, chosen)))
    if outline.call != call:
        st.caption(plain(f"They were chosen on the map of {outline.call}."))
    if not chosen.any() or hand.source is None:
        return
    wrong = pictures.judged & ~pictures.right
    order = np.concatenate([np.flatnonzero(chosen & wrong), np.flatnonzero(chosen & ~wrong)])
    pages = -(-len(order) // PAGE)
    page = 1
    check_link("apart_page", [str(number) for number in range(1, pages + 1)])
    if pages > 1:
        if st.session_state.get("apart_page", 1) > pages:
            st.session_state["apart_page"] = 1
        page = st.pagination(pages, key="apart_page", bind="query-params")
    else:
        st.session_state["apart_page"] = 1  # no widget takes note of a link's page: it is warned of once
    shown = order[(page - 1) * PAGE : page * PAGE]
    width = content_width()
    draw_clickable(
        contact_sheet(
            hand.source.thumbnails(pictures.indices[shown], 64),
            indices=pictures.indices[shown],
            labels=[pictures.words(int(at)) for at in shown],
            marked=wrong[shown],
            columns=max(8, width // 60),
            width=width,
        ),
        key="dataset_apart_sheet",
        alt=f"{len(shown):,} of {len(order):,} chosen pictures, those answered wrong first. Arrow keys walk "
        "through them, Enter opens one on the page Why.",
        clicked=lambda click: go_to_why(hand.run.image(int(click.item))),
    )
    st.caption(
        "Those that are answered wrong come first, with a red bar above. Click one to ask why the network "
        "says so."
    )


def _map_of(hand: RunInHand, pictures: MapPictures, outline: Outline) -> Projection | None:
    """The map that the line was drawn on, if it is there."""
    if outline.method is Method.PCA:
        task = pca_task(hand, pictures, outline.call)
        return task.result() if task.ended.wait(PATIENCE) else None
    found: Projection | None = hand.workspace.store.find(map_key(hand, outline.call, Method.T_SNE))
    return found
