"""The files that the Activations page offers of one layer."""

import plotly.graph_objects as go

from actviz_core.ui.layer_in_hand import LayerInHand
from actviz_core.ui.take_away import Taken, take_away


def take_layer_away(figure: go.Figure, layer: LayerInHand, *, width: int) -> None:
    """Offer the figure, the activation and its statistics."""
    taken = Taken(layer.model, layer.sample.id, layer.call, layer.value, layer.statistics)
    name = f"{layer.model.key}-{layer.sample.id}-{layer.call}"
    take_away(figure, [taken], name=name, title=f"{layer.call} of {layer.model.key}", width=width)
