"""The panels of the board with their values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from torch import Tensor

from actviz_core.analysis import TopK, channel_statistics
from actviz_core.errors import ActVizError, StillWorkingError
from actviz_core.figures import BoardPanel, PicturePart
from actviz_core.layouts.layout import Layout
from actviz_core.models import Model
from actviz_core.names import Panel, Slot
from actviz_core.samples import Sample
from actviz_core.ui.activations.values_choice import ACTIVATIONS, AskedOfPanels, followed_value
from actviz_core.ui.compare.names import name_panels
from actviz_core.ui.picture_parts import picture_part
from actviz_core.ui.text import plain
from actviz_core.workspace.gradients import Followed, Values
from actviz_core.workspace.shared import Workspace


@dataclass(frozen=True)
class LoadedPanel:
    """A panel with everything that the board shows of it; ``name`` tells it from the others."""

    position: int
    slot: Slot
    panel: Panel
    name: str
    model: Model
    sample: Sample
    value: Tensor
    layout: Layout
    drawn: BoardPanel
    prediction: TopK
    followed: Followed | None = None

    @property
    def part(self) -> PicturePart | None:
        """Which part of its picture the panel's maps lie on, if they do."""
        return picture_part(self.model, self.sample) if self.layout.on_picture else None


@dataclass(frozen=True)
class Failed:
    """A panel whose model, picture or call is not there, and why; ``not_yet`` where it may still come."""

    position: int
    slot: Slot
    panel: Panel
    name: str
    reason: str
    not_yet: bool = False


@dataclass(frozen=True)
class FilledBoard:
    """All panels, and what they have in common: a kind, such as "weights", and what it is called."""

    panels: tuple[LoadedPanel | Failed, ...]
    shared: tuple[tuple[str, str], ...]

    @property
    def slots(self) -> list[Slot]:
        """The panels before what is in hand was filled in."""
        return [panel.slot for panel in self.panels]

    @property
    def usable(self) -> list[LoadedPanel]:
        """The panels that have something to show."""
        return [panel for panel in self.panels if isinstance(panel, LoadedPanel)]


def fill(
    slots: Sequence[Slot],
    in_hand: tuple[str, str],
    workspace: Workspace,
    asked: AskedOfPanels = ACTIVATIONS,
) -> FilledBoard:
    """Get every panel's values; one forward pass serves all panels of the same network and picture.

    ``in_hand`` are the model key and the image id of the sidebar; ``asked`` what of each call is shown.
    """
    panels = [slot.filled(*in_hand) for slot in slots]
    together: dict[tuple[str, str], list[str]] = {}
    for panel in panels:
        together.setdefault((panel.model_key, panel.image_id), []).append(panel.call)
    names = name_panels(panels, workspace)
    filled = [
        _fill(
            position,
            slot,
            panel,
            names.titles[position],
            together[panel.model_key, panel.image_id],
            workspace,
            asked,
        )
        for position, (slot, panel) in enumerate(zip(slots, panels, strict=True))
    ]
    return FilledBoard(tuple(filled), names.shared)


def _fill(
    position: int,
    slot: Slot,
    panel: Panel,
    name: str,
    companions: Sequence[str],
    workspace: Workspace,
    asked: AskedOfPanels,
) -> LoadedPanel | Failed:
    try:
        model = workspace.model(panel.model_key)
        sample = workspace.sample(panel.image_id)
        workspace.prepare(model, sample, companions)
        call, value = next(iter(workspace.activations(model, sample, [panel.call]).items()), ("", None))
        prediction = workspace.prediction(model, sample, k=None)
        if value is None:
            return Failed(position, slot, panel, name, workspace.why_nothing(model, panel.call))
        followed = asked.followed(prediction)
        if isinstance(followed, str):
            return Failed(position, slot, panel, name, followed)
        if followed is not None:
            found = followed_value(followed, call, value, companions, model, sample, workspace)
            if isinstance(found, str):
                return Failed(position, slot, panel, name, found)
            value = found
        maps = workspace.maps(model, call, value)
        layout = workspace.layout(model, call, value)
    except ActVizError as error:
        not_yet = isinstance(error, StillWorkingError)
        return Failed(position, slot, panel, name, str(error), not_yet=not_yet)
    seen = np.asarray(model.preprocess.seen(sample.image)) if layout.on_picture else None
    drawn = BoardPanel(f"{position + 1} {name}", maps, channel_statistics(maps), seen)
    return LoadedPanel(position, slot, panel, name, model, sample, value, layout, drawn, prediction, followed)


def tell_followed(panels: Sequence[LoadedPanel]) -> None:
    """Say of which class the gradients are: once where it is the same for all panels."""
    followed = [panel.followed for panel in panels if panel.followed is not None]
    if not followed:
        return
    if followed[0].values is Values.GRADIENT:
        what, colors = "The gradient", "red pulls towards the class, blue away from it"
    else:
        what, colors = "The gradient times the activation", "red speaks for the class, blue against it"
    names = [one.name for one in followed]
    if len(set(names)) == 1:
        of = f"of {names[0]}"
    else:
        of = "of " + ", ".join(
            f"{panel.followed.name} in panel {panel.position + 1}" for panel in panels if panel.followed
        )
    st.caption(plain(f"{what} {of}: {colors}."))


def answers(panels: Sequence[LoadedPanel]) -> tuple[list[TopK], list[str], list[str | None]]:
    """What the networks say, once for all panels of the same network and picture, with titles and labels."""
    same: dict[tuple[str, str], list[LoadedPanel]] = {}
    for panel in panels:
        same.setdefault((panel.model.key, panel.sample.id), []).append(panel)
    titles = []
    for group in same.values():
        numbers = ", ".join(str(panel.position + 1) for panel in group)
        title = group[0].drawn.title if len(group) == 1 else f"panels {numbers}"
        titles.append("all panels" if len(group) == len(panels) else title)
    labels = [group[0].sample.label for group in same.values()]
    return [group[0].prediction for group in same.values()], titles, labels
