"""The least that draws a heatmap: one trace, nothing else."""

import plotly.graph_objects as go
import streamlit as st

st.title("Heatmap")
st.plotly_chart(go.Figure(go.Heatmap(z=[[0, 1], [2, 3]])))
