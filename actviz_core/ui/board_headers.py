"""The row of headers above the board: what each panel shows, and how to change it."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from actviz_core.board import FEWEST_PANELS, Panel
from actviz_core.errors import ActVizError
from actviz_core.figures import shortened
from actviz_core.models import canonical_key, list_weights
from actviz_core.ui.board_panels import Failed, Filled
from actviz_core.ui.board_state import add_panel, remove_panel, replace_panel
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.reading import tell_magnitudes, tell_own_reading
from actviz_core.ui.text import plain
from actviz_core.ui.tray import tray
from actviz_core.ui.view import View, names_offered
from actviz_core.ui.waiting import wait_on_button
from actviz_core.workspace import Workspace

MOST_IN_ROW = 5
NAME = 18  # characters of a layer's name that fit into a header in one line


def header_row(filled: Sequence[Filled | Failed], view: View, workspace: Workspace) -> None:
    """Draw a header a panel."""
    columns = len(filled) if len(filled) < MOST_IN_ROW else 3
    row = st.grid(columns, min_column_width=150, gap="small")
    for panel in filled:
        with row.cell(), st.container(gap=None):
            _header(panel, len(filled), view, workspace)


def add_panel_popover(last: Panel, view: View, workspace: Workspace) -> None:
    """Offer one more panel: a copy of the last, with one thing changed."""
    more = st.popover(
        "Add a panel",
        icon=":material/add:",
        key="add_panel",
        on_change="rerun",  # what is inside is only made when it is open
        help="A copy of the last one, with one thing changed.",
    )
    if more.open:
        with more:
            _choices(last, "new", view, workspace, blank=True)


def _header(filled: Filled | Failed, count: int, view: View, workspace: Workspace) -> None:
    panel, position = filled.panel, filled.position
    short = shortened(panel.call, NAME)
    st.markdown(f"**{position + 1}** {plain(short)}", help=plain(panel.call) if short != panel.call else None)
    st.caption(plain(_origin(filled)))
    if isinstance(filled, Failed):
        st.error(plain(filled.reason), icon=":material/error:")
        if filled.not_yet:
            wait_on_button(key=f"wait_on_{position}")
    else:
        tell_own_reading(filled.layout, tuple(filled.value.shape))
        tell_magnitudes(filled.value)
    with st.container(horizontal=True, gap="small"):
        change = st.popover("Change", icon=":material/edit:", key=f"change_{position}", on_change="rerun")
        if change.open:
            with change:
                _choices(panel, str(position), view, workspace, blank=False)
        st.button(
            "Remove",
            key=f"remove_panel_{position}",
            icon=":material/close:",
            type="tertiary",
            disabled=count <= FEWEST_PANELS,
            on_click=remove_panel,
            args=(position,),
        )


def _origin(filled: Filled | Failed) -> str:
    """Weights and picture in few words, so that they stay in one line: ``epoch-1, cat (patterns/0)``."""
    panel = filled.panel
    if isinstance(filled, Failed):
        return f"{panel.model_key}, {panel.image_id}"
    label = filled.sample.label
    return f"{filled.weights}, {f'{label} ({panel.image_id})' if label else panel.image_id}"


def _choices(panel: Panel, place: str, view: View, workspace: Workspace, *, blank: bool) -> None:
    """Offer other weights, pictures and layers; with ``blank`` the first choice adds a panel."""
    _choice("Weights", "model_key", _model_keys(panel, workspace), panel, place, blank=blank)
    pictures = dict.fromkeys([panel.image_id, *([view.image_id] if view.image_id else []), *tray()])
    _choice("Picture", "image_id", list(pictures), panel, place, blank=blank)
    st.caption("Keep pictures in the tray on the Samples page to find them here.", help=meaning(Term.TRAY))
    _choice("Layer", "call", _calls(panel, view, workspace), panel, place, blank=blank)


def _model_keys(panel: Panel, workspace: Workspace) -> list[str]:
    """The panel's network with all weights that are here, and the network in the sidebar."""
    keys = [panel.model_key]
    try:
        keys = [canonical_key(panel.model_key)]
        infos = list_weights(keys[0].partition("@")[0], workspace.settings)
        keys += [info.key for info in infos if info.ready]
    except ActVizError:
        pass  # the panel itself says what is wrong with its model
    in_hand = st.session_state["view"].model_key
    return list(dict.fromkeys([*keys, *([in_hand] if in_hand else [])]))


def _calls(panel: Panel, view: View, workspace: Workspace) -> list[str]:
    try:
        model = workspace.model(panel.model_key)
        own = workspace.owners(model, [panel.call])
    except ActVizError:
        return [panel.call]
    return list(dict.fromkeys([*own, *names_offered(view, model, workspace)]))


def _choice(label: str, part: str, options: list[str], panel: Panel, place: str, *, blank: bool) -> None:
    key = f"panel_{place}_{part}"
    current = getattr(panel, part)
    if not blank:
        st.session_state[key] = current if current in options else None

    def changed() -> None:
        chosen = st.session_state[key]
        if chosen is None:
            return
        if blank:
            st.session_state[key] = None
            add_panel(replace(panel, **{part: chosen}))
        else:
            replace_panel(int(place), replace(panel, **{part: chosen}))

    st.selectbox(
        label,
        [option for option in options if not blank or option != current],
        index=None,
        key=key,
        on_change=changed,
        placeholder=f"the same: {current}" if blank else current,
    )
