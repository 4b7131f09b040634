"""Which layers the start page tells of: some of those in hand, and where in the network they lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from actviz_core.analysis import first_of_each_stage
from actviz_core.errors import BudgetError
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.ui.shell.errors import warn_of_size
from actviz_core.ui.shell.view import View, names_offered
from actviz_core.workspace.activations import ROOT
from actviz_core.workspace.shared import Workspace

MOST = 3


class Part(StrEnum):
    """In which third of the network's layers one lies."""

    EARLY = "Early"
    MIDDLE = "Middle"
    LATE = "Late"


@dataclass(frozen=True)
class ToldLayer:
    """A layer, call or step of the row; ``key`` tells it from the others of the same part."""

    name: str
    part: Part
    key: str


def layers_to_tell(
    view: View, model: Model, sample: Sample, workspace: Workspace
) -> tuple[list[ToldLayer], str]:
    """Up to `MOST` of the layers in hand, in the order of the network, and what to say of the choice.

    Where none is in hand, one of each stage. Where they don't fit into memory together, those that do, with a
    warning. What they and the network return is in the cache then.
    """
    names = names_offered(view, model, workspace)
    places = {name: place for place, name in enumerate(names)}
    owners = workspace.owners(model, view.layers)
    in_hand = sorted(owners, key=lambda layer: places.get(owners[layer], len(places)))
    said = ""
    if not in_hand:
        stages = first_of_each_stage(workspace.tree(model))
        owners, in_hand = {layer: layer for layer in stages}, list(stages)
        said = "No layer is chosen, so these are some of the network's own stages."
    elif len(in_hand) > MOST:
        said = f"{MOST} of the {len(in_hand)} layers in hand: the first, one in the middle and the last."
    told = _ends_and_middle(in_hand)
    try:
        workspace.calls(model, sample, [*told, ROOT])  # one forward pass for all
    except BudgetError:
        warn_of_size(model, told, workspace)
        told = list(workspace.fitting(model, told))
        workspace.calls(model, sample, [*told, ROOT])
    parts = [_part(places.get(owners[layer], 0), len(places)) for layer in told]
    keys = [part.value if parts.index(part) == at else f"{part} {at + 1}" for at, part in enumerate(parts)]
    return [ToldLayer(*each) for each in zip(told, parts, keys, strict=True)], said


def _ends_and_middle(layers: Sequence[str]) -> list[str]:
    if len(layers) <= MOST:
        return list(layers)
    return [layers[0], layers[len(layers) // 2], layers[-1]]


def _part(place: int, count: int) -> Part:
    return list(Part)[min(MOST * place // max(count, 1), MOST - 1)]
