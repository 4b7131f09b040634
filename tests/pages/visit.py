"""A visitor without a browser: opens pages and links through `AppTest`, acts, and reads what they show."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.runtime.scriptrunner import RerunData
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from actviz_core.ui.text import JOINER

SHELL = Path(__file__).parents[2] / "pages" / "shell.py"
SECONDS = 120

Link = Mapping[str, str | Sequence[str]]


def visit(page: str = "start", link: Link | None = None) -> AppTest:
    """Open a page in a new session, as the browser does with a link that has these parameters."""
    app = AppTest.from_file(SHELL, default_timeout=SECONDS)
    app._bidi_component_manager = _components()
    app.query_params.update(link or {})
    if page != "start":
        app._page_hash = calc_hash(page)
    return app.run()


@cache
def _components() -> BidiComponentManager:
    """What all sessions share, without a search for components in every installed package."""
    return BidiComponentManager()


def go_to(app: AppTest, page: str) -> None:
    """Turn to another page of the same session."""
    app.switch_page(f"{page}.py").run()


def go_back(app: AppTest, **earlier: str) -> None:
    """Go back in the browser's history to where the link had these parameters."""
    app.query_params.update(earlier)
    request = partial(RerunData, is_history_navigation=True)
    with patch("streamlit.testing.v1.local_script_runner.RerunData", request):
        app.run()


def widget(app: AppTest, label: str) -> Any:
    """The one widget with this label, other than a button."""
    widgets: list[Any] = [
        *app.selectbox,
        *app.multiselect,
        *app.toggle,
        *app.slider,
        *app.number_input,
        *app.text_input,
        *app.get("button_group"),
    ]
    (found,) = (candidate for candidate in widgets if candidate.label == label)
    return found


def choose(app: AppTest, label: str, value: Any) -> None:
    """Set the one widget with this label."""
    widget(app, label).set_value(value).run()
    check_sound(app)


def turn_to(app: AppTest, page: int) -> None:
    """Turn to another page of the contact sheet or the grid."""
    paginations: list[Any] = [*app.get("pagination")]
    (pagination,) = paginations
    pagination.set_value(page).run()
    check_sound(app)


def press(app: AppTest, label: str, *, nth: int = 0) -> None:
    """Press the button with this label; of several, the ``nth`` from the top."""
    buttons = [button for button in app.button if as_read(button.label) == label]
    buttons[nth].click().run()
    check_sound(app)


def click(app: AppTest, key: str, item: Any, place: tuple[int, int] | None = None, panel: int = 0) -> None:
    """Click a tile of a figure, or a cell of it, as the browser reports it."""
    _tell(app, key, "clicked", {"item": item, "place": place and list(place), "panel": panel})


def draw_around(app: AppTest, key: str, corners: Sequence[tuple[float, float]]) -> None:
    """Draw a line around points of a map, as the browser reports it."""
    _tell(app, key, "selected", [list(corner) for corner in corners])


def _tell(app: AppTest, key: str, event: str, value: Any) -> None:
    """Run the app with what a figure tells."""
    events = [{"event": event, "value": value}]
    states = app._tree.get_widget_states()
    widget_id = f"$$STREAMLIT_INTERNAL_KEY_{_figures(app)[key].id}__events"
    states.widgets.add(id=widget_id, json_trigger_value=json.dumps(events))
    app._run(states)
    check_sound(app)


def tick(app: AppTest, *layers: str) -> None:
    """Leave exactly these layers ticked in the table."""
    names = list(table(app)["Full name"])
    rows = [names.index(layer) for layer in layers]
    _report(app, app.dataframe[0].proto.id, {"rows": rows, "columns": [], "cells": []})


def _report(app: AppTest, widget_id: str, selection: dict[str, Any]) -> None:
    """Run the app with a selection that `AppTest` has no method for."""
    states = app._tree.get_widget_states()
    states.widgets.add(id=widget_id, string_value=json.dumps({"selection": selection}))
    app._run(states)
    check_sound(app)


