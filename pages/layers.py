"""Choose layers from the network's module tree."""

import streamlit as st

from actviz_core.ui.compare.names import network_text
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.layers.sizes import show_layer_sizes
from actviz_core.ui.layers.table import filter_rows, layer_table, layout_reader, summary_of_choice
from actviz_core.ui.quick_picks import quick_picks
from actviz_core.ui.shell.errors import require, warn_of_size
from actviz_core.ui.shell.tab_title import name_tab
from actviz_core.ui.shell.view import current_view
from actviz_core.workspace.shared import shared_workspace

workspace, view = shared_workspace(), current_view()

st.title("Layers")
st.caption(
    "A network is a tree of layers. Tick the ones whose activations you want to see.",
    help=meaning(Term.LAYER, Term.ACTIVATION),
)

model, sample = require(view, workspace)
name_tab(f"Layers of {network_text(model.key, workspace)}")
rows = workspace.tree(model, steps=view.steps)
quick_picks(workspace.tree(model))
shown = filter_rows(rows, view)
with st.container(horizontal=True, vertical_alignment="center"):
    memory, layout = workspace.memory(model, view.layers), layout_reader(model, workspace)
    st.markdown(summary_of_choice(rows, view, memory, layout))
    st.page_link("activations.py", label="Show activations", icon=":material/grid_view:")
show_layer_sizes(model, sample, view, workspace)
warn_of_size(model, view.layers, workspace)
with st.container(key="layers_table"):
    layer_table(shown, rows, view)
