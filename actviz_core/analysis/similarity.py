"""How alike layers are, by what they do with the same pictures: linear CKA."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

FloatArray = npt.NDArray[np.float64]

TABLES = 128 * 2**20
"""Bytes of layers that are held at once while many are compared; one of a layer more than that is, too."""

_ROWS = 512  # of a matrix of pictures by pictures, which is never held as a whole


@dataclass(frozen=True, eq=False)
class Likeness:
    """Linear CKA of each of R layers with each of C layers, over the same pictures.

    Attributes:
        cka: (R, C), 0 to 1; NaN where a layer does the same with all pictures, or not all values are finite.
        chance: (R, C), what the same would be on average if the pictures of one layer were shuffled. That is
            far above 0 where there are few pictures, or a few channels vary more than all others.
        pictures: how many there were.

    """

    cka: FloatArray
    chance: FloatArray
    pictures: int

    @property
    def nbytes(self) -> int:
        """What the arrays take."""
        return self.cka.nbytes + self.chance.nbytes


def linear_cka(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Linear centred kernel alignment of (N, C1) and (N, C2): 0 (unrelated) to 1 (alike).

    Kornblith et al. 2019 (arXiv:1905.00414), eq. 4 with linear kernels, which is their
    ||Y'X||^2 / (||X'X|| ||Y'Y||) in Frobenius norms for centred X and Y. Rotating the channels of either, or
    scaling all of them by one factor, changes nothing. NaN where a layer does the same with all pictures.

    Raises:
        ShapeError: if they are not tables of the same pictures, at least two.

    """
    x, y = _centred(first), _centred(second)
    if len(x) != len(y):
        raise ShapeError(_not_the_same(len(x), len(y)))
    shared = _squared_norm(x, y)
    alone = np.sqrt(_squared_norm(x, x) * _squared_norm(y, y))
    return float(min(shared / alone, 1.0)) if alone > 0 else float("nan")


def likeness(
    first: Sequence[npt.ArrayLike],
    second: Sequence[npt.ArrayLike] | None = None,
    *,
    rows: npt.ArrayLike | None = None,
    told: Callable[[int, int], None] = lambda _done, _of: None,
) -> Likeness:
    """Compare each of the layers in ``first`` with each of those in ``second``, or with each other.

    Args:
        first: tables of N pictures each, (N, C). They may be mapped from files: a few are read at once.
        second: other such tables; None means the same ones.
        rows: (N,) bool, the pictures that count; None means all.
        told: called with how many pairs of how many are done.

    ``chance`` is exact. With K = XX' and L = YY' of centred layers, whose rows sum to zero, the mean of
    <K, PLP'> over all orders P of the pictures is tr K tr L / (N - 1).

    Raises:
        ShapeError: as `linear_cka`.

    """
    others = first if second is None else second
    cka = np.full((len(first), len(others)), np.nan)
    chance = np.full_like(cka, np.nan)
    pictures = len(_rows_of(first[0], rows))
    done, total = 0, len(first) * (len(first) + 1) // 2 if second is None else cka.size
    for start, tables in _groups(others, rows):
        for row, one in enumerate(first):
            if second is None and row >= start + len(tables):
                break  # the matrix is its own mirror image
            held = second is None and row >= start
            x = tables[row - start] if held else _Layer(_rows_of(one, rows))
            for column, y in enumerate(tables, start):
                if second is None and row > column:
                    continue
                cka[row, column], chance[row, column] = x.compared(y)
                done += 1
            told(done, total)
    if second is None:
        for matrix in (cka, chance):
            lower = np.tril_indices(len(matrix), -1)
            matrix[lower] = matrix.T[lower]
    return Likeness(cka, chance, pictures)


class _Layer:
    """One centred table with what every comparison needs of it."""

    def __init__(self, values: npt.ArrayLike) -> None:
        table = np.asarray(values, np.float64)
        self.table = _centred(table) if np.isfinite(table).all() else None
        if self.table is not None:
            self._alone = np.sqrt(_squared_norm(self.table, self.table))
            self._trace = float((self.table**2).sum())

    def compared(self, other: "_Layer") -> tuple[float, float]:
        """CKA with another layer, and its mean over all orders of the pictures."""
        if self.table is None or other.table is None:
            return float("nan"), float("nan")
        if len(self.table) != len(other.table):
            raise ShapeError(_not_the_same(len(self.table), len(other.table)))
        alone = self._alone * other._alone
        if not alone > 0:
            return float("nan"), float("nan")
        shared = _squared_norm(self.table, other.table)
        by_chance = self._trace * other._trace / (len(self.table) - 1)
        return float(min(shared / alone, 1.0)), float(min(by_chance / alone, 1.0))


def _groups(
    layers: Sequence[npt.ArrayLike], rows: npt.ArrayLike | None
) -> Iterator[tuple[int, list[_Layer]]]:
    """The layers in order, as many at once as may be held, with the number of the first."""
    held: list[_Layer] = []
    start = size = 0
    for layer in layers:
        values = _rows_of(layer, rows)
        if held and size + 8 * values.size > TABLES:
            yield start, held
            start, held, size = start + len(held), [], 0
        held.append(_Layer(values))
        size += 8 * values.size
    if held:
        yield start, held


def _rows_of(layer: npt.ArrayLike, rows: npt.ArrayLike | None) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = np.asarray(layer)
    return values if rows is None else values[np.asarray(rows, np.bool_)]


def _not_the_same(first: int, second: int) -> str:
    return f"Both layers must be of the same pictures; got {first} and {second}."


def _centred(values: npt.ArrayLike) -> FloatArray:
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or len(table) < 2:
        raise ShapeError(
            f"A layer must have the shape (pictures, channels), pictures > 1; got {table.shape}."
        )
    centred = table - table.mean(axis=0)
    size = np.abs(centred).max(initial=0.0)
    if size <= 1e-12 * np.abs(table).max(initial=0.0):
        return np.zeros_like(centred)  # rounding is all that is left
    return centred / size  # squares of squares neither overflow nor vanish


def _squared_norm(x: FloatArray, y: FloatArray) -> float:
    """||Y'X||^2 by the smaller of its two forms: channels by channels, or pictures by pictures."""
    if x.shape[1] * y.shape[1] <= len(x) ** 2:
        return float(((y.T @ x) ** 2).sum())
    return float(
        sum(
            ((x[start : start + _ROWS] @ x.T) * (y[start : start + _ROWS] @ y.T)).sum()
            for start in range(0, len(x), _ROWS)
        )
    )
