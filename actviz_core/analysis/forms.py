"""What form an activation has, with the reshaping that brings every form to maps."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError


class Form(StrEnum):
    """How an activation is laid out, which decides how it is drawn."""

    MAPS = "maps"
    VECTOR = "vector"
    SEQUENCE = "sequence"
    OTHER = "other"


def form_of(shape: Sequence[int]) -> Form:
    """The form of an activation of this shape; the first dimension is the batch.

    (N, C, H, W) with more than one cell is maps, (N, C) and (N, C, 1, 1) are a vector, (N, L, D) a sequence.
    """
    match len(shape):
        case 4:
            return Form.MAPS if shape[2] * shape[3] > 1 else Form.VECTOR
        case 3:
            return Form.SEQUENCE
        case 2:
            return Form.VECTOR
        case _:
            return Form.OTHER


def as_maps(activation: npt.ArrayLike, *, item: int = 0) -> npt.NDArray[np.generic]:
    """One picture's activation as maps of shape (C, H, W), without copying where numpy can avoid it.

    Maps keep their shape. A vector (N, C) becomes (C, 1, 1). A sequence (N, L, D) becomes (D, 1, L): one
    channel a feature, positions from left to right. Of any other activation the first dimension after the
    batch counts as channels, the last as columns, and everything between as rows.

    Raises:
        ShapeError: if the batch has no such item or the activation holds no value.

    """
    array = np.asarray(activation)
    if array.size == 0 or (array.ndim and not 0 <= item < array.shape[0]):
        raise ShapeError(
            f"An activation of shape {array.shape} has no values for picture {item} of its batch."
        )
    picture = array[item] if array.ndim else array
    if form_of(array.shape) is Form.SEQUENCE:
        return picture.T[:, None, :]
    if picture.ndim <= 1:
        return picture.reshape(-1, 1, 1)
    return picture.reshape(picture.shape[0], -1, picture.shape[-1])
