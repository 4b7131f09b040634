"""Bring the team's own weights."""

import streamlit as st

from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.own_weights_page import list_weights_kept, upload_weights
from actviz_core.ui.shell.view import current_view
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("Own weights")
st.caption(
    "Look into your own training: upload a state dict, and it becomes a link for the whole team.",
    help=meaning(Term.WEIGHTS),
)

upload_weights(view, workspace)
list_weights_kept(workspace)
