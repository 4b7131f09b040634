"""Four layers on one page, each with plotly's `make_subplots`."""

import streamlit as st

from benchmarks.peers.article import SETS, subplots_figure
from benchmarks.peers.controls import activation

st.title("Compare")
chosen = st.segmented_control("Layers", SETS, default=next(iter(SETS)), required=True, key="layers")
for layer in SETS[chosen or next(iter(SETS))]:
    st.plotly_chart(subplots_figure(activation(layer)))
