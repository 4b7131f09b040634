"""See which places of the picture an answer rests on, and whether that is true."""

import streamlit as st

from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.page_body import page_body
from actviz_core.ui.shell.view import current_view
from actviz_core.ui.why.page import show_why
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("Why does it say so?")
st.caption(
    "Maps of what in the picture speaks for a class, by several methods. Each one is put to the test: what "
    "it marks is covered, and the network looks again.",
    help=meaning(Term.LAYER, Term.WEIGHTS),
)

page_body(show_why, view, workspace)
