"""The row of headers above the board: what each panel shows, and how to change it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from actviz_core.board import FEWEST_PANELS
from actviz_core.errors import ActVizError
from actviz_core.figures import shortened
from actviz_core.models import canonical_key, list_weights
from actviz_core.names import ModelKey, Panel, Slot
from actviz_core.names.image import split_variant
from actviz_core.ui.activations.reading import tell_magnitudes, tell_own_reading
from actviz_core.ui.compare.names import picture_text, weights_text
from actviz_core.ui.compare.panels import Failed, FilledBoard, LoadedPanel
from actviz_core.ui.compare.pins import pin_text
from actviz_core.ui.compare.state import remove_slot, replace_slot, set_slots
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.tray import tray
from actviz_core.ui.shell.view import View, names_offered
from actviz_core.ui.shell.waiting import wait_on_button
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace

MOST_IN_ROW = 5
NAME = 18  # characters of a panel's name that fit into a header in one line
_IN_HAND = "as in the sidebar"


def header_row(board: FilledBoard, view: View, workspace: Workspace) -> None:
    """Draw a header a panel."""
    columns = len(board.panels) if len(board.panels) < MOST_IN_ROW else 3
    row = st.grid(columns, min_column_width=150, gap="small")
    for panel in board.panels:
        with row.cell(), st.container(gap=None):
            _header(panel, board.slots, view, workspace)


def add_panel_popover(board: FilledBoard, view: View, workspace: Workspace) -> None:
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
            _choices(board.panels[-1], board.slots, view, workspace, adds=True)


def _header(filled: LoadedPanel | Failed, slots: Sequence[Slot], view: View, workspace: Workspace) -> None:
    position, slot = filled.position, filled.slot
    short = shortened(filled.name, NAME)
    st.markdown(
        f"**{position + 1}** {plain(short)}", help=plain(filled.name) if short != filled.name else None
    )
    st.caption(pin_text(slot))
    if isinstance(filled, Failed):
        st.error(plain(filled.reason), icon=":material/error:")
        if filled.not_yet:
            wait_on_button(key=f"wait_on_{position}")
        elif not slot.pins_network:
            st.caption("Choose a layer of this network with Change, or press one of the buttons above.")
    else:
        tell_own_reading(filled.layout, tuple(filled.value.shape))
        tell_magnitudes(filled.value)
    with st.container(horizontal=True, gap="small", key=f"panel_actions_{position}"):
        change = st.popover("Change", icon=":material/edit:", key=f"change_{position}", on_change="rerun")
        if change.open:
            with change:
                _choices(filled, slots, view, workspace, adds=False)
        _pin_button(filled, slots)
        st.button(
            "Remove",
            key=f"remove_panel_{position}",
            icon=":material/close:",
            type="tertiary",
            disabled=len(slots) <= FEWEST_PANELS,
            on_click=remove_slot,
            args=(slots, position),
        )


def _pin_button(filled: LoadedPanel | Failed, slots: Sequence[Slot]) -> None:
    slot, panel, pinned = filled.slot, filled.panel, filled.slot.pins_network or filled.slot.pins_picture
    other = (
        slot.with_network_in_hand().with_picture_in_hand()
        if pinned
        else Slot(panel.model_key, panel.image_id, panel.call)
    )
    st.button(
        "Unpin" if pinned else "Pin",
        key=f"pin_{filled.position}",
        icon=":material/keep_off:" if pinned else ":material/keep:",
        type="tertiary",
        on_click=replace_slot,
        args=(slots, filled.position, other),
        help="Follow the network and picture in the sidebar."
        if pinned
        else "Keep this network and picture here, whatever the sidebar shows.",
    )


def _choices(
    filled: LoadedPanel | Failed, slots: Sequence[Slot], view: View, workspace: Workspace, *, adds: bool
) -> None:
    """Offer other weights, pictures and layers for a panel; with ``adds``, for one more like it."""
    slot, panel = filled.slot, filled.panel

    def choice(label: str, part: str, options: Sequence[str], text: Callable[[str], str]) -> None:
        _choice(label, part, options, text, filled, slots, adds=adds)

    choice(
        "Weights",
        "model_key",
        [slot.model_key, "", *_model_keys(panel, workspace)],
        lambda key: _network(key, workspace),
    )
    choice(
        "Picture",
        "image_id",
        [slot.image_id, "", panel.image_id, *([view.image_id] if view.image_id else []), *tray()],
        lambda image_id: _picture(image_id, workspace),
    )
    st.caption("Keep pictures in the tray on the Samples page to find them here.", help=meaning(Term.TRAY))
    choice("Layer", "call", [slot.call, *_calls(panel, view, workspace)], str)


def _network(model_key: str, workspace: Workspace) -> str:
    if not model_key:
        return _IN_HAND
    return f"{ModelKey.parse(model_key).network}, {weights_text(model_key, workspace)}"


def _picture(image_id: str, workspace: Workspace) -> str:
    picture, variant = split_variant(image_id)
    said = picture_text(picture, workspace) if picture else _IN_HAND
    return said if variant is None else f"{said}, {variant or 'original'}"


def _model_keys(panel: Panel, workspace: Workspace) -> list[str]:
    """The panel's network with all weights that are here, and the network in the sidebar."""
    keys = [panel.model_key]
    try:
        keys = [canonical_key(panel.model_key)]
        infos = list_weights(ModelKey.parse(keys[0]).network, workspace.settings)
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


def _choice(
    label: str,
    part: str,
    options: Sequence[str],
    text: Callable[[str], str],
    filled: LoadedPanel | Failed,
    slots: Sequence[Slot],
    *,
    adds: bool,
) -> None:
    key = f"panel_{'new' if adds else filled.position}_{part}"
    current = getattr(filled.slot, part)
    if not adds:
        st.session_state[key] = current

    def changed() -> None:
        chosen = st.session_state[key]
        if chosen is None:
            return
        slot = replace(filled.slot, **{part: chosen})
        if adds:
            st.session_state[key] = None
            set_slots([*slots, slot])
        else:
            replace_slot(slots, filled.position, slot)

    st.selectbox(
        label,
        [option for option in dict.fromkeys(options) if not adds or option != current],
        index=None,
        key=key,
        format_func=text,
        on_change=changed,
        placeholder=f"the same: {text(current)}",
    )
