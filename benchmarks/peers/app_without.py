"""The app itself with something left out: what `BENCHMARKS_WITHOUT` names is neither built nor drawn.

It is the key of a figure (`activations_grid`, `samples_sheet`), or `figures` for all of them.
"""

import os
from typing import Any
from unittest.mock import patch

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from actviz_core.samples import Source
from actviz_core.ui.activations import channel_views, layer_side
from actviz_core.ui.samples import browser
from dashboard import lifespan, middleware, routes
from tests.support.server import ROOT

WITHOUT = os.environ["BENCHMARKS_WITHOUT"]


def _nothing(*_args: Any, **_options: Any) -> None:
    """Stands in for what draws."""


def _no_figure(*_args: Any, **_options: Any) -> go.Figure:
    return go.Figure()


def _no_pictures(*_args: Any, **_options: Any) -> Any:
    return np.empty((0, 64, 64, 3), np.uint8)


if WITHOUT in ("activations_grid", "figures"):
    patch.object(channel_views, "channel_grid", _no_figure).start()
    patch.object(channel_views, "draw_clickable", _nothing).start()
if WITHOUT == "figures":
    for builder in ("overlay", "channel_map", "histogram"):
        patch.object(layer_side, builder, _no_figure).start()
    patch.object(layer_side, "draw", _nothing).start()
if WITHOUT == "samples_sheet":
    patch.object(browser, "contact_sheet", _no_figure).start()
    patch.object(browser, "draw_clickable", _nothing).start()
    patch.object(Source, "thumbnails", _no_pictures).start()

app = st.App(ROOT / "pages" / "shell.py", lifespan=lifespan, routes=routes, middleware=middleware)
