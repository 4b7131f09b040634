"""How widely attention heads look, in numbers and in a sentence."""

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError


def half_of_attention(maps: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """On how few patches half of each head's attention to patches lies, shape (heads,).

    `maps` has the shape (heads, H, W) and holds weights from zero on, NaN where a head cannot look.

    Raises:
        ShapeError: if `maps` has another shape or holds no value.

    """
    array = np.asarray(maps, np.float64)
    if array.ndim != 3 or not array.size:
        raise ShapeError(
            f"Attention of several heads has the shape (heads, rows, columns); got {array.shape}."
        )
    largest_first = -np.sort(-np.nan_to_num(array.reshape(len(array), -1)), axis=1)
    reached = largest_first.cumsum(axis=1)
    return (reached < reached[:, -1:] / 2).sum(axis=1) + 1


def attention_sentence(maps: npt.ArrayLike, looking: str) -> str:
    """Which head looks most narrowly and which most widely from a token, in one sentence.

    "From the class token, head 3 looks most narrowly: half of its attention lies on 4 of 196 patches; head 0
    most widely: half of it lies on 71."
    """
    array = np.asarray(maps, np.float64)
    needed = half_of_attention(array)
    patches = int(np.isfinite(array[0]).sum())
    seen = f"{patches:,} patches" + (" that it can see" if patches < array[0].size else "")
    narrow, wide = int(needed.argmin()), int(needed.argmax())
    start = f"From the {looking}, "
    if len(array) == 1:
        return f"{start}half of the only head's attention lies on {needed[0]:,} of {seen}."
    if needed[narrow] == needed[wide]:
        return (
            f"{start}all heads look equally widely: half of their attention lies on {needed[0]:,} of {seen}."
        )
    return (
        f"{start}head {narrow} looks most narrowly: half of its attention lies on {needed[narrow]:,} of "
        f"{seen}; head {wide} most widely: half of it lies on {needed[wide]:,}."
    )
