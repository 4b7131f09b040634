"""The panels of the board with their values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from actviz_core.analysis import TopK, channel_statistics
from actviz_core.board import Panel
from actviz_core.errors import ActVizError, StillWorkingError
from actviz_core.figures import BoardPanel, PicturePart
from actviz_core.layouts import Layout
from actviz_core.models import Model
from actviz_core.models.registry import find_network
from actviz_core.samples import Sample
from actviz_core.ui.picture_parts import picture_part
from actviz_core.workspace import Workspace


@dataclass(frozen=True)
class Filled:
    """A panel with everything that the board shows of it; ``name`` tells it from the others.

    ``weights`` are those of its network, or its model key where the board has several networks.
    """

    position: int
    panel: Panel
    name: str
    weights: str
    model: Model
    sample: Sample
    value: Tensor
    layout: Layout
    drawn: BoardPanel
    prediction: TopK

    @property
    def part(self) -> PicturePart | None:
        """Which part of its picture the panel's maps lie on, if they do."""
        return picture_part(self.model, self.sample) if self.layout.on_picture else None


@dataclass(frozen=True)
class Failed:
    """A panel whose model, picture or call is not there, and why; ``not_yet`` where it may still come."""

    position: int
    panel: Panel
    reason: str
    not_yet: bool = False


def fill(panels: Sequence[Panel], workspace: Workspace) -> list[Filled | Failed]:
    """Get every panel's values; one forward pass serves all panels of the same network and picture."""
    together: dict[tuple[str, str], list[str]] = {}
    for panel in panels:
        together.setdefault((panel.model_key, panel.image_id), []).append(panel.call)
    names = short_names(panels)
    return [
        _fill(
            position,
            panel,
            together[panel.model_key, panel.image_id],
            (names[position], _weights(panel, panels)),
            workspace,
        )
        for position, panel in enumerate(panels)
    ]


def _fill(
    position: int, panel: Panel, companions: Sequence[str], names: tuple[str, str], workspace: Workspace
) -> Filled | Failed:
    try:
        model = workspace.model(panel.model_key)
        sample = workspace.sample(panel.image_id)
        workspace.prepare(model, sample, companions)
        call, value = next(iter(workspace.activations(model, sample, [panel.call]).items()), ("", None))
        prediction = workspace.prediction(model, sample, k=None)
        if value is None:
            return Failed(position, panel, workspace.why_nothing(model, panel.call))
        maps = workspace.maps(model, call, value)
        layout = workspace.layout(model, call, value)
    except ActVizError as error:
        return Failed(position, panel, str(error), not_yet=isinstance(error, StillWorkingError))
    seen = np.asarray(model.preprocess.seen(sample.image)) if layout.on_picture else None
    drawn = BoardPanel(f"{position + 1} {names[0]}", maps, channel_statistics(maps), seen)
    return Filled(position, panel, *names, model, sample, value, layout, drawn, prediction)


def short_names(panels: Sequence[Panel]) -> list[str]:
    """What tells the panels apart: ``epoch-1``, or ``layer1.0.conv1, mirror`` where two things do."""
    parts = [(panel.call, _weights(panel, panels), _picture(panel, panels)) for panel in panels]
    differ = [len({part[i] for part in parts}) > 1 for i in range(3)]
    return [
        ", ".join(name for name, varies in zip(part, differ, strict=True) if varies) or part[0]
        for part in parts
    ]


def _weights(panel: Panel, panels: Sequence[Panel]) -> str:
    """The weights alone where all panels show the same network."""
    networks = {other.model_key.partition("@")[0] for other in panels}
    if len(networks) > 1:
        return panel.model_key
    try:
        return find_network(panel.model_key)[1]
    except ActVizError:
        return panel.model_key


def _picture(panel: Panel, panels: Sequence[Panel]) -> str:
    """The variant alone where all panels show the same picture."""
    picture, tilde, variant = panel.image_id.partition("~")
    same = all(other.image_id.partition("~")[0] == picture for other in panels)
    return (variant if tilde else "original") if same else panel.image_id


def answers(panels: Sequence[Filled]) -> tuple[list[TopK], list[str]]:
    """What the networks say, once for all panels of the same network and picture, with titles."""
    same: dict[tuple[str, str], list[Filled]] = {}
    for panel in panels:
        same.setdefault((panel.model.key, panel.sample.id), []).append(panel)
    titles = []
    for group in same.values():
        numbers = ", ".join(str(panel.position + 1) for panel in group)
        title = group[0].drawn.title if len(group) == 1 else f"panels {numbers}"
        titles.append("all panels" if len(group) == len(panels) else title)
    return [group[0].prediction for group in same.values()], titles


def usable(filled: Sequence[Filled | Failed]) -> list[Filled]:
    """The panels that have something to show."""
    return [panel for panel in filled if isinstance(panel, Filled)]
