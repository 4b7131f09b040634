"""Which ticks an axis or a colour bar gets, chosen as plotly.js does."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from actviz_core.export.lettering import number


def ticks_of(
    options: Mapping[str, Any], low: float, high: float, *, pixels: float
) -> list[tuple[float, str]]:
    """Values within ``low`` to ``high`` with their texts; ``pixels`` is the scale's length in CSS pixels."""
    low, high = min(low, high), max(low, high)
    given = options.get("tickvals")
    slack = (high - low) * 1e-6
    if given is not None:
        values = [float(value) for value in given]
        texts = options.get("ticktext")
        named = (
            list(texts) if texts is not None else [number(v, options.get("tickformat", "")) for v in values]
        )
        return [
            (value, str(text))
            for value, text in zip(values, named, strict=False)
            if low - slack <= value <= high + slack
        ]
    step = options.get("dtick") or nice_step((high - low) / (options.get("nticks") or max(2, pixels // 40)))
    first, last = math.ceil((low - slack) / step), math.floor((high + slack) / step)
    spec = options.get("tickformat") or ""
    return [(index * step, number(index * step, spec)) for index in np.arange(first, last + 1).tolist()]


def nice_step(rough: float) -> float:
    """The smallest of 2, 5 and 10 times a power of ten that is no less than ``rough``."""
    if not math.isfinite(rough) or rough <= 0:
        return 1.0
    base = 10.0 ** math.floor(math.log10(rough))
    return base * next(step for step in (2, 5, 10) if step * (1 + 1e-9) >= rough / base)
