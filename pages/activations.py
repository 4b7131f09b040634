"""See every channel of a layer: true values, one click from layer to layer."""

import streamlit as st

from actviz_core.ui.activations.page import show_activations
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.page_body import page_body
from actviz_core.ui.shell.view import current_view
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("Activations")
st.caption(
    "What each channel of a layer answers to in the picture. Click a channel to see it large.",
    help=meaning(Term.ACTIVATION, Term.CHANNEL),
)

page_body(show_activations, view, workspace)
