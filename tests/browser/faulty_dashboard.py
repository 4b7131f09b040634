"""The dashboard with a fault that nobody foresaw: what one layer returned cannot be looked at."""

import sys
from pathlib import Path
from typing import Any

import streamlit as st

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import dashboard  # noqa: E402 - its folder was not known before
from actviz_core.ui.activations.selected_layer import SelectedLayer  # noqa: E402 - as above

FAULTY = "layer2.0.conv1"
_of = SelectedLayer.of


def _failing(call: str, *rest: Any) -> SelectedLayer:
    if call == FAULTY:
        raise LookupError("nobody foresaw this")
    return _of(call, *rest)


SelectedLayer.of = _failing  # type: ignore[method-assign,assignment]

app = st.App(
    ROOT / "pages" / "shell.py",
    lifespan=dashboard.lifespan,
    routes=dashboard.routes,
    middleware=dashboard.middleware,
    on_script_error=dashboard.say_uncaught,
)
