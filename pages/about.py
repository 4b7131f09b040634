"""What this server runs on, and how much its cache helped."""

import platform

import plotly
import streamlit as st
import torch
import torchvision

from actviz_core.samples.memory import picture_memory
from actviz_core.ui.glossary import Term, meaning
from actviz_core.units import megabytes, percent
from actviz_core.workspace.shared import shared_workspace

workspace = shared_workspace()

st.title("About this server")
st.caption(
    "Everybody on this server shares its networks and its cache: what one has captured is there for all."
)

use = workspace.store.use()
with st.grid(4):
    st.metric("Layers in the cache", f"{use.entries:,}", border=True, help="One entry a layer and picture.")
    st.metric(
        "Cache used",
        megabytes(use.used_bytes),
        f"of {megabytes(use.capacity_bytes)}",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    st.metric(
        "Answered from the cache",
        percent(use.hit_share),
        f"{use.hits:,} hits",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    st.metric(
        "Computed",
        f"{use.misses:,}",
        f"{use.evictions:,} made room",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )

pictures, networks = picture_memory(), workspace.networks.loaded.use()
st.caption(
    "Besides, loaded networks take "
    f"{megabytes(networks.used_bytes)} of {megabytes(networks.capacity_bytes)}, and "
    f"decoded pictures {megabytes(pictures.used_bytes)} of {megabytes(pictures.capacity_bytes)}."
)

runs = [run for run in workspace.sweeps.runs() if run.finished]
taken = sum(run.bytes for run in workspace.sweeps.runs())
st.caption(
    f"Runs of whole sources that are kept: {len(runs):,}. On disk they take {megabytes(taken)} "
    f"of {megabytes(workspace.settings.runs_bytes)}, which is set with ACTVIZ_RUNS_MB."
)

st.subheader("Words")
st.markdown("\n".join(f"- {meaning(term)}" for term in Term))

st.subheader("What it runs on")
st.dataframe(
    {
        "What": ["Device", "PyTorch", "torchvision", "Streamlit", "Plotly", "Python"],
        "Which": [
            workspace.settings.device,
            torch.__version__,
            torchvision.__version__,
            st.__version__,
            plotly.__version__,
            platform.python_version(),
        ],
    },
    hide_index=True,
    width=420,
    alt="The device and the versions of what this server runs on",
)
st.caption("The size of the cache is set with ACTVIZ_CACHE_MB, the device with ACTVIZ_DEVICE.")
