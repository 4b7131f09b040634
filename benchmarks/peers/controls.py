"""What the peers' pages share: the control that switches the layer, and the layer's maps."""

import streamlit as st
import torch
from torchvision.models import resnet18
from torchvision.transforms import v2

from actviz_core import open_sample
from benchmarks.peers.article import LAYERS, Maps, hooked


@st.cache_data
def activation(layer: str) -> Maps:
    """One layer's maps of a photograph, (64, 56, 56); cached, as the app's are."""
    torch.manual_seed(0)
    network = resnet18().eval()
    steps = [v2.ToImage(), v2.Resize(256), v2.CenterCrop(224), v2.ToDtype(torch.float32, scale=True)]
    inputs = v2.Compose(steps)(open_sample("bundled-imagenet/0").image)[None]
    maps: Maps = hooked(network, inputs, [layer])[layer][0].numpy()
    return maps


def choose_layer() -> str:
    """The control that a click switches."""
    st.title("Activations")
    return st.segmented_control("Layer", LAYERS, default=LAYERS[0], required=True, key="layer") or LAYERS[0]
