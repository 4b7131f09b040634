"""Model keys: ``cifar-resnet20``, ``resnet18@random``, ``cifar-resnet20!layer1.0.conv1:5*0``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

_WEIGHTS, _EDIT = "@", "!"


@dataclass(frozen=True)
class ModelKey:
    """A network, its weights, and what is edited in it.

    ``network`` holds no ``@`` and no ``!``. ``weights`` is None where the key names none: then the network's
    default is meant. ``edits`` are texts of `ChannelEdit`.
    """

    network: str
    weights: str | None = None
    edits: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The key as links carry it."""
        return "".join([self.unedited, *(f"{_EDIT}{edit}" for edit in self.edits)])

    @classmethod
    def parse(cls, text: str) -> "ModelKey":
        """Read the text form. Any text is one; whether there is such a network, the registry knows."""
        base, *edits = text.split(_EDIT)
        network, mark, weights = base.partition(_WEIGHTS)
        return cls(network, weights if mark else None, tuple(edits))

    @property
    def unedited(self) -> str:
        """The key of the same network and weights without edits."""
        return self.network if self.weights is None else f"{self.network}{_WEIGHTS}{self.weights}"

    def with_edits(self, edits: Sequence[str]) -> "ModelKey":
        """The same network and weights with these edits after those that there are."""
        return replace(self, edits=(*self.edits, *edits))
