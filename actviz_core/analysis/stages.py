"""The layers to look at first in a network of any kind, from its module tree alone."""

from collections.abc import Callable, Sequence
from itertools import takewhile

from actviz_core.hooks import ModuleRow

FEWEST_STAGES = 3  # with fewer parts than that, the stages are sought inside the largest part
MOST_STAGES = 6


def all_convolutions(rows: Sequence[ModuleRow]) -> tuple[str, ...]:
    """Every convolution that ran."""
    return tuple(row.name for row in rows if _is_convolution(row))


def first_of_each_stage(rows: Sequence[ModuleRow]) -> tuple[str, ...]:
    """One layer for each stage of the network, from early to late; at most `MOST_STAGES`.

    Stages are the parts that the network, or its ``backbone``, or the largest part of either, is made of,
    such as ``layer1`` to ``layer4``. Each is shown by its first convolution that returns maps, or, where
    fewer than three stages have any, by what it returns itself. Where stages are many, one of each size is
    shown; where all have the same size, some at even distances. Without stages it is the first convolution
    of each size, and without convolutions the first layer that ran. ``rows`` is a whole module tree, root
    first.
    """
    rows = [row for row in rows if not row.step]
    stages = _stages(rows)
    convolutions = [found for stage in stages if (found := _first_convolution(stage, rows)) is not None]
    if len(convolutions) >= FEWEST_STAGES:
        layers = _thinned(convolutions, _cells)
    elif len(stages) >= FEWEST_STAGES:
        # The last of each size: a stage often begins with a part that does nothing but change the size.
        layers = _thinned(stages[::-1], _values)[::-1]
    else:
        layers = _thinned([row for row in rows if _is_convolution(row) and _cells(row) > 1], _cells)
    first = next((row.name for row in rows if row.name and row.calls), None)
    return tuple(row.name for row in layers) or (() if first is None else (first,))


def stage_ends(rows: Sequence[ModuleRow]) -> tuple[str, ...]:
    """What each stage of the network returns, from early to late, at most `MOST_STAGES`, and its last layer.

    The last layer is the last in the tree that ran and has no parts, such as ``fc``. ``rows`` is a whole
    module tree, root first.
    """
    rows = [row for row in rows if not row.step]
    ends = [row.name for row in _thinned(_stages(rows)[::-1], _values)[::-1]]
    last = [row.name for row in rows if row.calls and row.shape and not row.children][-1:]
    return tuple(dict.fromkeys([*ends, *last]))


def first_and_last_stage(rows: Sequence[ModuleRow]) -> tuple[str, ...]:
    """An early and a late layer: those that show the first and the last stage."""
    layers = first_of_each_stage(rows)
    return tuple(dict.fromkeys((layers[0], layers[-1]))) if layers else ()


def _stages(rows: Sequence[ModuleRow]) -> list[ModuleRow]:
    """The parts that return maps or tokens, of the network or of the part that holds most of it."""
    within = next((row.name for row in rows if row.name == "backbone"), "")
    while True:
        parts = _parts(within, rows)
        if len(parts) >= FEWEST_STAGES or not parts:
            return parts
        within = max(parts, key=lambda part: len(_inside(part.name, rows))).name


def _parts(within: str, rows: Sequence[ModuleRow]) -> list[ModuleRow]:
    """A part's own parts that compute something; a container that never runs (`nn.ModuleList`) is no part."""
    parts: list[ModuleRow] = []
    depth = within.count(".") + 2 if within else 1
    for row in _inside(within, rows):
        if row.depth != depth or not row.children:
            continue
        if not row.calls:
            parts.extend(_parts(row.name, rows))
        elif _cells(row) > 1 and any(_computes(inner) for inner in _inside(row.name, rows)):
            parts.append(row)
    return parts


def _inside(name: str, rows: Sequence[ModuleRow]) -> list[ModuleRow]:
    """All that a part holds, which follows it in the tree."""
    start = next(position for position, row in enumerate(rows) if row.name == name) + 1
    return list(takewhile(lambda row: row.name.startswith(f"{name}." if name else ""), rows[start:]))


def _first_convolution(stage: ModuleRow, rows: Sequence[ModuleRow]) -> ModuleRow | None:
    inside = _inside(stage.name, rows)
    return next((row for row in inside if _is_convolution(row) and _cells(row) > 1), None)


def _thinned(layers: Sequence[ModuleRow], size: Callable[[ModuleRow], object]) -> list[ModuleRow]:
    """At most `MOST_STAGES`: the first of each size in a row, or else some at even distances."""
    if len(layers) <= MOST_STAGES:
        return list(layers)
    sizes = [size(row) for row in layers]
    first = [row for row, own, before in zip(layers, sizes, [None, *sizes], strict=False) if own != before]
    kept = first if len(first) >= FEWEST_STAGES else layers
    steps = min(MOST_STAGES, len(kept))
    return [kept[round(step * (len(kept) - 1) / (steps - 1))] for step in range(steps)]


def _is_convolution(row: ModuleRow) -> bool:
    return bool(row.calls) and not row.step and "Conv" in row.type and not row.children


def _computes(row: ModuleRow) -> bool:
    return bool(row.calls) and ("Conv" in row.type or "Linear" in row.type)


def _cells(row: ModuleRow) -> int:
    """How many cells a channel's map has; of tokens (N, L, C), how many values one has. 1 for vectors."""
    cells = 1
    for side in (row.shape or ())[2:]:
        cells *= side
    return cells


def _values(row: ModuleRow) -> tuple[int, ...]:
    """The shape, whichever of its dimensions is the channels'."""
    return tuple(sorted(row.shape or ()))
