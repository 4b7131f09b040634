"""Panels of the compare board, and the boards that one click makes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from actviz_core.errors import ActVizError, quoted
from actviz_core.samples.variants import MARK

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


@dataclass(frozen=True)
class Slot:
    """A panel before what is in hand is filled in: each part that names nothing follows it.

    ``model_key`` is "" or a pinned model key. ``image_id`` is "", a pinned image id, or a variant of the
    picture in hand: ``~mirror``, or ``~`` for its original.
    """

    model_key: str
    image_id: str
    call: str

    def __str__(self) -> str:
        """The slot as links carry it: ``model,image,call``, of which the first two may be empty."""
        return f"{self.model_key},{self.image_id},{self.call}"

    @classmethod
    def parse(cls, text: str) -> "Slot":
        """Read the text form. Raises `PanelTextError`."""
        parts = text.split(",", 2)
        if len(parts) != 3 or not parts[2]:
            raise PanelTextError(
                f"{quoted(text)} is no panel. A panel is written as model,image,call, such as "
                "cifar-resnet20,bundled-cifar10/0,layer1.0.conv1; without a model or an image, as in "
                ",,layer1.0.conv1, it follows the sidebar."
            )
        return cls(*parts)

    @property
    def pins_network(self) -> bool:
        """Whether the network stays as it is when another one is taken in hand."""
        return bool(self.model_key)

    @property
    def pins_picture(self) -> bool:
        """Whether the picture stays as it is when another one is taken in hand."""
        return bool(self.image_id) and not self.image_id.startswith(MARK)

    def filled(self, model_key: str, image_id: str) -> Panel:
        """What the slot shows while this network and this picture are in hand."""
        picture = self.image_id or image_id
        if picture.startswith(MARK):
            picture = f"{image_id.partition(MARK)[0]}{picture.rstrip(MARK)}"
        return Panel(self.model_key or model_key, picture, self.call)

    def with_network_in_hand(self) -> "Slot":
        """The slot, following the network in hand."""
        return replace(self, model_key="")

    def with_picture_in_hand(self) -> "Slot":
        """The slot, following the picture in hand; a variant stays a variant."""
        if not self.pins_picture:
            return self
        variant = self.image_id.partition(MARK)[2]
        return replace(self, image_id=f"{MARK}{variant}" if variant else "")


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
