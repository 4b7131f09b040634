"""How large files will be, told before they are made."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from actviz_core.analysis import ChannelStatistics
from actviz_core.names import Panel

LARGE_EXPORT = 500_000_000
"""Bytes from which on a person is asked first."""


def html_bytes(figure: go.Figure) -> int:
    """About how large `figure_html` will be: plotly.js with the figure's data."""
    return (
        len(get_plotlyjs().encode())
        + 4000
        + sum(_json_bytes(trace.to_plotly_json()) for trace in figure.data)
    )


def csv_bytes(statistics: Mapping[Panel, ChannelStatistics]) -> int:
    """About how large `statistics_csv` will be."""
    return 220 + sum((len(str(panel)) + 220) * len(numbers) for panel, numbers in statistics.items())


def _json_bytes(value: Any) -> int:
    """About how many bytes of JSON; plotly writes arrays of numbers as base64."""
    match value:
        case np.ndarray() if value.dtype.kind in "iufb":
            return value.nbytes * 4 // 3 + 50
        case np.ndarray():
            return _json_bytes(value.tolist())
        case dict():
            return sum(len(key) + 6 + _json_bytes(item) for key, item in value.items())
        case list() | tuple():
            return sum(2 + _json_bytes(item) for item in value)
        case _:
            return len(str(value)) + 2
