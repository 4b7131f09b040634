"""One activation with everything that the Activations page computes from it once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
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
    model: Model
    sample: Sample

    @property
    def shape(self) -> tuple[int, ...]:
        """The activation's shape, batch first."""
        return tuple(self.value.shape)

    @property
    def seen(self) -> npt.NDArray[np.uint8]:
        """The picture as the network sees it, (h, w, 3): resized and cropped, not normalised."""
        return np.asarray(self.model.preprocess.seen(self.sample.image))

    @classmethod
    def of(cls, call: str, value: Tensor, model: Model, sample: Sample) -> "LayerInHand":
        """Compute the statistics of an activation."""
        maps = as_maps(value.float().numpy())
        name = call.split("#")[0].split("[")[0]
        modules = dict(model.module.named_modules())
        type_name = type(modules[name]).__name__ if name in modules else ""
        return cls(call, type_name, value, maps, channel_statistics(maps), model, sample)
