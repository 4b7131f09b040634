"""Keeps the tray over a reload of the page, in the browser's own storage.

The link is no place for it: it is copied and sent, and the tray of one person would replace another's. The
storage is that of one tab and one server, ends with the tab, and never leaves the browser but to this server.
"""

from typing import Any

import streamlit as st

from actviz_core.ui.shell.tray import restore_tray, tray_is_new

_KEY = "tray_memory"

# A new session knows nothing of a tray: then the page tells what it remembers, once. From then on it is told.
# A browser that allows no storage has a tray that a reload empties.
_JS = """
export default function ({ data, setStateValue }) {
  try {
    if (data.kept) {
      sessionStorage.setItem(data.name, JSON.stringify(data.kept));
    } else {
      const kept = JSON.parse(sessionStorage.getItem(data.name) || "[]");
      if (Array.isArray(kept) && kept.length) setStateValue("kept", kept);
    }
  } catch { }
}
"""

_MEMORY = st.components.v2.component("tray_memory", html="<span></span>", js=_JS)


def remember_tray() -> None:
    """Let the tab remember the tray, or get back what it remembers. Draws nothing that can be seen."""
    new = tray_is_new()
    _MEMORY(
        key=_KEY,
        data={"name": "actviz-tray", "kept": None if new else st.session_state["tray"]},
        default={"kept": []},
        on_kept_change=_remembered,
        height=1,
    )


def _remembered() -> None:
    told: Any = st.session_state.get(_KEY)
    restore_tray((told or {}).get("kept"))
