"""Where one cell of a channel looks: the pixels that it can depend on, and how much each matters now."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from actviz_core.channels.cells import maps_of
from actviz_core.channels.input_box import ReceptiveField
from actviz_core.channels.receptive_field import receptive_field
from actviz_core.errors import UnknownLayerError
from actviz_core.hooks.input_gradient import input_gradient
from actviz_core.layouts.layout import Layout

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Look:
    """What a cell can depend on, and which pixels matter for its value.

    Attributes:
        field: the box of pixels.
        shares: (H, W), each pixel's part of the gradient of the cell's value, its colours' absolute values
            summed; all together 1. All zero where the value would not change with any pixel; None where there
            is no gradient, which ``why_none`` then explains.
        why_none: a sentence, or "".

    """

    field: ReceptiveField
    shares: FloatArray | None
    why_none: str = ""

    @property
    def pixels_of_half(self) -> int:
        """So many pixels are enough for half of the gradient; 0 without one."""
        if self.shares is None or not self.shares.any():
            return 0
        largest = np.sort(self.shares.reshape(-1))[::-1]
        return int(np.searchsorted(np.cumsum(largest), 0.5)) + 1


def look(
    module: nn.Module,
    inputs: Tensor,
    call: str,
    layout: Layout,
    channel: int,
    cell: tuple[int, int],
    field: ReceptiveField | None = None,
) -> Look:
    """Find where a cell of a channel looks, for one picture.

    Args:
        module: takes ``inputs``, (1, C, H, W). It runs in eval mode and is left as found.
        inputs: the picture as the network wants it.
        call: a call or step name for one activation, with its number if there are several.
        layout: how that activation is laid out, as `actviz_core.layouts.of_network.layout_of` says.
        channel: its number in the maps.
        cell: row and column in the maps.
        field: the cell's box for an input of this size, where it is known already.

    Raises `ChannelError`, `ShapeError` and `UnknownLayerError` as `receptive_field`; what the module raises
    passes through.

    """
    if field is None or field.input_size != tuple(inputs.shape[2:]):
        field = receptive_field(module, tuple(inputs.shape), call, cell, channel=channel)

    def value(activation: Tensor) -> Tensor:
        positions = torch.arange(activation.numel()).reshape(activation.shape)
        at = int(maps_of(positions, layout)[channel, cell[0], cell[1]])
        number = activation.reshape(-1)[at]
        number = number.abs() if number.is_complex() else number  # as it is drawn
        return number.to(torch.promote_types(number.dtype, torch.float32))

    try:
        _, gradient = input_gradient(module, inputs, call, value)
    except UnknownLayerError:
        raise
    except Exception:  # the network ran for the box: what torch fails at here is the gradient
        return Look(field, None, "Torch follows no gradient from this layer to the picture.")
    sizes = gradient[0].to("cpu", torch.float64).abs().sum(0).numpy()
    if not np.isfinite(sizes).all():
        return Look(field, None, "The gradient of this value is not finite.")
    total = sizes.sum()
    return Look(field, sizes / total if total > 0 else np.zeros_like(sizes))
