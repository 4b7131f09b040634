"""Times variants of one job in turns, so that a busy machine slows all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


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
    taken = taken_in_turns(variants, rounds=rounds, warm_up=warm_up)
    return {name: Timing(tuple(seconds)) for name, seconds in taken.items()}


def taken_in_turns(
    variants: Mapping[str, Callable[[], T]], *, rounds: int, warm_up: int = 1
) -> dict[str, list[T]]:
    """The same for variants that return more than seconds: what each returned in each round."""
    taken: dict[str, list[T]] = {name: [] for name in variants}
    for turn in range(warm_up + rounds):
        for name, variant in variants.items():
            result = variant()
            if turn >= warm_up:
                taken[name].append(result)
    return taken


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """Make a variant of plain Python work: its wall-clock seconds."""

    def variant() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return variant
