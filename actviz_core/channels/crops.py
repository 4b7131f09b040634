"""Pictures cut to what the highest cell of a channel can see of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from actviz_core.channels.input_box import ReceptiveField
from actviz_core.channels.on_pictures import Hit
from actviz_core.models import Model


@dataclass(frozen=True, eq=False)
class Crop:
    """What a picture's highest cell sees of it: pixels, uint8 (h, w, 3)."""

    hit: Hit
    pixels: npt.NDArray[np.uint8]


def cut_to_sight(
    model: Model,
    hits: Sequence[Hit],
    image_of: Callable[[str], Image.Image],
    field_at: Callable[[tuple[int, int]], ReceptiveField],
) -> tuple[Crop, ...]:
    """Cut every picture, as the network sees it, to the box of its highest cell.

    ``image_of`` gives the picture of an image id, ``field_at`` the box of a cell. A picture stays whole where
    the layer looks at everything. Raises what these two raise.
    """
    boxes: dict[tuple[int, int], tuple[slice, slice]] = {}
    everything = False
    found = []
    for hit in hits:
        if hit.cell not in boxes and not everything:
            field = field_at(hit.cell)
            everything = field.layer_sees_all
            boxes[hit.cell] = (slice(field.top, field.bottom), slice(field.left, field.right))
        picture = np.asarray(model.preprocess.seen(image_of(hit.image)))
        pixels = picture if everything else picture[boxes[hit.cell]]
        found.append(Crop(hit, pixels if pixels.size else picture))
    return tuple(found)
