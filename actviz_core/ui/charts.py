"""Plotly figures as pages draw them: first as a still picture, then as themselves.

A browser needs a quarter of a second to draw a grid of channels with plotly, more for a board, and a second
to load plotly at all. Until then a still picture, drawn here, stands in the figure's place.
"""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from actviz_core.errors import ExportError
from actviz_core.export import figure_still

_CONFIG = {"displayModeBar": False, "scrollZoom": False}
_STILLS = "stills"  # in the session: what was last seen of each figure

# Seconds between stills and figures, since plotly lets a browser paint nothing else while it works. At a
# first visit a browser also gets scripts, and shows controls no sooner than 0.3 s after their places.
_HEAD_START, _FIRST_HEAD_START = 0.04, 0.35

# Seconds before the first still of a visit: one that comes before the scripts that show stills is among what
# the browser then holds back for 0.3 s.
_TIME_FOR_SCRIPTS = 0.06

# The still and the figure lie in the same place; the still keeps the place's height when it is hidden. A
# drawn figure hides it, unless the figure is of the run before and the still has changed since.
_STYLE = """<style>
[class*="st-key-frame_"] { display: grid; grid-template-columns: minmax(0, 1fr); }
[class*="st-key-frame_"] > * { grid-area: 1 / 1; }
[class*="st-key-frame_"] img { display: block; width: 100%; object-position: left top; }
[class*="st-key-frame_"] [data-testid="stSkeleton"] { display: none; }
[class*="st-key-frame_"]:has(.main-svg) img { visibility: hidden; }
[class*="st-key-frame_"]:has(> [data-stale="true"] .main-svg) > [data-stale="false"] img.changed
  { visibility: visible; }
[class*="st-key-frame_"]:has(> [data-stale="false"] img.changed) > [data-stale="true"] .js-plotly-plot
  { visibility: hidden; }
</style>"""


@dataclass
class _Waiting:
    """What a run of a page has yet to draw, and whether there is a new still to be seen before."""

    figures: list[Callable[[], None]] = field(default_factory=list)
    new_stills: bool = False


_waiting: ContextVar[_Waiting] = ContextVar("figures that wait for the end of the run")


def prepare_figures() -> None:
    """Make places for stills and figures, on every page, before anything else is drawn."""
    st.html(_STYLE)
    if _STILLS not in st.session_state:
        st.session_state[_STILLS] = {}
        _leave_to_browser(_TIME_FOR_SCRIPTS)


@contextmanager
def stills_first() -> Iterator[None]:
    """Within it, figures are drawn as stills; the figures themselves follow at its end."""
    waiting, first = _Waiting(), not st.session_state[_STILLS]
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
        if waiting.new_stills:
            _leave_to_browser(_FIRST_HEAD_START if first else _HEAD_START)
        for draw_figure in waiting.figures:
            draw_figure()


def draw(figure: go.Figure, *, key: str, alt: str, width: int) -> None:
    """Draw a figure that only answers to hovering and zooming; ``width`` is what it was made for."""
    _place(figure, key=key, alt=alt, width=width)


def draw_clickable(
    figure: go.Figure, *, key: str, alt: str, width: int, clicked: Callable[[Any], None]
) -> None:
    """Draw a figure whose points can be clicked; ``clicked`` gets the point's ``customdata``."""

    def on_select() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            clicked(points[0]["customdata"])

    _place(figure, key=key, alt=alt, width=width, on_select=on_select, selection_mode="points")


def _leave_to_browser(seconds: float) -> None:
    """Give a browser time; where there is none, as in tests, nobody has to wait."""
    if st.context.headers:
        time.sleep(seconds)


def _place(figure: go.Figure, *, key: str, alt: str, width: int, **options: Any) -> None:
    """Put a still where the figure will be, and let the figure wait."""
    frame = st.container(key=f"frame_{key}")
    try:
        still = figure_still(figure, width=width, dark=st.context.theme.type == "dark")
    except ExportError:
        still = b""  # only plotly can draw it
    seen: dict[str, int] = st.session_state[_STILLS]
    changed, seen[key] = seen.get(key) != hash(still), hash(still)
    if still:
        frame.html(_image(figure, still, changed=changed))

    def draw_figure() -> None:
        frame.plotly_chart(figure, width="stretch", key=key, config=_CONFIG, alt=alt, **options)

    waiting = _waiting.get()
    waiting.figures.append(draw_figure)
    waiting.new_stills |= changed


def _image(figure: go.Figure, still: bytes, *, changed: bool) -> str:
    """The still as HTML: in a place of another width it does what plotly will do there."""
    fit = "fill" if figure.layout.yaxis.scaleanchor is None else "contain"
    source = f"data:image/jpeg;base64,{base64.b64encode(still).decode()}"
    style = f"height: {figure.layout.height}px; object-fit: {fit}"
    marked = ' class="changed"' if changed else ""
    return f'<img alt=""{marked} decoding="sync" style="{style}" src="{source}">'
