"""What becomes of the network's answer when one channel is changed: switched off, made even, or scaled."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from actviz_core.analysis import TopK, read_prediction
from actviz_core.errors import ChannelError
from actviz_core.hooks import capture, scale, switch_off
from actviz_core.hooks.arrays import as_stored
from actviz_core.hooks.edits import Edit, check_changeable
from actviz_core.hooks.nesting import named_tensors
from actviz_core.hooks.selection import has_steps
from actviz_core.layouts.layout import Layout
from actviz_core.models import Model
from actviz_core.names import Selector
from actviz_core.tasks import Task
from actviz_core.workspace.activations import parts_of

ROOT = ""


class Change(StrEnum):
    """What is done to the channel."""

    OFF = "switched off"
    MEAN = "made even"
    SCALED = "scaled"


@dataclass(frozen=True)
class _Even:
    """Gives every cell of a channel the channel's mean over the picture; all others keep every bit."""

    channel: int
    axis: int

    def __call__(self, tensor: Tensor) -> Tensor:
        check_changeable(tensor)
        changed = tensor.clone()
        part = changed.select(self.axis, self.channel)
        part.copy_(part.to(torch.promote_types(part.dtype, torch.float32)).mean().to(part.dtype))
        return changed


def channel_axis(layout: Layout) -> int | None:
    """Which axis of an activation holds the channels; None where no single one does."""
    return layout.axes.index("C") if layout.axes.count("C") == 1 else None


def edit_of(change: Change, channel: int, axis: int, factor: float = 1.0) -> Edit:
    """The edit that makes a change; ``factor`` matters only for scaling."""
    if change is Change.MEAN:
        return _Even(channel, axis)
    return switch_off(channel, axis=axis) if change is Change.OFF else scale(channel, factor, axis=axis)


def answer_with(model: Model, inputs: Tensor, call: str, edit: Edit) -> TopK:
    """What the network says, all classes, when a call's activation is edited. What it raises passes through.

    ``inputs`` is the picture as the network wants it, (1, 3, H, W).
    """
    steps = has_steps(model.module, [call])
    record = capture(model.module, inputs, [ROOT], edits={call: edit}, steps=steps)
    parts = [part for name, value in record.items() for part in parts_of(Selector.parse(name).part, value)]
    outputs = {name: as_stored(value) for name, value in parts}
    return read_prediction(outputs, model.task, model.classes, None)


def share_of_class(model: Model, index: int) -> Callable[[Any], Tensor]:
    """A function from what the network returns for one picture to the share that a class has of its answer.

    The probability by softmax; of a segmentation, the share of the picture where the class is ahead. Float64.
    """

    def share(output: Any) -> Tensor:
        scores = torch.from_numpy(as_stored(_scores(output))).to(torch.float64)
        if model.task is Task.SEGMENTATION:
            maps = scores.reshape(scores.shape[-3:])
            return (maps.argmax(0) == index).to(torch.float64).mean()
        return scores.reshape(-1).softmax(0)[index]

    return share


def _scores(output: Any) -> Tensor:
    """The tensor that holds the answer, as `read_prediction` finds it."""
    outputs = {
        name: part for place, tensor in named_tensors(output) for name, part in parts_of(place, tensor)
    }
    place = next((place for place in ("[out]", "[logits]") if place in outputs), None)
    if place is None and len(outputs) != 1:
        raise ChannelError("The network returned several tensors, of which none is called out or logits.")
    return outputs[place] if place is not None else next(iter(outputs.values()))


@dataclass(frozen=True, eq=False)
class Worths:
    """How far one class falls when each channel of a layer is switched off: (C,), shares of 0 to 1."""

    falls: "np.typing.NDArray[np.float64]"

    def place(self, channel: int) -> int:
        """The channel's place among all, 1 for the one without which the class falls farthest."""
        return int(np.count_nonzero(self.falls > self.falls[channel])) + 1

    def equals(self, channel: int) -> int:
        """How many channels share this place."""
        return int(np.count_nonzero(self.falls == self.falls[channel]))


def layer_worths(
    module: nn.Module, inputs: Tensor, call: str, target: Any, *, axis: int, batch: int
) -> Worths:
    """The worth of every channel of a call. Raises as `channel_worth`, which does the work."""
    from actviz_core.hooks import channel_worth

    worth = channel_worth(module, inputs, call, target, axis=axis, batch=batch)
    return Worths(worth.to(torch.float64).numpy())
