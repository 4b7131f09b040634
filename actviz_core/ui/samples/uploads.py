"""Uploads: several pictures at once, each kept or refused with its reason."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from actviz_core.errors import ActVizError
from actviz_core.samples import save_upload
from actviz_core.ui.shell.tray import TRAY_SIZE, keep_in_tray
from actviz_core.ui.shell.view import choose_image
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace

MAX_MEGABYTES = 50
_WAITING = "uploads_waiting"  # whether there are files that have yet to be read
_PROBLEMS = "upload_problems"  # why files were refused, by the uploader's number of the file
_TAKEN = "upload_ids"  # the image ids of the others, likewise


def upload_pictures(workspace: Workspace) -> None:
    """Take pictures from the visitor's machine; the last good one is chosen, and they go into the tray."""
    files = st.file_uploader(
        "Your own pictures",
        accept_multiple_files=True,
        max_upload_size=MAX_MEGABYTES,
        key="uploads",
        on_change=_files_changed,
        help="They stay on this server, and everyone with the link can see them.",
    )
    if st.session_state.get(_WAITING):
        _take(files, workspace)
        st.rerun()  # the sidebar and the tray have them, too
    problems: dict[str, str] = st.session_state.get(_PROBLEMS, {})
    for file in files:
        if file.file_id in problems:
            st.error(plain(problems[file.file_id]), icon=":material/broken_image:")


def _files_changed() -> None:
    st.session_state[_WAITING] = True


def _take(files: Sequence[UploadedFile], workspace: Workspace) -> None:
    """Read the files that have not been read yet, and remember at once what came of each."""
    problems: dict[str, str] = st.session_state.setdefault(_PROBLEMS, {})
    taken: dict[str, str] = st.session_state.setdefault(_TAKEN, {})
    new = [file for file in files if file.file_id not in problems and file.file_id not in taken]
    for number, file in enumerate(new, 1):
        of_all = f", {number} of {len(new)}" if len(new) > 1 else ""
        with st.spinner(f"Reading {plain(file.name)}{of_all}", show_time=True):
            try:
                taken[file.file_id] = save_upload(file.getvalue(), file.name, workspace.settings).id
            except ActVizError as error:
                problems[file.file_id] = str(error)
    chosen = [taken[file.file_id] for file in files if file.file_id in taken]
    for image_id in chosen[-TRAY_SIZE:] if len(chosen) > 1 else ():
        keep_in_tray(image_id)
    if chosen:
        choose_image(chosen[-1])
    st.session_state[_WAITING] = False
