"""Compare any mix of layers, pictures and weights on one board."""

import streamlit as st

from actviz_core.ui.compare.page import show_board
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.page_body import page_body
from actviz_core.ui.shell.view import current_view
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("Compare")
st.caption(
    "Layers, pictures and weights side by side. Start with one of these, then change any panel.",
    help=meaning(Term.LAYER, Term.WEIGHTS),
)

page_body(show_board, view, workspace)
