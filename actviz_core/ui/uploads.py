"""Uploads: several pictures at once, each kept or refused with its reason."""

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.samples import save_upload
from actviz_core.ui.text import plain
from actviz_core.ui.tray import TRAY_SIZE, keep_in_tray
from actviz_core.ui.view import choose_image
from actviz_core.workspace import Workspace

MAX_MEGABYTES = 50


def upload_pictures(workspace: Workspace) -> None:
    """Take pictures from the visitor's machine; the last good one is chosen, and they go into the tray."""
    st.file_uploader(
        "Your own pictures",
        accept_multiple_files=True,
        max_upload_size=MAX_MEGABYTES,
        key="uploads",
        on_change=_take,
        args=(workspace,),
        help="They stay on this server, and everyone with the link can see them.",
    )
    for message in st.session_state.get("upload_problems", ()):
        st.error(plain(message), icon=":material/broken_image:")


def _take(workspace: Workspace) -> None:
    problems: list[str] = []
    taken: list[str] = []
    for file in st.session_state["uploads"]:
        try:
            taken.append(save_upload(file.getvalue(), file.name, workspace.settings).id)
        except ActVizError as error:
            problems.append(str(error))
    for image_id in taken[-TRAY_SIZE:] if len(taken) > 1 else ():
        keep_in_tray(image_id)
    if taken:
        choose_image(taken[-1])
    st.session_state["upload_problems"] = problems
