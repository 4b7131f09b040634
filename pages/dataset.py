"""See what the network does with all pictures of a source."""

from dataclasses import replace

import streamlit as st

from actviz_core.ui.dataset.page import show_dataset
from actviz_core.ui.shell.errors import require_network
from actviz_core.ui.shell.page_body import page_body
from actviz_core.ui.shell.view import current_view
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("Data set")
st.caption("What the network does with all pictures of a source, not with one.")

page_body(
    show_dataset,
    view,
    workspace,
    needs=lambda view, workspace: require_network(replace(view, edits=()), workspace),
)
