"""Browse pictures, choose one, and see what the model sees."""

import streamlit as st

from actviz_core.ui.samples.browser import browse_pictures, choose_source
from actviz_core.ui.samples.chosen import chosen_picture
from actviz_core.ui.samples.tray_shelf import tray_shelf
from actviz_core.ui.samples.uploads import upload_pictures
from actviz_core.ui.shell.view import current_view
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("Samples")
st.caption("Choose the picture that the network looks at: click one.")

columns = st.grid(3, min_column_width=260, gap="medium")
with columns.cell(column_span=2):
    source = choose_source(workspace)
    if source is not None:
        browse_pictures(source, view, workspace)
with columns.cell():
    chosen_picture(view, workspace)
upload_pictures(workspace)
tray_shelf(workspace)
