"""Says in words how good a network is over many pictures."""

from collections.abc import Sequence

from actviz_core.analysis.calibration import Calibration
from actviz_core.units import percent

Mistake = tuple[str, str, int]
"""What pictures show, what the network takes them for, and how many there are."""


def accuracy_sentence(right: int, known: int, among_five: int | None, mistakes: Sequence[Mistake]) -> str:
    """How many of the labelled pictures are named right, and what is taken for what.

    ``among_five`` counts those whose label is one of the five most probable classes; None leaves it out.
    """
    of = f"{right:,} of {known:,}" if known != 1 else ("the one picture" if right else "none of one picture")
    said = f"{percent(right / known, 1)} right: {of}." if right < known else f"All right: {of}."
    if among_five is not None:
        share = "all of them" if among_five == known else percent(among_five / known, 1)
        said += f" The label is among the five most probable classes for {share}."
    if right == known:
        return f"{said} It makes no mistake."
    listed = "; ".join(f"{true} for {answer}, {count:,} times" for true, answer, count in mistakes)
    return f"{said} Most often it takes one for another so: {listed.replace(', 1 times', ', once')}."


def calibration_sentence(found: Calibration) -> str:
    """How far the network's probabilities are from how often it is right."""
    total = int(found.count.sum())
    used = found.count > 0
    gap = float(((found.confidence - found.accuracy)[used] * found.count[used]).sum() / total)
    mean = float((found.confidence[used] * found.count[used]).sum() / total)
    right = float((found.accuracy[used] * found.count[used]).sum() / total)
    how = "more" if gap > 0 else "less"
    sure = (
        "It is as sure as it is right, on average"
        if abs(gap) < 0.005
        else f"It is {how} sure than right: {percent(mean, 1)} on average, right {percent(right, 1)}"
    )
    return f"{sure}. Its calibration error is {percent(found.error, 1)}."
