"""Reads the cells of a layer's maps from its activation, whatever the activation's layout."""

import torch
from torch import Tensor, nn

from actviz_core.analysis import as_maps
from actviz_core.errors import ChannelError
from actviz_core.hooks import capture
from actviz_core.hooks.passes import unwrap
from actviz_core.hooks.selection import call_of, has_steps
from actviz_core.layouts.layout import Layout
from actviz_core.workspace.activations import to_numpy


def returned_once(module: nn.Module, inputs: Tensor, layer: str) -> tuple[str, Tensor]:
    """The one call that a layer, call or step name stands for, with its number, and what it returned.

    With its number a pass can end right after it. Raises `UnknownLayerError` where the name is unknown, never
    ran, or has several calls.
    """
    record = capture(module, inputs, [layer], steps=has_steps(module, [layer]))
    value = record[layer]
    call = next(name for name, kept in record.items() if kept is value)
    return str(call_of(unwrap(module).root, call).numbered), value


def maps_of(activation: Tensor, layout: Layout, picture: int = 0) -> Tensor:
    """One picture's maps, (C, H, W), of a tensor, as they are drawn. Raises `ShapeError` without cells."""
    return torch.from_numpy(as_maps(to_numpy(activation), layout, item=picture))


def check_place(maps: Tensor, call: str, cell: tuple[int, int] | None, channel: int | None) -> None:
    """Raise `ChannelError` where maps (C, H, W) have no such cell or channel; None stands for all of them."""
    channels, rows, columns = maps.shape
    if cell is not None and not (0 <= cell[0] < rows and 0 <= cell[1] < columns):
        raise ChannelError(
            f"There is no cell in row {cell[0]}, column {cell[1]}: "
            f"the maps of {call!r} have {rows} rows and {columns} columns, counted from 0."
        )
    if channel is not None and not 0 <= channel < channels:
        raise ChannelError(f"There is no channel {channel}: {call!r} has the channels 0 to {channels - 1}.")
