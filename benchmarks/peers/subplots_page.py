"""The same page with plotly's `make_subplots`."""

import streamlit as st

from benchmarks.peers.article import subplots_figure
from benchmarks.peers.controls import activation, choose_layer

st.plotly_chart(subplots_figure(activation(choose_layer())))
