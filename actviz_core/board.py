"""Panels of the compare board, and the boards that one click makes."""

from collections.abc import Sequence
from dataclasses import dataclass

from actviz_core.errors import ActVizError, quoted

MOST_PANELS = 6
FEWEST_PANELS = 2


class PanelTextError(ActVizError):
    """A panel's text in a link that does not name a model, a picture and a call."""


@dataclass(frozen=True)
class Panel:
    """One network, one picture, one call: what a panel of the board shows."""

    model_key: str
    image_id: str
    call: str

    def __str__(self) -> str:
        """The panel as links carry it: ``model,image,call``."""
        return f"{self.model_key},{self.image_id},{self.call}"

    @classmethod
    def parse(cls, text: str) -> "Panel":
        """Read the text form. Raises `PanelTextError`."""
        parts = text.split(",", 2)
        if len(parts) != 3 or not all(parts):
            raise PanelTextError(
                f"{quoted(text)} is no panel. A panel is written as model,image,call, such as "
                "cifar-resnet20,bundled-cifar10/0,layer1.0.conv1."
            )
        return cls(*parts)


def of_layers(model_key: str, image_id: str, calls: Sequence[str]) -> list[Panel]:
    """One panel a call, all of the same network and picture."""
    return [Panel(model_key, image_id, call) for call in calls[:MOST_PANELS]]


def of_pictures(model_key: str, image_ids: Sequence[str], call: str) -> list[Panel]:
    """One panel a picture, all of the same network and call."""
    return [Panel(model_key, image_id, call) for image_id in image_ids[:MOST_PANELS]]


def of_models(model_keys: Sequence[str], image_id: str, call: str) -> list[Panel]:
    """One panel a network or set of weights, all of the same picture and call."""
    return [Panel(key, image_id, call) for key in model_keys[:MOST_PANELS]]


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
