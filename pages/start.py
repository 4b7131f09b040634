"""The whole story in one row: picture, early, middle and late layers, and the prediction."""

import streamlit as st

from actviz_core.ui.compare.names import network_text
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.errors import require
from actviz_core.ui.shell.tab_title import name_tab
from actviz_core.ui.shell.view import current_view
from actviz_core.ui.start.questions import questions
from actviz_core.ui.start.story import other_pictures, tell_story
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("What does the network see?")
st.caption(
    "A network works on a picture layer by layer. Follow one picture from left to right: *Look closer* opens "
    "a layer, and a click on a channel opens that channel.",
    help=meaning(Term.LAYER, Term.CHANNEL, Term.STRENGTH),
)

model, sample = require(view, workspace)
name_tab(f"{sample.title} in {network_text(model.key, workspace)}")
tell_story(view, model, sample, workspace)
questions(model)
other_pictures(sample, workspace)
