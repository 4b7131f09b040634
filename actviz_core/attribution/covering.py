"""Puts a map to the test: covers the places that it marks, or shows them alone, and runs the network again.

Deletion covers the most important pixels with a blurred copy of the picture. Insertion starts from the
blurred picture and uncovers them. Both are after Petsiuk, Das and Saenko, "RISE" (2018). A map that says
something true makes the class fall sooner than pixels in random order do.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise

import torch
from torch import Tensor, nn
from torchvision.transforms.functional import gaussian_blur

from actviz_core.attribution.answer import Progress, Question, check_classes, class_table
from actviz_core.errors import ShapeError, StoppedError
from actviz_core.hooks.capture import capture

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
PIXELS_AT_ONCE = 8 * 224 * 224  # of all pictures of one pass: few enough to stop soon, and to fit in memory


@dataclass(frozen=True)
class Curve:
    """The class's probability (or, asked about two classes, the first's among both) by share of pixels.

    Both have the same length; the first share is 0.
    """

    shares: tuple[float, ...]
    probabilities: tuple[float, ...]

    @property
    def area(self) -> float:
        """The area under the curve, as a share of the largest it could be: 0 to 1, by the trapezoid rule."""
        points = list(zip(self.shares, self.probabilities, strict=True))
        between = ((b - a) * (p + q) / 2 for (a, p), (b, q) in pairwise(points))
        return sum(between) / self.shares[-1]


@dataclass(frozen=True)
class RandomCurves:
    """The mean of several random orders of pixels, with the area under deletion of each."""

    deletion: Curve
    insertion: Curve
    areas: tuple[float, ...]


@dataclass(frozen=True)
class MapTest:
    """A map's curves beside those of random order."""

    deletion: Curve
    insertion: Curve
    random: RandomCurves

    @property
    def beaten(self) -> int:
        """How many random orders take the class down less far, by the area under deletion."""
        return sum(self.deletion.area < area for area in self.random.areas)

    @property
    def better_than_random(self) -> bool:
        """Whether the map takes the class down further than most random orders do."""
        return 2 * self.beaten > len(self.random.areas)


