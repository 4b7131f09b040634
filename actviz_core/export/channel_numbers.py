"""What a channel's page says in numbers, for a script to compute again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from actviz_core.channels.excitation import Excitation


@dataclass(frozen=True, eq=False)
class ChannelNumbers:
    """What a page says of a channel, for a script to compute again.

    Attributes:
        layer, number: the layer, and which of its calls it is.
        channel: its number; ``axis`` is the activation's axis of channels, None where no single one is.
        positions: where the values of its map lie in the activation, read in a row; (H, W).
        shape: the activation's.
        cell: row and column of the cell that the box belongs to.
        box: top, bottom, left, right; None where NaN did not tell it.
        classes: the classes whose shares are followed, the answer first; none where there is no answer.
        made_even, factor: whether the shares with the channel's mean, or times a factor, are asked for too.
        weights: whether the channel has weights of its own.
        rank: whether its place among all channels is asked for.
        twins: the channels whose correlation is asked for.
        pictures: image ids whose largest value is asked for; ``labels`` are theirs, where these are all
            pictures of a source.
        made: the picture that was made for the channel, if there is one.
        expected: every number by its name.

    """

    layer: str
    number: int
    channel: int
    axis: int | None
    positions: npt.NDArray[np.int64]
    shape: tuple[int, ...]
    cell: tuple[int, int]
    box: tuple[int, int, int, int] | None
    classes: tuple[int, ...] = ()
    made_even: bool = False
    factor: float | None = None
    weights: bool = False
    rank: bool = False
    twins: tuple[int, ...] = ()
    pictures: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    made: Excitation | None = None
    expected: Mapping[str, float] = field(default_factory=dict)
