"""Plotly figures as pages draw them: the figure goes to the browser as JSON, clicks come back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly

from actviz_core.samples import is_mirrored
from actviz_core.ui.compare.names import file_or_id, network_text
from actviz_core.ui.figure.assets import PLOTLY, scripts
from actviz_core.ui.picture_parts import picture_name
from actviz_core.ui.shell.view import current_view
from actviz_core.ui.text import file_name
from actviz_core.workspace.shared import shared_workspace

_FOLDER = Path(__file__).parent

MISSING = (
    "This figure cannot be drawn here: plotly.js, which draws it, did not arrive in your browser. "
    "A proxy may hold it back. Values, statistics and the script can still be taken away where the page "
    "offers them."
)

FAILED = (
    "This figure cannot be drawn here: your browser gave up on it. Loading the page anew may help. Values, "
    "statistics and the script can still be taken away where the page offers them."
)

_FIGURE = st.components.v2.component(
    "figure",
    html=f'<div class="figure" data-script="{scripts()[0]}" data-missing="{MISSING}" data-failed="{FAILED}">'
    '<div class="figure-words" role="status"></div></div>',
    css=(_FOLDER / "figure.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "loader.js").read_text(encoding="utf-8"),
    isolate_styles=False,  # plotly.js puts its own styles into the document
)


@dataclass(frozen=True)
class Click:
    """What a person clicked in a figure.

    Attributes:
        item: what the figure calls it: a channel, a picture, a patch; None for a map that has no name.
        place: row and column of the cell in its map; None if it was the item as a whole, such as its title.
        panel: the position of the panel among those of the figure that can be clicked.

    """

    item: Any
    place: tuple[int, int] | None = None
    panel: int = 0


@dataclass(frozen=True)
class FigureLabel:
    """What a picture of a figure says of it: a title, where its values come from, and the file's name."""

    title: str
    source: str
    name: str


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure of the page, and the text that stands for it."""

    figure: go.Figure
    alt: str


_COLLECTED: ContextVar[list[Drawn] | None] = ContextVar("collected", default=None)


@contextmanager
def collected() -> Iterator[list[Drawn]]:
    """Collect the figures that are drawn meanwhile, for a file of them."""
    found: list[Drawn] = []
    token = _COLLECTED.set(found)
    try:
        yield found
    finally:
        _COLLECTED.reset(token)


def draw(figure: go.Figure, *, key: str, alt: str, label: FigureLabel | None = None) -> None:
    """Draw a figure that only answers to hovering and zooming."""
    _draw(figure, key=key, alt=alt, label=label, clicked=None)


def draw_clickable(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    clicked: Callable[[Click], None],
    label: FigureLabel | None = None,
) -> None:
    """Draw a figure whose tiles and cells can be clicked, as its ``layout.meta`` names them."""
    _draw(figure, key=key, alt=alt, label=label, clicked=clicked)


def draw_selectable(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    clicked: Callable[[Click], None],
    selected: Callable[[Sequence[tuple[float, float]]], None],
) -> None:
    """Draw a map of points that can be clicked, and drawn around: ``selected`` gets the outline's corners."""
    _draw(figure, key=key, alt=alt, label=None, clicked=clicked, selected=selected)


def _draw(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    label: FigureLabel | None,
    clicked: Callable[[Click], None] | None,
    selected: Callable[[Sequence[tuple[float, float]]], None] | None = None,
) -> None:
    collecting = _COLLECTED.get()
    if collecting is not None:
        collecting.append(Drawn(figure, alt))
    label = label or _of_view(key, alt)
    about = {
        "alt": alt,
        "clickable": clicked is not None,
        "plotly": PLOTLY,
        "title": label.title,
        "source": label.source,
        "name": file_name(label.name),
        "hand": _in_hand(),
    }
    drawing = to_json_plotly(figure.to_dict(), engine="orjson")
    _FIGURE(
        key=key,
        data=b'{"about":' + orjson.dumps(about) + b',"figure":' + drawing.encode() + b"}",
        height=figure.layout.height,  # kept free from the start, so that nothing moves later
        on_clicked_change=lambda: _answer(key, clicked),
        on_selected_change=lambda: _answer_outline(key, selected),
    )


def _answer(key: str, clicked: Callable[[Click], None] | None) -> None:
    """Tell the page what was clicked."""
    click = st.session_state[key]["clicked"]
    if clicked is not None and click:
        place = click["place"]
        clicked(Click(click["item"], None if place is None else (place[0], place[1]), click["panel"]))


def _answer_outline(key: str, selected: Callable[[Sequence[tuple[float, float]]], None] | None) -> None:
    """Tell the page what was drawn around."""
    outline = st.session_state[key]["selected"]
    if selected is not None and outline:
        selected([(float(x), float(y)) for x, y in outline])


def _in_hand() -> dict[str, Any] | None:
    """The picture in the sidebar, on which places are marked too."""
    image_id = current_view().image_id
    if image_id is None:
        return None
    return {"picture": picture_name(image_id), "mirrored": is_mirrored(image_id)}


def _of_view(key: str, alt: str) -> FigureLabel:
    """What can be told of every figure: what it shows, of which network and picture."""
    view, workspace = current_view(), shared_workspace()
    network = None if view.key is None else network_text(view.key, workspace)
    picture = None if view.image_id is None else file_or_id(view.image_id, workspace)
    return FigureLabel(alt, "  |  ".join(filter(None, (network, picture))), key.replace("_", "-"))
