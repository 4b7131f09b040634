"""One activation with everything that the Activations page computes from it once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

from actviz_core.analysis import ChannelStatistics, as_maps, channel_statistics
from actviz_core.models import Model
from actviz_core.samples import Sample


@dataclass(frozen=True)
class LayerInHand:
    """A call's activation for one picture: its maps (C, H, W), their statistics, and where it came from."""

    call: str
    type_name: str
    value: Tensor
    maps: npt.NDArray[np.generic]
    statistics: ChannelStatistics
    seen: Image.Image
    model: Model
    sample: Sample

    @property
    def shape(self) -> tuple[int, ...]:
        """The activation's shape, batch first."""
        return tuple(self.value.shape)

    @classmethod
    def of(cls, call: str, value: Tensor, model: Model, sample: Sample, seen: Image.Image) -> "LayerInHand":
        """Compute the statistics of an activation."""
        maps = as_maps(value.float().numpy())
        name = call.split("#")[0].split("[")[0]
        modules = dict(model.module.named_modules())
        type_name = type(modules[name]).__name__ if name in modules else ""
        return cls(call, type_name, value, maps, channel_statistics(maps), seen, model, sample)
