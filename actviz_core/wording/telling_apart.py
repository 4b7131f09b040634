"""What the view of what a layer tells apart says, in sentences made from the numbers alone."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.projection import Projection
from actviz_core.sweep.map_pictures import MapPictures
from actviz_core.units import percent

SEPARATION_HELP = (
    "For each picture: is the most similar other picture of the same class? Similar are those with the "
    "smallest distance between the means of the layer's channels. This is the accuracy of the "
    "nearest-neighbour rule with each picture left out once."
)

T_SNE_HELP = (
    "Principal components keep distances as far as two axes can. t-SNE keeps neighbours together instead: "
    "groups are easier to see, but the axes, and how far groups lie from each other, mean nothing."
)

NAMED_CLASSES, NAMED_MISTAKES = 4, 3


def separation_sentence(
    call: str, shares: Mapping[str, float | None], chance: float | None, count: int
) -> str:
    """How far a layer tells classes apart, against chance and against the run's other layers."""
    share = shares.get(call)
    if share is None or chance is None:
        return f"How far {call} tells classes apart cannot be said: fewer than two pictures can be compared."
    said = (
        f"In {call}, the most similar other picture is of the same class for {percent(share)} of {count:,} "
        f"pictures; by chance it would be for {percent(chance)}."
    )
    known = {name: value for name, value in shares.items() if value is not None}
    if len(known) < 2:
        return said
    best = max(known, key=lambda name: known[name])
    if known[best] == share:
        return f"{said} No other of the {len(known):,} layers has more."
    return f"{said} It is most in {best}: {percent(known[best])}."


def variance_sentence(projection: Projection, call: str, channels: int) -> str:
    """How much of what differs between the pictures the two axes of principal components show."""
    if projection.shares is None:
        return (
            f"t-SNE of the means of {call}'s {_counted(channels, 'channel')}: pictures with similar values "
            "lie near each other."
        )
    first, second = projection.shares
    if int(projection.usable.sum()) < 2:
        return "There are not two pictures to tell apart."
    if first == 0:
        return f"{call} does the same with all pictures: their means do not differ."
    if channels == 1:
        return f"{call} has one channel, so all pictures lie on a line: it is its mean."
    return (
        f"The two axes are principal components of the means of {call}'s {channels:,} channels. They show "
        f"{percent(first + second)} of the variance over the pictures: {percent(first)} and "
        f"{percent(second)}."
    )


def left_out_sentence(
    projection: Projection, skipped: npt.NDArray[np.bool_], total: int, *, source: str
) -> str:
    """Which pictures have no place on the map, and that there are more than are drawn; empty if none."""
    drawn = len(projection.points)
    said = []
    if total > drawn:
        said.append(f"{drawn:,} evenly spaced ones of the {total:,} pictures of {source} are drawn.")
    if count := int(skipped.sum()):
        said.append(f"{_counted(count, 'picture')} could not be swept and {_is(count)} left out.")
    if count := int((~projection.usable & ~skipped).sum()):
        said.append(f"{_counted(count, 'picture')} with values that are not finite {_is(count)} left out.")
    return " ".join(said)


def selection_sentence(pictures: MapPictures, chosen: npt.NDArray[np.bool_]) -> str:
    """How many pictures are chosen, of which classes, and the most common mistakes among them."""
    count = int(chosen.sum())
    if not count:
        return "No picture lies within the line."
    said = f"{_counted(count, 'picture')}: {_classes(pictures, chosen)}."
    judged = chosen & pictures.judged
    wrong = np.flatnonzero(judged & ~pictures.right)
    if not judged.any():
        return f"{said} Without a label and an answer, none can be judged."
    if not len(wrong):
        return f"{said} The network is right about all {int(judged.sum()):,} that can be judged."
    pairs, counts = np.unique(
        np.stack([pictures.labels[wrong], pictures.answers[wrong]], axis=1), axis=0, return_counts=True
    )
    told = [
        f"{pictures.label_names[pairs[at][0]]} taken for {_answer(pictures, pairs[at][1])} ({counts[at]:,})"
        for at in np.argsort(-counts, kind="stable")[:NAMED_MISTAKES]
    ]
    of = f"of the {int(judged.sum()):,} that can be judged" if judged.sum() < count else f"of {count:,}"
    often = "the mistake is" if len(pairs) == 1 else "the most common mistakes are"
    share = percent(len(wrong) / int(judged.sum()))
    return f"{said} {len(wrong):,} {of} {_is(len(wrong))} answered wrong ({share}); {often} {_listed(told)}."


def _classes(pictures: MapPictures, chosen: npt.NDArray[np.bool_]) -> str:
    numbers, counts = np.unique(pictures.labels[chosen], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    named = [at for at in order if numbers[at] >= 0]
    parts = [f"{counts[at]:,} {pictures.label_names[numbers[at]]}" for at in named[:NAMED_CLASSES]]
    if more := named[NAMED_CLASSES:]:
        others = int(sum(counts[at] for at in more))
        parts.append(f"{others:,} of {_counted(len(more), 'other class', 'other classes')}")
    if none := int(counts[numbers < 0].sum()):
        parts.append(f"{none:,} without a label")
    return _listed(parts)


def _answer(pictures: MapPictures, index: int) -> str:
    names = pictures.answer_names
    return names[index] if index < len(names) else f"class {index}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _counted(count: int, one: str, several: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
