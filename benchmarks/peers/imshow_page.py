"""The same page with `px.imshow(facet_col=...)`."""

import streamlit as st

from benchmarks.peers.article import imshow_figure
from benchmarks.peers.controls import activation, choose_layer

st.plotly_chart(imshow_figure(activation(choose_layer())))