def put_to_test(
    module: nn.Module,
    x: Tensor,
    question: Question,
    importance: Tensor,
    *,
    random: RandomCurves | None = None,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> MapTest:
    """Cover, and uncover, the pixels of ``x`` (1, C, H, W) in the order of ``importance`` (H, W).

    ``shares`` are the shares of pixels, ascending, above 0 and up to 1. Equal values are taken in an order
    that ``seed`` decides, so that a map which is the same everywhere is a random order. Random curves are the
    same for every map of one picture and question: make them once with `random_curves` for the same shares,
    and give them as ``random``. ``progress`` is told how many passes of how many are done, first those of
    random order if they are made here; once ``stop`` is set, the next pass raises `StoppedError`.

    Raises `ShapeError` where map and picture don't fit or the map holds what is no number, and `TargetError`.
    """
    if importance.shape != x.shape[-2:]:
        raise ShapeError(
            f"The map has the shape {tuple(importance.shape)}, the picture {tuple(x.shape[-2:])}."
        )
    if bool(importance.isnan().any()):
        raise ShapeError("The map holds values that are no numbers: it orders nothing.")
    watched = _Watched(progress, stop)
    random = random or random_curves(
        module, x, question, shares=shares, seed=seed, progress=progress, stop=stop
    )
    if random.deletion.shares != (0.0, *shares):
        raise ValueError(
            f"The random curves are for the shares {random.deletion.shares[1:]}, not {tuple(shares)}."
        )
    shuffled = torch.randperm(importance.numel(), generator=torch.Generator().manual_seed(seed))
    flat = importance.detach().cpu().flatten()[shuffled]
    order = shuffled[flat.argsort(descending=True, stable=True)]
    ((deletion, insertion),) = _curves(module, x, question, [order], shares, watched)
    return MapTest(deletion, insertion, random)


def random_curves(
    module: nn.Module,
    x: Tensor,
    question: Question,
    *,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    orders: int = 10,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> RandomCurves:
    """The same with pixels in ``orders`` random orders, and the mean of their curves."""
    stream = torch.Generator().manual_seed(seed)
    pixels = x.shape[-2] * x.shape[-1]
    random = [torch.randperm(pixels, generator=stream) for _ in range(orders)]
    curves = _curves(module, x, question, random, shares, _Watched(progress, stop))
    deletions, insertions = zip(*curves, strict=True)
    return RandomCurves(_mean(deletions), _mean(insertions), tuple(curve.area for curve in deletions))


def blurred(x: Tensor) -> Tensor:
    """Pictures (N, C, H, W) without detail: a Gaussian blur whose standard deviation is a tenth of a side."""
    height, width = x.shape[-2:]
    sigma = [max(side / 10, 0.1) for side in (width, height)]
    sizes = [
        min(2 * round(3 * spread) + 1, 2 * side - 1)
        for spread, side in zip(sigma, (width, height), strict=True)
    ]
    return gaussian_blur(x, sizes, sigma)


@dataclass(frozen=True)
class _Watched:
    """Who is told of passes, and who can end them."""

    progress: Progress | None
    stop: threading.Event | None

    def check(self) -> None:
        """Raise `StoppedError` once a stop was asked for."""
        if self.stop is not None and self.stop.is_set():
            raise StoppedError("Stopped before it was done.")

    def tell(self, done: int, total: int) -> None:
        """Report passes."""
        if self.progress is not None:
            self.progress(done, total)


def _curves(
    module: nn.Module,
    x: Tensor,
    question: Question,
    orders: Sequence[Tensor],
    shares: Sequence[float],
    watched: _Watched,
) -> list[tuple[Curve, Curve]]:
    """Deletion and insertion of each order of pixels."""
    if not shares or any(a >= b for a, b in zip((0.0, *shares), shares, strict=False)) or shares[-1] > 1:
        raise ValueError(f"Shares must rise from above 0 to at most 1, not {tuple(shares)}.")
    count = 2 + 2 * len(orders) * len(shares)
    whole, without, *rest = _probabilities(module, _covered(x, orders, shares), count, question, watched)
    at = (0.0, *shares)
    parts = (rest[start : start + 2 * len(shares)] for start in range(0, len(rest), 2 * len(shares)))
    return [(Curve(at, (whole, *part[::2])), Curve(at, (without, *part[1::2]))) for part in parts]


def _covered(x: Tensor, orders: Sequence[Tensor], shares: Sequence[float]) -> Iterator[Tensor]:
    """The picture, the blurred one, and for each order and share one with these pixels covered, one shown."""
    given, cover = x.detach(), blurred(x.detach())
    pixels = x.shape[-2] * x.shape[-1]
    yield given
    yield cover
    for order in orders:
        for share in shares:
            mask = torch.zeros(pixels, dtype=torch.bool)
            mask[order[: max(1, round(share * pixels))]] = True
            covered = mask.reshape(x.shape[-2:]).to(x.device)
            yield torch.where(covered, cover, given)
            yield torch.where(covered, given, cover)


def _probabilities(
    module: nn.Module, pictures: Iterator[Tensor], count: int, question: Question, watched: _Watched
) -> list[float]:
    """What the network says of ``count`` pictures, made as they are needed."""
    first = next(pictures)
    size = max(1, PIXELS_AT_ONCE // (first.shape[-2] * first.shape[-1]))
    passes = -(-count // size)
    pictures = chain([first], pictures)
    found: list[float] = []
    for done in range(1, passes + 1):
        watched.check()
        record = capture(module, torch.cat(list(islice(pictures, size))), [""])
        values = class_table(next(iter(record.values()))).double()
        check_classes(values, question)
        if isinstance(question, tuple):
            found += values[:, list(question)].softmax(1)[:, 0].tolist()
        else:
            found += values.softmax(1)[:, question].tolist()
        watched.tell(done, passes)
    return found


def _mean(curves: Iterable[Curve]) -> Curve:
    curves = list(curves)
    together = zip(*(curve.probabilities for curve in curves), strict=True)
    return Curve(curves[0].shares, tuple(sum(values) / len(values) for values in together))
