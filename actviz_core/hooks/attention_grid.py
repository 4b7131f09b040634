"""Lays attention weights on the picture's grid: from one token to every patch."""

import numpy as np
import numpy.typing as npt
from torch import Tensor

from actviz_core.errors import ShapeError
from actviz_core.hooks.attention import Attention
from actviz_core.hooks.token_layout import TokenGrid, WindowGrid

Map = npt.NDArray[np.float32]


def attention_on_grid(
    attention: Attention, head: int | None, row: int, column: int, *, picture: int = 0
) -> Map:
    """The attention from the patch at (row, column) of the grid to every patch, of shape (H, W).

    ``head`` None means the mean of the heads. Windowed attention is NaN outside the patch's window; a window
    that wraps around the picture's edge appears on both sides. Attention to prefix tokens and to padding is
    left out, so that the sum may be below one. Raises `ShapeError` where there is no such head, patch or
    picture, where only the class token looks, and where the structure doesn't tell how the tokens lie.
    """
    layout = attention.layout
    if layout is None:
        raise ShapeError(
            f"How the {attention.weights.shape[-1]} tokens of this layer lie on the picture is not known."
        )
    _check("row", row, layout.grid[0])
    _check("column", column, layout.grid[1])
    if isinstance(layout, WindowGrid):
        return _window_on_grid(attention.weights, layout, head, (row, column), picture)
    return _from_token(attention, layout, head, layout.prefix + row * layout.grid[1] + column, picture)


def attention_from_prefix(attention: Attention, head: int | None, token: int = 0, *, picture: int = 0) -> Map:
    """The attention from a prefix token (0 is the class token) to every patch, of shape (H, W).

    Raises `ShapeError` where the layer has no such token, head or picture.
    """
    layout = attention.layout
    if not isinstance(layout, TokenGrid):
        raise ShapeError("This layer has no class token or other tokens beside the patches.")
    _check("prefix token", token, layout.prefix)
    return _from_token(attention, layout, head, token, picture)


def _from_token(attention: Attention, layout: TokenGrid, head: int | None, token: int, picture: int) -> Map:
    return _row_of_keys(attention.weights, layout, head, token, picture)[layout.prefix :].reshape(layout.grid)


def _row_of_keys(weights: Tensor, layout: TokenGrid, head: int | None, token: int, picture: int) -> Map:
    tokens = layout.prefix + layout.grid[0] * layout.grid[1]
    if layout.class_only and token > 0:
        raise ShapeError("Only the class token looks in this layer.")
    if weights.shape[2] != tokens and not layout.class_only:
        raise ShapeError(
            f"This layer asks from {weights.shape[2]} tokens of its own, not the {tokens} of the picture."
        )
    _check("picture", picture, len(weights))
    return _of_head(weights[picture], head)[token]


def _window_on_grid(
    weights: Tensor, layout: WindowGrid, head: int | None, position: tuple[int, int], picture: int
) -> Map:
    count = layout.windows[0] * layout.windows[1]
    _check("picture", picture, len(weights) // count)
    rolled = [(at - by) % whole for at, by, whole in zip(position, layout.shift, layout.padded, strict=True)]
    sides = list(zip(rolled, layout.window, layout.windows, strict=True))
    window = [at % steps if layout.spread else at // size for at, size, steps in sides]
    inside = [at // steps if layout.spread else at % size for at, size, steps in sides]
    entry = picture * count + window[0] * layout.windows[1] + window[1]
    keys = _of_head(weights[entry], head)[inside[0] * layout.window[1] + inside[1]].reshape(layout.window)
    padded = np.full(layout.padded, np.nan, dtype=np.float32)
    rows, columns = (
        (_positions(layout, axis, window[axis]) + layout.shift[axis]) % layout.padded[axis] for axis in (0, 1)
    )
    padded[np.ix_(rows, columns)] = keys
    return padded[: layout.grid[0], : layout.grid[1]]


def _positions(layout: WindowGrid, axis: int, window: int) -> npt.NDArray[np.int64]:
    """Rows (axis 0) or columns (axis 1) of the rolled grid that a window takes."""
    steps = np.arange(layout.window[axis])
    if layout.spread:
        return steps * layout.windows[axis] + window
    return steps + window * layout.window[axis]


def _of_head(weights: Tensor, head: int | None) -> Map:
    """One head's weights of shape (queries, keys), or the heads' mean."""
    if head is not None:
        _check("head", head, len(weights))
    chosen = weights.float().mean(0) if head is None else weights[head].float()
    values: Map = chosen.numpy()
    return values


def _check(what: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        raise ShapeError(f"There is no {what} {index}; there are {count}: 0 to {count - 1}.")
