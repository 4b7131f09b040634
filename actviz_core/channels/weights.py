"""What a channel computes with: its own kernel, row, or scale and shift, and the inputs that weigh most."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from actviz_core.errors import ChannelError
from actviz_core.hooks.passes import unwrap
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import names_of_layers
from actviz_core.names import CallName

Array = npt.NDArray[np.floating]

_TRANSPOSED = nn.modules.conv._ConvTransposeNd
_BATCH_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


class WeightKind(StrEnum):
    """What kind of weights a channel has."""

    KERNELS = "kernels"  # one for each input channel of its group
    ROW = "row"  # one number for each input
    NORM = "norm"  # a scale and a shift
    NONE = "none"


@dataclass(frozen=True, eq=False)
class ChannelWeights:
    """The weights of one channel of a layer, as float arrays.

    Attributes:
        kind: what there is.
        kernels: (I, *kernel size) for kernels, such as (I, 3, 3), and (I,) for a row; None otherwise.
        inputs: (I,), which channels of the layer's input these are: of a grouped convolution, those of the
            channel's group. Empty without kernels or row.
        norms: (I,), the length of each kernel, the root of its summed squares; of a row, each absolute value.
        bias: what is added, None if nothing is.
        scale, shift: of a norm, what it multiplies with and adds, after it has brought its input to mean 0
            and variance 1. None where the norm has none.
        applied_scale, applied_shift: of a batch norm with running statistics, what a value is multiplied with
            and what is added in all; None otherwise.
        why_none: a sentence for a layer without weights of its own, else "".

    """

    kind: WeightKind
    kernels: Array | None
    inputs: npt.NDArray[np.int64]
    norms: Array
    bias: float | None = None
    scale: float | None = None
    shift: float | None = None
    applied_scale: float | None = None
    applied_shift: float | None = None
    why_none: str = ""

    def strongest(self, count: int = 8) -> list[tuple[int, float]]:
        """The input channels that enter with the largest weights: numbers and norms, largest first."""
        order = np.argsort(-self.norms, kind="stable")[:count]
        return [(int(self.inputs[at]), float(self.norms[at])) for at in order]


def channel_weights(module: nn.Module, layer: str, channel: int) -> ChannelWeights:
    """Read the weights of one channel of a layer or call: convolutions, linear layers and norms.

    Grouped, depthwise and transposed convolutions of any number of dimensions are read alike. A step between
    layers, and a layer without weights of its own, has the kind ``none`` and says why.

    Raises `UnknownLayerError` for a name that is not there, `ChannelError` for a channel that is not there.
    """
    network = unwrap(module)
    aliases = names_of_layers(network.root, network.prefix)
    asked = CallName.asked(layer, aliases)
    if asked is not None and asked.function:
        return _none("A step between layers has no weights.")
    if asked is None:
        raise unknown_name(layer, aliases, "is not a layer of this network")
    part = network.root.get_submodule(aliases[asked.module])
    with torch.no_grad():
        if isinstance(part, nn.modules.conv._ConvNd):
            return _of_convolution(part, channel)
        if isinstance(part, nn.Linear):
            return _of_rows(part.weight, part.bias, channel)
        if isinstance(part, (*_BATCH_NORMS, nn.LayerNorm, nn.GroupNorm)):
            return _of_norm(part, channel)
    if not any(True for _ in part.parameters()):
        return _none(f"{type(part).__name__} has no weights: it computes the same whatever was learned.")
    if any(True for _ in part.children()):
        return _none(f"{type(part).__name__} has its weights in the layers inside it.")
    return _none(f"The weights of {type(part).__name__} do not belong to single channels.")


def _of_convolution(part: nn.modules.conv._ConvNd, channel: int) -> ChannelWeights:
    _check(channel, part.out_channels)
    size = part.in_channels // part.groups
    group, within = divmod(channel, part.out_channels // part.groups)
    inputs = np.arange(group * size, (group + 1) * size)
    if isinstance(part, _TRANSPOSED):  # (in, out / groups, ...)
        kernels = _array(part.weight[group * size : (group + 1) * size, within])
    else:
        kernels = _array(part.weight[channel])
    norms = np.sqrt(np.square(kernels, dtype=np.float64).reshape(size, -1).sum(1))
    return ChannelWeights(WeightKind.KERNELS, kernels, inputs, norms, _number(part.bias, channel))


def _of_rows(weight: Tensor, bias: Tensor | None, channel: int) -> ChannelWeights:
    _check(channel, len(weight))
    row = _array(weight[channel])
    return ChannelWeights(WeightKind.ROW, row, np.arange(len(row)), np.abs(row), _number(bias, channel))


def _of_norm(part: nn.Module, channel: int) -> ChannelWeights:
    scale, shift = getattr(part, "weight", None), getattr(part, "bias", None)
    mean, variance = getattr(part, "running_mean", None), getattr(part, "running_var", None)
    if isinstance(part, nn.LayerNorm):
        count = part.normalized_shape[-1] if len(part.normalized_shape) == 1 else 0
        if not count:
            return _none("This norm has a scale and a shift for each cell, not for each channel.")
    else:
        count = int(getattr(part, "num_features", getattr(part, "num_channels", 0)))
    _check(channel, count)
    if scale is None and shift is None and mean is None:
        return _none(f"This {type(part).__name__} has no scale and no shift of its own.")
    applied_scale = applied_shift = None
    if isinstance(mean, Tensor) and isinstance(variance, Tensor):
        found = _number(scale, channel)
        applied_scale = (1.0 if found is None else found) / math.sqrt(
            float(variance[channel]) + float(getattr(part, "eps", 0.0))
        )
        applied_shift = (_number(shift, channel) or 0.0) - float(mean[channel]) * applied_scale
    nothing = np.empty(0)
    return ChannelWeights(
        WeightKind.NORM,
        None,
        np.empty(0, np.int64),
        nothing,
        scale=_number(scale, channel),
        shift=_number(shift, channel),
        applied_scale=applied_scale,
        applied_shift=applied_shift,
    )


def _none(why: str) -> ChannelWeights:
    return ChannelWeights(WeightKind.NONE, None, np.empty(0, np.int64), np.empty(0), why_none=why)


def _check(channel: int, count: int) -> None:
    if not 0 <= channel < count:
        raise ChannelError(f"There is no channel {channel}: this layer has the channels 0 to {count - 1}.")


def _number(values: Tensor | None, channel: int) -> float | None:
    return None if values is None else float(values[channel])


def _array(values: Tensor) -> Array:
    found: Array = values.detach().to("cpu", torch.float32).numpy().copy()
    return found
