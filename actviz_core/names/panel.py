"""Panels of the compare board, as links carry them: ``model,image,call``."""

from dataclasses import dataclass, replace

from actviz_core.errors import ActVizError, quoted
from actviz_core.names.image import split_variant, with_variant


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
        return bool(split_variant(self.image_id)[0])

    def filled(self, model_key: str, image_id: str) -> Panel:
        """What the slot shows while this network and this picture are in hand."""
        picture, variant = split_variant(self.image_id)
        shown = self.image_id or image_id
        if not picture and variant is not None:
            original, _ = split_variant(image_id)
            shown = with_variant(original, variant) if variant else original
        return Panel(self.model_key or model_key, shown, self.call)

    def with_network_in_hand(self) -> "Slot":
        """The slot, following the network in hand."""
        return replace(self, model_key="")

    def with_picture_in_hand(self) -> "Slot":
        """The slot, following the picture in hand; a variant stays a variant."""
        if not self.pins_picture:
            return self
        _, variant = split_variant(self.image_id)
        return replace(self, image_id=with_variant("", variant) if variant else "")
