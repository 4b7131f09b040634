"""Where a figure's axes lie in its picture, computed as plotly.js does."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ExportError

Options = Mapping[str, Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Axis:
    """A straight scale: the value ``low`` lies at the pixel ``start``, ``high`` at ``end``."""

    start: float
    end: float
    low: float
    high: float

    @property
    def cell(self) -> float:
        """Pixels from one whole number to the next; negative where values fall."""
        return (self.end - self.start) / (self.high - self.low)

    def pixel(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) * self.cell

    def value(self, pixels: Floats) -> Floats:
        """What lies at some pixels."""
        return self.low + (pixels - self.start) / self.cell


def axis_key(reference: str) -> str:
    """The layout's name of an axis: ``x2`` is ``xaxis2``."""
    return f"{reference[0]}axis{reference[1:]}"


def place_axes(layout: Options, traces: Sequence[Options], area: Box) -> dict[str, Axis]:
    """Every axis by its reference (``x``, ``y2``), with domains, matches and scale anchors obeyed.

    ``area`` is what the figure's margins leave free, in pixels.
    """
    names = {key.replace("axis", "") for key in layout if re.fullmatch(r"[xy]axis\d*", key)}
    names |= {trace.get(f"{kind}axis", kind) for trace in traces for kind in "xy"}
    options = {name: layout.get(axis_key(name), {}) for name in sorted(names)}
    for name, option in options.items():
        if option.get("type", "linear") not in ("linear", "-"):
            raise ExportError(f"A PNG cannot draw an axis of type {option['type']!r} ({axis_key(name)}).")
    ranges = _ranges(options, traces)
    axes = {name: _placed(name, option, ranges[name], area) for name, option in options.items()}
    for group in _groups(options, ("scaleanchor", "matches")):
        if any(options[name].get("scaleanchor") in group for name in group):
            target = min(_scale(axes[name], options[name]) for name in group)
            for name in group:
                axes[name] = _constrained(name, axes[name], options[name], target, traces)
    return axes


def extent_of(trace: Options, kind: str) -> tuple[float, float]:
    """From where to where cells, bars or points reach along ``x`` or ``y``."""
    if trace["type"] in ("heatmap", "image"):
        count = trace["shape"][1 if kind == "x" else 0]
        first, step = cell_grid(trace, kind)
        ends = first - step / 2, first + (count - 0.5) * step
        return min(ends), max(ends)
    values = np.asarray(trace[kind], np.float64)
    if trace["type"] == "bar":
        along = (trace.get("orientation", "v") == "h") == (kind == "x")
        if along:
            base = np.asarray(trace.get("base", 0), np.float64)
            low, high = float(np.minimum(base, base + values).min()), float((base + values).max())
            low, high = min(0.0, low), max(0.0, high)
            return low - 0.05 * (high - low) * (low < 0), high + 0.05 * (high - low)
        half = np.asarray(trace.get("width", 1.0), np.float64) / 2
        return float((values - half).min()), float((values + half).max())
    return float(values.min()), float(values.max())


def cell_grid(trace: Options, kind: str) -> tuple[float, float]:
    """The centre of the first cell and the distance to the next. Raises `ExportError` for uneven cells."""
    centres = trace.get(kind)
    if centres is None:
        return float(trace.get(f"{kind}0", 0)), float(trace.get(f"d{kind}", 1))
    values = np.asarray(centres, np.float64)
    steps = np.diff(values)
    if not steps.size:
        return float(values[0]), 1.0
    if not np.allclose(steps, steps[0]) or not steps[0]:
        raise ExportError("A PNG can only draw heatmaps whose cells are evenly spaced.")
    return float(values[0]), float(steps[0])


def _ranges(options: Mapping[str, Options], traces: Sequence[Options]) -> dict[str, tuple[float, float]]:
    ranges: dict[str, tuple[float, float]] = {}
    for group in _groups(options, ("matches",)):
        given = [options[name]["range"] for name in group if options[name].get("range") is not None]
        if given:
            shared = float(given[0][0]), float(given[0][1])
        else:
            kind = group[0][0]
            own = [trace for trace in traces if trace.get(f"{kind}axis", kind) in group]
            extents = [extent_of(trace, kind) for trace in own] or [(-1.0, 6.0)]  # plotly's for an empty axis
            shared = min(low for low, _ in extents), max(high for _, high in extents)
            pictures = kind == "y" and any(trace["type"] == "image" for trace in own)
            if pictures or any(options[name].get("autorange") == "reversed" for name in group):
                shared = shared[1], shared[0]
        if shared[0] == shared[1]:
            shared = shared[0] - 1, shared[1] + 1
        ranges |= dict.fromkeys(group, shared)
    return ranges


def _groups(options: Mapping[str, Options], links: Sequence[str]) -> list[list[str]]:
    """Axes that hang together by any of these links, in order."""
    group = {name: {name} for name in options}
    for name, option in options.items():
        for other in (option.get(link) for link in links):
            if other in group and other not in group[name]:
                merged = group[name] | group[other]
                group |= dict.fromkeys(merged, merged)
    return [sorted(names) for names in {id(names): names for names in group.values()}.values()]


def _placed(name: str, option: Options, span: tuple[float, float], area: Box) -> Axis:
    first, last = option.get("domain") or (0, 1)
    if name[0] == "x":
        return Axis(area.left + first * area.width, area.left + last * area.width, *span)
    return Axis(area.bottom - first * area.height, area.bottom - last * area.height, *span)


def _scale(axis: Axis, option: Options) -> float:
    return abs(axis.cell) / float(option.get("scaleratio", 1))


def _constrained(name: str, axis: Axis, option: Options, target: float, traces: Sequence[Options]) -> Axis:
    """The axis with ``target`` pixels a unit: in a part of its domain, or with a longer range."""
    factor = target * float(option.get("scaleratio", 1)) / abs(axis.cell)
    pictures = any(
        trace["type"] == "image" and trace.get(f"{name[0]}axis", name[0]) == name for trace in traces
    )
    toward = option.get("constraintoward") or {"x": "center", "y": "middle"}[name[0]]
    held = {"left": 0.0, "bottom": 0.0, "center": 0.5, "middle": 0.5, "right": 1.0, "top": 1.0}[toward]
    if math.isclose(factor, 1):
        return axis
    if option.get("constrain", "domain" if pictures else "range") == "domain":
        fixed = axis.start + held * (axis.end - axis.start)
        return Axis(
            fixed + (axis.start - fixed) * factor, fixed + (axis.end - fixed) * factor, axis.low, axis.high
        )
    fixed = axis.low + held * (axis.high - axis.low)
    return Axis(
        axis.start, axis.end, fixed + (axis.low - fixed) / factor, fixed + (axis.high - fixed) / factor
    )