def check_sound(app: AppTest) -> None:
    """Nothing crashed; a message is no crash."""
    assert not app.exception, [crash.value for crash in app.exception]


def check_fine(app: AppTest) -> None:
    """Nothing crashed, and nothing is complained about."""
    assert said(app) == []


def said(app: AppTest) -> list[str]:
    """Every error and warning on the page, as a person reads it."""
    check_sound(app)
    return [as_read(alert.value) for alert in (*app.error, *app.warning)]


def offered(app: AppTest) -> list[str]:
    """Every hint on the page, as a person reads it."""
    return [as_read(hint.value) for hint in app.info]


def read_page(app: AppTest) -> str:
    """The page's and the sidebar's running text, one piece a line."""
    pieces = [*app.title, *app.subheader, *app.markdown, *app.caption]
    return "\n".join(as_read(piece.value) for piece in pieces)


def as_read(text: str) -> str:
    r"""Markdown as it reads: ``layer1\.0`` is ``layer1.0``; of spaces and joiners, what a person sees."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).replace("\xa0", " ").replace(JOINER, "")


def table(app: AppTest) -> pd.DataFrame:
    """The page's table."""
    (frame,) = app.dataframe
    return frame.value


def in_tray(app: AppTest) -> list[str]:
    """The titles of the tray's pictures in the sidebar, as they are written; none while there is no tray."""
    groups: list[Any] = [*app.get("button_group")]
    return [title for group in groups if group.label == "Tray" for title in group.options]


def pictures(app: AppTest) -> list[str]:
    """The texts that stand for the page's and the sidebar's pictures."""
    return [image.alt for element in app.get("image") for image in element.proto.imgs]


def drawn(app: AppTest) -> set[str]:
    """The keys of all figures on the page."""
    return set(_figures(app))


def content(app: AppTest, key: str) -> bytes:
    """All that the browser gets of a figure."""
    return bytes(_figures(app)[key].bytes)


def figure(app: AppTest, key: str) -> dict[str, Any]:
    """The Plotly figure of an element, its arrays decoded."""
    decoded: dict[str, Any] = _decoded(json.loads(content(app, key))["figure"])
    return decoded


def about(app: AppTest, key: str) -> dict[str, str]:
    """What a saved picture of a figure says of it: ``title``, ``source``, ``name``."""
    told: dict[str, str] = json.loads(content(app, key))["about"]
    return told


def described(app: AppTest, key: str) -> str:
    """The text that stands for a figure."""
    return str(json.loads(content(app, key))["about"]["alt"])


def _figures(app: AppTest) -> dict[str, Any]:
    """What the browser gets of every figure on the page, by its key."""
    components = [element.proto for element in app.get("bidi_component")]
    return {part.id.split("-", 2)[-1]: part for part in components if part.component_name == "figure"}


def shown_channels(app: AppTest, key: str = "activations_grid") -> list[int]:
    """The channels of a grid, in the order of their tiles."""
    return [int(channel) for channel in figure(app, key)["data"][-1]["customdata"]]


def tile(
    app: AppTest, channel: int, shape: tuple[int, ...], key: str = "activations_grid", values: str = "z"
) -> npt.NDArray[np.float32]:
    """The cells of one channel of a grid, (H, W); ``shape`` ends with H and W, ``values`` names the array."""
    drawing = figure(app, key)
    heatmap, titles = drawing["data"][0], drawing["data"][-1]
    height, width = shape[-2:]
    place = list(titles["customdata"]).index(channel)
    left = round(titles["x"][place] - (width - 1) / 2)
    rows = np.asarray(drawing["layout"]["yaxis"]["ticktext"])
    top = next(row for row in range(len(rows)) if row > titles["y"][place] and rows[row] == 0)
    cells: npt.NDArray[np.float32] = heatmap[values][top : top + height, left : left + width]
    return cells


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
