"""What is usual for a channel over a whole source, where a sweep has found it out."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.analysis.usual import usual_sentence, usual_value
from actviz_core.layouts.layout import Layout
from actviz_core.models import Model
from actviz_core.samples import Sample, parse_image_id
from actviz_core.sweep import Run
from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.compare.panels import LoadedPanel
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace


def tell_usual(layer: SelectedLayer, channel: int, workspace: Workspace) -> None:
    """Say what is usual for a channel, and where the picture in hand stands, where that is known."""
    if layer.followed is not None:
        return  # sweeps keep activations, not gradients
    count = len(layer.maps)
    here = float(layer.statistics.maximum[channel])
    said = _said(layer.model, layer.sample, layer.call, layer.layout, count, channel, here, workspace)
    if said:
        st.caption(plain(said))


def tell_usual_of_panels(panels: Sequence[LoadedPanel], channel: int, workspace: Workspace) -> None:
    """Say the same of one channel in every panel that has it."""
    for panel in panels:
        maps = panel.drawn.maps
        if panel.followed is not None or channel >= len(maps):
            continue
        here = float(panel.drawn.statistics.maximum[channel])
        said = _said(
            panel.model,
            panel.sample,
            panel.panel.call,
            panel.layout,
            len(maps),
            channel,
            here,
            workspace,
        )
        if said:
            st.caption(plain(f"{panel.drawn.title}: {said[0].lower()}{said[1:]}"))


def _said(
    model: Model,
    sample: Sample,
    call: str,
    layout: Layout,
    channels: int,
    channel: int,
    here: float,
    workspace: Workspace,
) -> str | None:
    picture = parse_image_id(sample.id)
    run = workspace.sweeps.of_call(model.fingerprint, call, channels=channels, source=picture.source)
    if run is None or run.plan(call).layout != layout.name:
        return None  # never swept, or read in another way here
    among = picture.source == run.manifest.source and not picture.variant
    index = picture.item if among and isinstance(picture.item, int) else None
    try:
        own = None if index is None or index >= len(run) else float(run.maximum(call)[index, channel])
        found = usual_value(_ascending(run, call, channel, workspace), here, own)
    except OSError:
        return None  # deleted just now
    return None if found is None else usual_sentence(found, run.manifest.source_title)


def _ascending(run: Run, call: str, channel: int, workspace: Workspace) -> npt.NDArray[np.float32]:
    """The finite maxima of one channel, ascending, kept for the next who asks."""
    key = (run.id, "", f"{call} maxima {channel}")
    found: npt.NDArray[np.float32] | None = workspace.store.find(key)
    if found is None:
        column = np.array(run.maximum(call)[:, channel])
        found = np.sort(column[np.isfinite(column)])
        workspace.store.keep(key, found, found.nbytes)
    return found
