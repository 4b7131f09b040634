"""One channel of one layer: where it looks, what it computes with, what it is worth, what excites it."""

import streamlit as st

from actviz_core.ui.channel.page import show_channel
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.page_body import page_body
from actviz_core.ui.shell.view import current_view
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("Channel")
st.caption(
    "One channel, and what can be found out about it. Each card begins with its answer.",
    help=meaning(Term.CHANNEL, Term.LAYER, Term.STRENGTH, Term.WEIGHTS),
)

page_body(show_channel, view, workspace)
