"""Which layers are most and least alike, in plain sentences computed from their CKA."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.similarity import Likeness

WORTH_SAYING = 0.1
"""What shuffled pictures give on average, from which on it has to be said."""

_EQUAL = 1e-9  # values that differ by less are taken for equal: the last digits come from rounding
_MOST_NAMED = 3

_Pairs = Sequence[tuple[tuple[str, str], float]]


def cka_text(value: float) -> str:
    """CKA with two digits, never rounded to unrelated or to alike: ``0.91``, ``< 0.01``, ``> 0.99``."""
    if np.isnan(value):
        return "none"
    if value >= 1 - _EQUAL:
        return "1"
    return "> 0.99" if value >= 0.995 else "< 0.01" if 0 < value < 0.005 else f"{value:.2f}"


def likeness_sentence(found: Likeness, layers: Sequence[str]) -> str:
    """Which two of a run's layers are most alike, and which least; a layer with itself is left out."""
    return _sentence(
        [
            ((layers[row], layers[column]), float(found.cka[row, column]))
            for row in range(len(layers))
            for column in range(row + 1, len(layers))
        ]
    )


def likeness_of_two_sentence(
    found: Likeness, rows: Sequence[str], columns: Sequence[str], names: tuple[str, str]
) -> str:
    """The same of each layer of one run with each of another's; ``names`` are what the runs are called.

    Where both have several layers of the same name, a second sentence is about these.
    """
    said = _sentence(
        [
            ((f"{one} of {names[0]}", f"{other} of {names[1]}"), float(found.cka[row, column]))
            for row, one in enumerate(rows)
            for column, other in enumerate(columns)
        ]
    )
    same = same_layers(found, rows, columns)
    if len(same) < 2:
        return said
    most, least = max(same, key=same.__getitem__), min(same, key=same.__getitem__)
    if same[most] - same[least] <= _EQUAL:
        return f"{said} Every layer is as like the one of its name ({cka_text(same[most])})."
    return (
        f"{said} Of the layers that both have, {most} is most like the one of its name "
        f"({cka_text(same[most])}) and {least} least ({cka_text(same[least])})."
    )


def same_layers(found: Likeness, rows: Sequence[str], columns: Sequence[str]) -> dict[str, float]:
    """The CKA of each layer with the one of its name, where both are there and can be compared."""
    at = {name: column for column, name in enumerate(columns)}
    values = {name: float(found.cka[row, at[name]]) for row, name in enumerate(rows) if name in at}
    return {name: value for name, value in values.items() if not np.isnan(value)}


def learning_sentence(same: Mapping[str, Mapping[str, float]], reference: str) -> str:
    """How like a reference several checkpoints are: each one's mean over the layers that both have.

    ``same`` has for each checkpoint's name what `same_layers` gives.
    """
    means = {name: float(np.mean([*values.values()])) for name, values in same.items() if values}
    if not means:
        return f"No layer can be compared with the one of its name in {reference}."
    each = ", ".join(f"{name} {cka_text(mean)}" for name, mean in means.items())
    return f"How alike their layers are to the same layers of {reference}, on average: {each}."


def chance_sentence(chance: npt.ArrayLike, pictures: int) -> str | None:
    """What shuffled pictures would give on average, where that is no longer next to nothing; else None.

    ``chance`` is that of any pairs of layers, of any shape.
    """
    values = np.asarray(chance, np.float64).ravel()
    values = values[~np.isnan(values)]
    if not values.size or values.max() < WORTH_SAYING:
        return None
    low, high = (cka_text(float(end)) for end in (values.min(), values.max()))
    ends = high if low == high else f"{low} to {high}"
    return (
        f"How much of that is chance: with the {pictures:,} pictures of one layer shuffled, "
        f"a pair would be {ends} alike on average."
    )


def unusable_sentence(names: Sequence[str]) -> str | None:
    """Which layers cannot be compared with any other, and why; None where all can."""
    if not names:
        return None
    shown = ", ".join(names[:_MOST_NAMED]) + (
        f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    )
    return (
        f"{shown} cannot be compared: the means over the map are the same for all pictures, "
        "or some are no finite numbers."
    )


def _sentence(pairs: _Pairs) -> str:
    usable = [pair for pair in pairs if not np.isnan(pair[1])]
    if not usable:
        return "No two layers can be compared."
    most, least = max(usable, key=lambda pair: pair[1]), min(usable, key=lambda pair: pair[1])
    if len(usable) == 1:
        return f"{_and(most[0])} are {cka_text(most[1])} alike, from 0 (unrelated) to 1 (alike)."
    if most[1] - least[1] <= _EQUAL:
        return f"All {len(usable):,} pairs of layers are equally alike ({cka_text(most[1])})."
    return (
        f"{_and(most[0])} are most alike ({cka_text(most[1])}{_equals(usable, most[1])}); "
        f"{_and(least[0])} least ({cka_text(least[1])}{_equals(usable, least[1])})."
    )


def _and(pair: tuple[str, str]) -> str:
    return f"{pair[0]} and {pair[1]}"


def _equals(pairs: _Pairs, value: float) -> str:
    """That other pairs have the same value, where there are any."""
    others = sum(abs(other - value) <= _EQUAL for _, other in pairs) - 1
    return f", as {others:,} other{' pair' if others == 1 else ' pairs'}" if others else ""
