"""The page of uploaded weights: add a state dict, look into it, rename it, delete it."""

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from actviz_core.errors import ActVizError
from actviz_core.models.fitting import Fit, fit
from actviz_core.models.own_entry import OwnEntry
from actviz_core.models.uploaded import own_weights
from actviz_core.names import ModelKey
from actviz_core.settings import reading_folder
from actviz_core.ui.shell.view import View, choose_model
from actviz_core.ui.text import plain
from actviz_core.units import MEGABYTE, megabytes
from actviz_core.weights.state_dicts import read_state_dict, weights_readers
from actviz_core.workspace.shared import Workspace

_OUTCOME = "weights_outcome"
_OPENS = "weights_open"  # whether Activations is to be opened
_WAITING = "weights_waiting"  # whether the file in the uploader has yet to be read
ROWS = 300  # of a table of what does not fit
LIST = 5  # names that one line can hold


@dataclass(frozen=True)
class _Misfit:
    """Weights of another architecture: what does not fit, and what would."""

    file_name: str
    architecture: str
    fit: Fit
    likely: tuple[str, ...]


def upload_weights(view: View, workspace: Workspace) -> None:
    """Take a state dict for the network in hand, and say what came of the last one."""
    if view.model_key is None:
        st.info("Choose a model in the sidebar first: it decides what the weights must fit.")
        return
    name = ModelKey.parse(view.model_key).network
    weights_readers().prepare()
    file = st.file_uploader(
        f"Weights for {plain(name)}, the network in the sidebar",
        type=["safetensors", "pt", "pth", "th"],
        key="weights_upload",
        on_change=_file_changed,
        max_upload_size=max(1, workspace.settings.weights_bytes // MEGABYTE),
        help="A state dict, as torch.save(model.state_dict(), file) or safetensors write it. "
        "Files that would have to run code are refused.",
    )
    if file is not None and st.session_state.get(_WAITING):
        with st.spinner(f"Reading {plain(file.name)} ({megabytes(file.size)})", show_time=True):
            _take(file, name, workspace)
        st.rerun()  # the sidebar has the new weights, too
    outcome = st.session_state.get(_OUTCOME)
    if isinstance(outcome, _Misfit):
        _show_misfit(outcome)
    elif isinstance(outcome, OwnEntry):
        st.success(plain(f"{outcome.file_name} is here as {outcome.key}."), icon=":material/check:")
        for note in outcome.notes:
            st.caption(plain(note))
    elif outcome is not None:
        st.error(plain(outcome), icon=":material/block:")


def _file_changed() -> None:
    st.session_state[_OUTCOME] = None
    st.session_state[_WAITING] = True


def _take(file: UploadedFile, name: str, workspace: Workspace) -> None:
    """Read a file, keep it if it fits, and remember what came of it."""
    try:
        outcome = _kept(file, name, workspace)
    except ActVizError as error:
        outcome = str(error)
    st.session_state[_OUTCOME] = outcome
    st.session_state[_WAITING] = False
    if isinstance(outcome, OwnEntry):
        choose_model(outcome.key)


def _kept(file: UploadedFile, name: str, workspace: Workspace) -> OwnEntry | _Misfit | str:
    settings = workspace.settings
    upload = read_state_dict(
        file.getvalue(), file.name, reading_folder(settings), max_bytes=settings.weights_bytes
    )
    module = workspace.networks.structure(name)
    compared = fit(upload.tensors, module)
    if compared.fits:
        return own_weights(settings).add(upload, name, module)
    return _Misfit(upload.file_name, name, compared, tuple(workspace.networks.likely(upload.tensors)))


def _show_misfit(misfit: _Misfit) -> None:
    st.error(
        plain(f"{misfit.file_name} does not fit {misfit.architecture}. {misfit.fit.sentence()}"),
        icon=":material/block:",
    )
    if misfit.likely:
        names = ", ".join(misfit.likely[:LIST])
        st.info(plain(f"It fits {names}: choose that model in the sidebar, then upload it again."))
    else:
        st.info(
            "It fits no network here exactly. Where your own code builds the network, whoever runs this "
            "server can name the builder in ACTVIZ_MODELS; the file then fits it as it is."
        )
    rows = [
        *((name, "missing", "", "") for name in misfit.fit.missing),
        *((name, "unexpected", "", "") for name in misfit.fit.unexpected),
        *(
            (wrong.name, "wrong shape", _shape(wrong.expected), _shape(wrong.found))
            for wrong in misfit.fit.wrong_shape
        ),
    ]
    columns = zip(*rows[:ROWS], strict=True)
    st.dataframe(
        dict(zip(("Tensor", "Problem", "Expected", "Found"), map(list, columns), strict=True)),
        hide_index=True,
        alt="What does not fit: missing and unexpected tensors, and wrong shapes",
    )
    if len(rows) > ROWS:
        st.caption(f"The first {ROWS} of {len(rows):,}.")


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def list_weights_kept(workspace: Workspace) -> None:
    """Draw what is kept, each with ways to look into it, rename it and delete it."""
    if st.session_state.pop(_OPENS, False):
        st.switch_page("activations.py")
    store = own_weights(workspace.settings)
    st.subheader("Kept on this server")
    entries = store.entries()
    used, limit = store.used_bytes(), workspace.settings.weights_bytes
    st.caption(f"{megabytes(used)} of {megabytes(limit)}, set with ACTVIZ_WEIGHTS_MB. Everybody sees them.")
    if not entries:
        st.info("Nothing has been uploaded yet.", icon=":material/inbox:")
    for entry in entries:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            in_hand = ", in hand" if st.session_state["view"].model_key == entry.key else ""
            st.markdown(
                f"**{plain(entry.name)}**  \n{plain(entry.key)}, {megabytes(entry.bytes)}{in_hand}",
                width="stretch",
            )
            _actions(entry, workspace)


def _actions(entry: OwnEntry, workspace: Workspace) -> None:
    key = f"{entry.architecture}-{entry.weights}"
    in_hand = st.session_state["view"].model_key == entry.key
    st.button(
        "Look inside",
        key=f"open-{key}",
        icon=":material/visibility:",
        on_click=_look_inside,
        args=(entry.key,),
        help="These weights are in hand: see what their layers do."
        if in_hand
        else "Take these weights in hand and see what their layers do.",
    )
    with st.popover("Rename", icon=":material/edit:", key=f"renaming-{key}"):
        st.text_input(
            "Name",
            value=entry.name,
            key=f"name-{key}",
            on_change=lambda: _renamed(entry, st.session_state[f"name-{key}"], workspace),
        )
    with st.popover("Delete", icon=":material/delete:", key=f"deleting-{key}"):
        st.markdown("Links to these weights will stop working.")
        st.button(
            "Delete them", key=f"delete-{key}", type="primary", on_click=_deleted, args=(entry, workspace)
        )


def _look_inside(model_key: str) -> None:
    """Take weights in hand, unless they are, and have the next run open Activations."""
    if st.session_state["view"].model_key != model_key:
        choose_model(model_key)
    st.session_state[_OPENS] = True


def _renamed(entry: OwnEntry, name: str, workspace: Workspace) -> None:
    try:
        own_weights(workspace.settings).rename(entry, name)
    except ActVizError as error:
        st.session_state[_OUTCOME] = str(error)


def _deleted(entry: OwnEntry, workspace: Workspace) -> None:
    try:
        own_weights(workspace.settings).delete(entry)
    except ActVizError as error:
        st.session_state[_OUTCOME] = str(error)
        return
    st.session_state[_OUTCOME] = None
    if st.session_state["view"].model_key == entry.key:
        choose_model(entry.architecture)
