"""Times variants of one job in turns, so that a busy machine slows all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """One variant's seconds, in the order of the rounds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one, in seconds."""
        return statistics.median(self.seconds)

    @property
    def words(self) -> str:
        """The median in milliseconds, as text."""
        return f"{1000 * self.median:,.{1 if self.median < 0.1 else 0}f} ms"


def in_turns(
    variants: Mapping[str, Callable[[], float]], *, rounds: int, warm_up: int = 1
) -> dict[str, Timing]:
    """Run A, B, C, A, B, C, ...; each variant returns its own seconds. Warm-up rounds are not counted."""
    taken: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(warm_up + rounds):
        for name, variant in variants.items():
            seconds = variant()
            if turn >= warm_up:
                taken[name].append(seconds)
    return {name: Timing(tuple(seconds)) for name, seconds in taken.items()}


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """Make a variant of plain Python work: its wall-clock seconds."""

    def variant() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return variant
