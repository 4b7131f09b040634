"""How alike layers are, by what they do with the same pictures: linear CKA."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

FloatArray = npt.NDArray[np.float64]

HELD = 128 * 2**20
"""Bytes of layers that are held at once while many are compared, unless a single one is larger."""

WIDTH = 4096
"""Channels that are held at once, unless a single layer has more."""

ROWS = 512  # of a matrix of pictures by pictures, which is never held as a whole


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
    scaling all of them by one factor, changes nothing. NaN where a layer does the same with all pictures, or
    where a value is no number: leave out pictures that were skipped.

    Raises:
        ShapeError: if they are not tables of the same pictures, at least two.

    """
    x, y = _centred(first), _centred(second)
    if len(x) != len(y):
        raise ShapeError(_not_the_same(len(x), len(y)))
    return _share(_squared_norm(x, y), float(np.sqrt(_squared_norm(x, x) * _squared_norm(y, y))))


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
    for start, group in _groups(others, rows):
        for row, one in enumerate(first):
            if second is None and row >= start + len(group.layers):
                break  # the matrix is its own mirror image
            held = second is None and row >= start
            x = group.layers[row - start] if held else _Layer.of(_rows_of(one, rows))
            columns = range(row - start if held else 0, len(group.layers))
            cka[row, start + columns[0] :][: len(columns)] = group.compared(x, columns)
            chance[row, start + columns[0] :][: len(columns)] = group.chance(x, columns)
            done += len(columns)
            told(done, total)
    if second is None:
        for matrix in (cka, chance):
            lower = np.tril_indices(len(matrix), -1)
            matrix[lower] = matrix.T[lower]
    return Likeness(cka, chance, pictures)


@dataclass(frozen=True, eq=False)
class _Layer:
    """One centred table with what every comparison needs of it; all zero where it cannot be compared."""

    table: FloatArray
    alone: float
    trace: float

    @classmethod
    def of(cls, values: npt.NDArray[np.generic]) -> "_Layer":
        table = _centred(values)
        if not np.isfinite(table).all():
            table = np.zeros_like(table)
        flat = np.ascontiguousarray(table).reshape(-1)
        return cls(table, float(np.sqrt(_squared_norm(table, table))), float(flat @ flat))


class _Group:
    """Several layers side by side, so that one product compares a layer with all of them."""

    def __init__(self, layers: Sequence[_Layer]) -> None:
        self._joined = np.concatenate([layer.table for layer in layers], axis=1)
        self._ends = np.cumsum([0, *(layer.table.shape[1] for layer in layers)])
        spans = zip(layers, self._ends[:-1], self._ends[1:], strict=True)
        self.layers = [_Layer(self._joined[:, low:high], one.alone, one.trace) for one, low, high in spans]

    def compared(self, x: _Layer, columns: range) -> list[float]:
        """CKA with some of the layers, one after the other."""
        others = [self.layers[column] for column in columns]
        if len(x.table) != len(self._joined):
            raise ShapeError(_not_the_same(len(x.table), len(self._joined)))
        if any(_by_channels(x.table, other.table) for other in others):
            low = self._ends[columns[0]]
            products = (x.table.T @ self._joined[:, low : self._ends[columns[-1] + 1]]) ** 2
            sums = np.add.reduceat(products.sum(axis=0), self._ends[columns[0] : columns[-1] + 1] - low)
            shared = sums.tolist()
        else:
            shared = [_squared_norm(x.table, other.table) for other in others]
        return [_share(one, x.alone * other.alone) for one, other in zip(shared, others, strict=True)]

    def chance(self, x: _Layer, columns: range) -> list[float]:
        """The means of the same over all orders of the pictures."""
        others = [self.layers[column] for column in columns]
        apart = len(x.table) - 1
        return [_share(x.trace * other.trace / apart, x.alone * other.alone) for other in others]


def _groups(layers: Sequence[npt.ArrayLike], rows: npt.ArrayLike | None) -> Iterator[tuple[int, _Group]]:
    """The layers in order, as many at once as may be held, with the number of the first."""
    held: list[_Layer] = []
    start = width = 0
    for layer in layers:
        values = _rows_of(layer, rows)
        channels = values.shape[-1]
        most = min(WIDTH, HELD // (8 * max(1, len(values))))
        if held and width + channels > most:
            yield start, _Group(held)
            start, held, width = start + len(held), [], 0
        held.append(_Layer.of(values))
        width += channels
    if held:
        yield start, _Group(held)


def _rows_of(layer: npt.ArrayLike, rows: npt.ArrayLike | None) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = np.asarray(layer)
    counted = None if rows is None else np.asarray(rows, np.bool_)
    return values if counted is None or counted.all() else values[counted]


def _share(shared: float, alone: float) -> float:
    """One number as a share of the other, at most 1: the rest is rounding."""
    return float(min(shared / alone, 1.0)) if alone > 0 else float("nan")


def _not_the_same(first: int, second: int) -> str:
    return f"Both layers must be of the same pictures; got {first} and {second}."


def _centred(values: npt.ArrayLike) -> FloatArray:
    table = np.array(values, np.float64)
    if table.ndim != 2 or len(table) < 2:
        raise ShapeError(
            f"A layer must have the shape (pictures, channels), pictures > 1; got {table.shape}."
        )
    largest = _largest(table)
    if not np.isfinite(largest):
        return np.full_like(table, np.nan)
    table -= table.mean(axis=0)
    size = _largest(table)
    if size <= 1e-12 * largest:
        return np.zeros_like(table)  # rounding is all that is left
    table /= size  # squares of squares neither overflow nor vanish
    return table


def _largest(table: FloatArray) -> float:
    """The largest distance from zero; not finite where a value is not."""
    return max(float(table.max(initial=0.0)), -float(table.min(initial=0.0)))


def _by_channels(x: FloatArray, y: FloatArray) -> bool:
    """Whether the product of channels by channels is smaller than those of pictures by pictures."""
    return bool(x.shape[1] * y.shape[1] <= len(x) ** 2)


def _squared_norm(x: FloatArray, y: FloatArray) -> float:
    """||Y'X||^2 by the smaller of its two forms: channels by channels, or pictures by pictures."""
    if _by_channels(x, y):
        return float(((y.T @ x) ** 2).sum())
    return float(
        sum(
            ((x[start : start + ROWS] @ x.T) * (y[start : start + ROWS] @ y.T)).sum()
            for start in range(0, len(x), ROWS)
        )
    )
