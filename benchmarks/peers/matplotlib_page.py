"""The article's page: a matplotlib grid of 64 channels."""

import streamlit as st

from benchmarks.peers.article import matplotlib_figure
from benchmarks.peers.controls import activation, choose_layer

st.pyplot(matplotlib_figure(activation(choose_layer())))
