"""Strips that grow from the four sides of the input, until they reach a cell."""

from collections.abc import Callable, Sequence

Region = tuple[slice, slice]  # rows and columns of the input
Sides = tuple[int, int, int, int]  # top, bottom, left, right


def sides_reached(
    size: tuple[int, int], reaches: Callable[[list[Region]], list[bool]], guess: Sides | None = None
) -> Sides:
    """Find the box by strips that grow from each side of an input of this height and width, in pixels.

    ``reaches`` says of each region whether a change there reaches the cell; the four sides ask it
    together. ``guess`` is a box that each side tries first.
    """
    height, width = size
    whole = slice(None)
    strips: list[Callable[[int], Region]] = [
        lambda depth: (slice(0, depth), whole),
        lambda depth: (slice(height - depth, None), whole),
        lambda depth: (whole, slice(0, depth)),
        lambda depth: (whole, slice(width - depth, None)),
    ]
    outside: Sequence[int | None] = (None,) * 4
    if guess is not None:
        outside = (guess[0], height - guess[1], guess[2], width - guess[3])
    sides = [_Side(size, depth) for size, depth in zip((height, height, width, width), outside, strict=True)]
    while open_sides := [(side, strip) for side, strip in zip(sides, strips, strict=True) if not side.done]:
        depths = [side.next() for side, _ in open_sides]
        answers = reaches([strip(depth) for (_, strip), depth in zip(open_sides, depths, strict=True)])
        for (side, _), depth, reached in zip(open_sides, depths, answers, strict=True):
            side.learn(depth, reached=reached)
    top, bottom, left, right = (side.short for side in sides)
    return top, height - bottom, left, width - right


class _Side:
    """The search from one side for the first strip that reaches the cell, near a guess if there is one."""

    def __init__(self, size: int, outside: int | None) -> None:
        self.short = 0  # the deepest strip that is known not to reach the cell
        self._deep = size  # the shallowest one that does
        self._guess = outside
        self._step = 1

    @property
    def done(self) -> bool:
        """Whether the two are neighbours."""
        return self._deep - self.short <= 1

    def next(self) -> int:
        """How deep the next strip to be tried is."""
        if self._guess is None:
            return (self.short + self._deep) // 2
        if self.short < self._guess < self._deep:
            return self._guess
        if self.short == self._guess:
            return self.short + 1
        return max(self._deep - self._step, (self.short + self._deep) // 2)

    def learn(self, depth: int, *, reached: bool) -> None:
        """Take in whether the strip of this depth reaches the cell."""
        if not reached:
            self.short = depth
            if self._guess is not None and depth > self._guess:
                self._guess = None
            return
        self._deep = depth
        if self._guess is not None and depth < self._guess:
            self._step *= 2
