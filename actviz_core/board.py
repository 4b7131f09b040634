"""The boards that one click makes, and what a board is called."""

from collections.abc import Sequence

from actviz_core.names import Panel, Slot

MOST_PANELS = 6
FEWEST_PANELS = 2


def of_layers(calls: Sequence[str]) -> list[Slot]:
    """One panel a call, all of the network and picture in hand."""
    return [Slot("", "", call) for call in calls[:MOST_PANELS]]


def of_pictures(image_ids: Sequence[str], call: str) -> list[Slot]:
    """One panel a picture or variant, all of the network in hand and the same call."""
    return [Slot("", image_id, call) for image_id in image_ids[:MOST_PANELS]]


def of_models(model_keys: Sequence[str], call: str) -> list[Slot]:
    """One panel a network or set of weights, all of the picture in hand and the same call."""
    return [Slot(key, "", call) for key in model_keys[:MOST_PANELS]]


LONGEST_NAME = 120


def board_title(panels: Sequence[Panel]) -> str:
    """What is on a board, in one line: its layers, networks with weights, and pictures."""
    calls, models, images = (
        _listed(list(dict.fromkeys(part)))
        for part in zip(*((panel.call, panel.model_key, panel.image_id) for panel in panels), strict=True)
    )
    return f"{calls} of {models}, {images}"


def board_name(panels: Sequence[Panel]) -> str:
    """The name of a board's files, without an extension: its title, at most `LONGEST_NAME` characters."""
    words = board_title(panels).replace(" of ", "-").replace(", ", "-").replace("/", "-")
    return words.replace(" ", "-")[:LONGEST_NAME]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"
