"""A visitor without a browser: opens pages and links through `AppTest`, and reads what they say and draw."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from streamlit.testing.v1 import AppTest

SHELL = Path(__file__).parents[2] / "pages" / "shell.py"
SECONDS = 120
LAYERS = ["layer1.0.conv1", "layer2.0.conv1", "layer3.0.conv1"]


def visit(page: str = "start", link: Mapping[str, str | list[str]] | None = None) -> AppTest:
    """Open a page in a new session, with a link's parameters if there are any."""
    app = AppTest.from_file(SHELL, default_timeout=SECONDS)
    app.query_params.update(link or {})
    app.run()
    if page != "start":
        go_to(app, page)
    return app


def go_to(app: AppTest, page: str) -> None:
    """Turn to another page of the same session."""
    app.switch_page(f"{page}.py").run()


def check_fine(app: AppTest) -> None:
    """Nothing crashed, and nothing is complained about."""
    assert said(app) == []
    assert not app.exception


def said(app: AppTest) -> list[str]:
    """Every error and warning on the page, as a person reads it; a crash is no message."""
    assert not app.exception, app.exception
    return [as_read(alert.value) for alert in (*app.error, *app.warning)]


def offered(app: AppTest) -> list[str]:
    """Every hint on the page, as a person reads it."""
    return [as_read(hint.value) for hint in app.info]


def read_page(app: AppTest) -> str:
    """The page's running text, captions too, one piece a line."""
    pieces = [*app.title, *app.subheader, *app.markdown, *app.caption]
    return "\n".join(as_read(piece.value) for piece in pieces)


def as_read(text: str) -> str:
    r"""Markdown as it reads: ``layer1\.0`` is ``layer1.0``."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def figure(app: AppTest, key: str) -> dict[str, Any]:
    """The Plotly figure of an element, its arrays decoded."""
    (spec,) = (chart.proto.spec for chart in app.get("plotly_chart") if chart.key == key)
    return _decoded(json.loads(spec))


def drawn(app: AppTest) -> set[str | None]:
    """The keys of all figures on the page."""
    return {chart.key for chart in app.get("plotly_chart")}


def shown_channels(app: AppTest) -> list[int]:
    """The channels of the grid, in the order of their tiles."""
    return [int(channel) for channel in figure(app, "activations_grid")["data"][-1]["customdata"]]


def tile(app: AppTest, channel: int) -> npt.NDArray[np.float32]:
    """The cells of one channel in the grid of true values, in reading order."""
    heatmap = figure(app, "activations_grid")["data"][0]
    z, numbers = heatmap["z"], heatmap["customdata"]
    place = shown_channels(app).index(channel)
    xs = np.asarray(figure(app, "activations_grid")["data"][-1]["x"])
    assert place < len(xs)
    return z[(numbers == channel) & np.isfinite(z)]


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "bdata" not in value:
        return {name: _decoded(item) for name, item in value.items()}
    array = np.frombuffer(base64.b64decode(value["bdata"]), np.dtype(value["dtype"]))
    shape = [int(size) for size in str(value.get("shape", len(array))).split(",")]
    return array.reshape(shape)
