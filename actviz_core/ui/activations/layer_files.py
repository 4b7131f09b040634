"""The files that the Activations page offers of one layer, and what its pictures say."""

import plotly.graph_objects as go

from actviz_core.names import ModelKey
from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.compare.names import network_text
from actviz_core.ui.figure import FigureLabel
from actviz_core.ui.take_away import ExportItem, label_of, take_away
from actviz_core.workspace.shared import shared_workspace


def take_layer_away(figure: go.Figure, layer: SelectedLayer) -> None:
    """Offer the figure, the activation and its statistics."""
    take_away(figure, [_taken(layer)], label_of_layer(layer), key="activations_grid")


def label_of_layer(layer: SelectedLayer, part: str = "") -> FigureLabel:
    """What pictures of a layer say; ``part`` is what they show of it, if not all channels."""
    key = ModelKey.parse(layer.model.key)
    network = network_text(key.unedited, shared_workspace())
    of_whole = "-".join([network, *key.edits, layer.sample.name or layer.sample.id, layer.call])
    name = of_whole + (f"-{part}" if part else "")
    call = layer.call
    if layer.followed is not None:
        name += f"-{layer.followed.values}-{layer.followed.name}"
        call = f"{layer.followed.values} of {layer.followed.name} at {call}"
    title = f"{call} of {ModelKey.parse(network).with_edits(key.edits)}, {layer.sample.title}" + (
        f", {part}" if part else ""
    )
    return label_of([_taken(layer)], name=name, title=title)


def _taken(layer: SelectedLayer) -> ExportItem:
    return ExportItem(layer.model, layer.sample, layer.call, layer.value, layer.statistics, layer.followed)
