"""The files that the Activations page offers of one layer."""

import plotly.graph_objects as go

from actviz_core.ui.board_names import weights_text
from actviz_core.ui.layer_in_hand import LayerInHand
from actviz_core.ui.take_away import Taken, take_away
from actviz_core.workspace import shared_workspace


def take_layer_away(figure: go.Figure, layer: LayerInHand, *, width: int) -> None:
    """Offer the figure, the activation and its statistics."""
    taken = Taken(layer.model, layer.sample.id, layer.call, layer.value, layer.statistics)
    network, at, _ = layer.model.key.partition("@")
    weights = weights_text(layer.model.key, shared_workspace())
    name = f"{network}{at}{weights if at else ''}-{layer.sample.name or layer.sample.id}-{layer.call}"
    title = f"{layer.call} of {layer.model.key}, {layer.sample.title}"
    take_away(figure, [taken], name=name, title=title, width=width)
