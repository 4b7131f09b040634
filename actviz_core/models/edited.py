"""Networks with some channels switched off or scaled, and how keys and links name them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from actviz_core.errors import EditError
from actviz_core.hooks.edits import scale
from actviz_core.hooks.lasting import edited_copy
from actviz_core.models.model import Model

MARK = "!"
"""Stands before each edit in the key of an edited network: ``cifar-resnet20!layer1.0.conv1:5*0``."""

LARGEST = 3.0
"""The largest factor; 0 switches a channel off."""

_WRITTEN = re.compile(r"(?P<layer>.+):(?P<channel>\d{1,6})\*(?P<factor>\d(\.\d{1,4})?)")


@dataclass(frozen=True)
class ChannelEdit:
    """One channel of what a layer returns, multiplied by a factor from 0 to 3."""

    layer: str
    channel: int
    factor: float

    def __str__(self) -> str:
        """The edit as links carry it: ``layer1.0.conv1:5*0``."""
        return f"{self.layer}:{self.channel}*{self.factor:g}"

    @classmethod
    def parse(cls, text: str) -> "ChannelEdit":
        """Read the text form. Raises `EditError`."""
        found = _WRITTEN.fullmatch(text)
        factor = math.nan if found is None else float(found["factor"])
        if found is None or not 0 <= factor <= LARGEST:
            raise EditError(
                f"{text[:60]!r} is no edit. An edit is written as layer:channel*factor, with a factor from 0 "
                "to 3, such as layer1.0.conv1:5*0."
            )
        return cls(found["layer"], int(found["channel"]), factor)


def split_key(key: str) -> tuple[str, tuple[str, ...]]:
    """The model key of the network that was edited, and its edits as texts."""
    base, *edits = key.split(MARK)
    return base, tuple(edits)


def joined_key(key: str, edits: Sequence[str]) -> str:
    """The key of a network with these edits."""
    return "".join([key, *(f"{MARK}{edit}" for edit in edits)])


def edited_model(model: Model, edits: Sequence[ChannelEdit], axes: Mapping[str, int]) -> Model:
    """A network with these edits; ``axes`` tells the channels' axis of each of their layers.

    Raises `EditError` where it cannot be edited.
    """
    by_layer: dict[str, list[ChannelEdit]] = {}
    for edit in edits:
        by_layer.setdefault(edit.layer, []).append(edit)
    made = {layer: _Together(tuple(several), axes[layer]) for layer, several in by_layer.items()}
    return replace(
        model,
        key=joined_key(model.key, [str(edit) for edit in edits]),
        module=edited_copy(model.module, made).eval(),
        fingerprint=joined_key(model.fingerprint, [str(edit) for edit in edits]),
    )


def channel_axis(edited: nn.Module, layer: str) -> int:
    """The axis of the channels that are edited in this layer of an edited network."""
    hooks = edited.get_submodule(layer)._forward_hooks.values()
    return next(
        edit.axis
        for hook in hooks
        if isinstance(hook, partial)
        for edit in hook.args
        if isinstance(edit, _Together)
    )


@dataclass(frozen=True)
class _Together:
    """All edits of one layer, one after the other."""

    edits: tuple[ChannelEdit, ...]
    axis: int

    def __call__(self, tensor: Tensor) -> Tensor:
        for edit in self.edits:
            tensor = scale(edit.channel, edit.factor, axis=self.axis)(tensor)
        return tensor
