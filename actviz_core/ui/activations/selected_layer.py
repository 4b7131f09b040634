"""One activation with everything that the Activations page computes from it once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from actviz_core.analysis import ChannelStatistics, as_maps, channel_statistics, prefix_tokens
from actviz_core.figures import PicturePart
from actviz_core.hooks.selection import call_of
from actviz_core.hooks.tree import type_name as type_of
from actviz_core.layouts.layout import Layout
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.ui.picture_parts import picture_part
from actviz_core.wording.gradients import gradient_channel_sentence, gradient_sentence
from actviz_core.wording.layers import channel_sentence, layer_sentence
from actviz_core.wording.notes import layer_note, step_note
from actviz_core.workspace.activations import to_numpy
from actviz_core.workspace.gradients import Followed, Values

LAYER_PLACE = "layer"
"""Whose place it is that is chosen on the Activations page."""


@dataclass(frozen=True)
class SelectedLayer:
    """A call's activation for one picture: its maps (C, H, W), their statistics, and where it came from.

    ``type_name`` is the layer's class, or the function of a step (``add``).

    ``layout`` says how its axes are read. Class and register tokens are not among the maps: their names are
    in ``prefix``, their values, (P, C), in ``prefix_values``.

    Where ``followed`` is given, all values are gradients of a class, or gradients times activations.
    """

    call: str
    type_name: str
    is_step: bool
    value: Tensor
    layout: Layout
    maps: npt.NDArray[np.generic]
    statistics: ChannelStatistics
    prefix: tuple[str, ...]
    prefix_values: npt.NDArray[np.generic]
    model: Model
    sample: Sample
    followed: Followed | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The activation's shape, batch first."""
        return tuple(self.value.shape)

    @property
    def seen(self) -> npt.NDArray[np.uint8]:
        """The picture as the network sees it, (h, w, 3): resized and cropped, not normalised."""
        return np.asarray(self.model.preprocess.seen(self.sample.image))

    @property
    def below(self) -> npt.NDArray[np.uint8] | None:
        """The picture, where the maps can be laid over it."""
        return self.seen if self.layout.on_picture else None

    @property
    def part(self) -> PicturePart | None:
        """Which part of the picture the maps lie on, if they do."""
        return picture_part(self.model, self.sample) if self.layout.on_picture else None

    @property
    def note(self) -> str:
        """What such a layer or step does, in plain words."""
        return step_note(self.type_name) if self.is_step else layer_note(self.type_name)

    def sentence(self, names: Sequence[str] | None = None) -> str:
        """What the whole layer does, in one sentence; ``names`` are its channels' where they are classes."""
        if self.followed is None:
            return layer_sentence(self.statistics, self.maps.shape, names=names)
        product = self.followed.values is Values.PRODUCT
        return gradient_sentence(self.statistics, self.maps, self.followed.name, product=product)

    def channel_sentence(self, channel: int) -> str:
        """What one channel does, in one sentence."""
        if self.followed is None:
            return channel_sentence(self.statistics, channel, self.maps.shape)
        product = self.followed.values is Values.PRODUCT
        return gradient_channel_sentence(self.maps, channel, self.followed.name, product=product)

    @classmethod
    def of(
        cls,
        call: str,
        value: Tensor,
        layout: Layout,
        model: Model,
        sample: Sample,
        followed: Followed | None = None,
    ) -> "SelectedLayer":
        """Compute maps and statistics. Raises `ShapeError` for an activation without values."""
        numbers = to_numpy(value)
        maps = as_maps(numbers, layout)
        names, prefix = prefix_tokens(numbers, layout)
        name = call_of(model.module, call)
        type_name = name.function or type_of(model.module.get_submodule(name.module))
        statistics = channel_statistics(maps)
        return cls(
            call,
            type_name,
            bool(name.function),
            value,
            layout,
            maps,
            statistics,
            names,
            prefix,
            model,
            sample,
            followed,
        )
