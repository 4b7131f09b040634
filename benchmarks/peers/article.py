"""The article's script, as people carry it on: hooks that keep `output.detach()`, and the usual drawings."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.express as px
import plotly.graph_objects as go
import torch
from matplotlib.figure import Figure
from plotly.subplots import make_subplots
from torch import Tensor, nn

LAYERS = ("layer1.0.conv1", "layer1.0.conv2")
FOUR_LAYERS = (*LAYERS, "layer1.1.conv1", "layer1.1.conv2")
SETS = {
    "convolutions": FOUR_LAYERS,
    "norms": ("layer1.0.bn1", "layer1.0.bn2", "layer1.1.bn1", "layer1.1.bn2"),
}
"""What a page of four figures is clicked between."""

SIDE = 8  # 64 channels in 8 rows of 8

Maps = npt.NDArray[np.float32]


def hooked(network: nn.Module, inputs: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Run the whole network once, with a hook on each of `layers`."""
    activations: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            activations[name] = output.detach()

        return hook

    handles = [network.get_submodule(name).register_forward_hook(keep(name)) for name in layers]
    with torch.no_grad():
        network(inputs)
    for handle in handles:
        handle.remove()
    return activations


def matplotlib_figure(maps: Maps) -> Figure:
    """A grid of images, drawn by matplotlib."""
    figure = Figure(figsize=(12, 12))
    for channel, axes in enumerate(figure.subplots(SIDE, SIDE).flat):
        axes.imshow(maps[channel], cmap="twilight")
        axes.set_title(f"{channel}", fontsize=8)
        axes.axis("off")
    figure.tight_layout()
    return figure


def subplots_figure(maps: Maps) -> go.Figure:
    """One heatmap a channel in a grid of subplots."""
    titles = [str(channel) for channel in range(len(maps))]
    figure = make_subplots(rows=SIDE, cols=SIDE, subplot_titles=titles)
    for channel, values in enumerate(maps):
        heatmap = go.Heatmap(z=values, coloraxis="coloraxis")
        figure.add_trace(heatmap, row=channel // SIDE + 1, col=channel % SIDE + 1)
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False, autorange="reversed")
    figure.update_layout(height=800, coloraxis={"colorscale": "twilight"})
    return figure


def imshow_figure(maps: Maps) -> go.Figure:
    """One facet a channel."""
    figure = px.imshow(maps, facet_col=0, facet_col_wrap=SIDE, color_continuous_scale="twilight")
    figure.update_layout(height=800)
    return figure
