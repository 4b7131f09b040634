"""The tray: up to six pictures kept at hand on every page."""

from contextlib import suppress

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.names import ImageId
from actviz_core.names.image import with_variant
from actviz_core.samples import parse_image_id
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.view import View, choose_image
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace

TRAY_SIZE = 6
_SESSION = "tray"


def tray() -> list[str]:
    """The image ids in the tray, oldest first."""
    kept: list[str] = st.session_state.get(_SESSION, [])
    return kept


def tray_is_new() -> bool:
    """Whether this session has yet to hear of a tray: nothing was kept, removed or restored."""
    return _SESSION not in st.session_state


def restore_tray(told: object) -> None:
    """Fill the tray with what the browser remembers, unless the session has one; foreign text is refused."""
    if not tray_is_new() or not isinstance(told, list):
        return
    kept: list[str] = []
    for text in told[:TRAY_SIZE]:
        with suppress(ActVizError):  # what this app did not write
            kept.append(str(parse_image_id(str(text))))
    st.session_state[_SESSION] = list(dict.fromkeys(kept))


def keep_in_tray(image_id: str) -> None:
    """Add a picture; when the tray is full, the oldest one makes room."""
    st.session_state[_SESSION] = [*(kept for kept in tray() if kept != image_id), image_id][-TRAY_SIZE:]


def take_from_tray(image_id: str) -> None:
    """Remove a picture."""
    st.session_state[_SESSION] = [kept for kept in tray() if kept != image_id]


def tray_choice(view: View, workspace: Workspace) -> None:
    """Switch to a picture of the tray; draws nothing while the tray is empty."""
    if not tray():
        return
    st.session_state["tray_choice"] = view.image_id if view.image_id in tray() else None
    st.pills(
        "Tray",
        tray(),
        key="tray_choice",
        format_func=_titles(workspace).__getitem__,
        on_change=_choose,
        help=f"{meaning(Term.TRAY)} Click one to look at it.",
    )


def _choose() -> None:
    if st.session_state["tray_choice"]:
        choose_image(st.session_state["tray_choice"])


def _titles(workspace: Workspace) -> dict[str, str]:
    """What each picture of the tray is called: by its file's name only where no other one has it."""
    names = {image_id: _name(image_id, workspace) for image_id in tray()}
    shown = {}
    for image_id, (label, name) in names.items():
        source, item, varied = _parts(image_id)
        alone = name is not None and not varied and [other for _, other in names.values()].count(name) == 1
        shown[image_id] = plain(str(name) if alone else f"{name or label or source} {item}")
    return shown


def _parts(image_id: str) -> tuple[str, str, bool]:
    """The source of a picture, what tells it from others there, and whether it is a variant."""
    parts = ImageId.parse(image_id)
    item = str(parts.item) if not parts.variant else with_variant(str(parts.item), parts.variant)
    return parts.source, item, bool(parts.variant)


def _name(image_id: str, workspace: Workspace) -> tuple[str | None, str | None]:
    """A picture's label and its file's name."""
    try:
        sample = workspace.sample(image_id)
    except ActVizError:
        return None, None
    return sample.label, sample.name
