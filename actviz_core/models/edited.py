"""Networks with some channels switched off or scaled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from actviz_core.hooks.edits import scale
from actviz_core.hooks.lasting import edited_copy
from actviz_core.models.model import Model
from actviz_core.names import ChannelEdit, ModelKey


def edited_model(model: Model, edits: Sequence[ChannelEdit], axes: Mapping[str, int]) -> Model:
    """A network with these edits; ``axes`` tells the channels' axis of each of their layers.

    Raises `EditError` where it cannot be edited.
    """
    by_layer: dict[str, list[ChannelEdit]] = {}
    for edit in edits:
        by_layer.setdefault(edit.layer, []).append(edit)
    made = {layer: _Together(tuple(several), axes[layer]) for layer, several in by_layer.items()}
    texts = [str(edit) for edit in edits]
    return replace(
        model,
        key=str(ModelKey.parse(model.key).with_edits(texts)),
        module=edited_copy(model.module, made).eval(),
        fingerprint=edited_fingerprint(model.fingerprint, texts),
    )


def edited_fingerprint(fingerprint: str, edits: Sequence[str]) -> str:
    """What names a network with these edits as `Model.fingerprint` names the network itself."""
    return "!".join([fingerprint, *edits])


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
