"""How often which values occur, as bars."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.figures.canvas import draw, grey_bars, message_figure

_HEIGHT = 180


def histogram(values: npt.ArrayLike, *, bins: int = 50) -> go.Figure:
    """Count the finite `values`, of any shape, in `bins` equal steps; trace 0 is the bars.

    Exact zeros of values that are never negative (silent cells after a ReLU) would flatten all other bars:
    they are left out of the bars and counted in the axis title instead.
    """
    flat = np.asarray(values).reshape(-1)
    finite = flat[np.isfinite(flat)]
    if not finite.size:
        return message_figure("No finite value to count.", height=_HEIGHT)
    zeros = int(np.count_nonzero(finite == 0))
    apart = bool(zeros) and float(finite.min()) >= 0
    counted = finite[finite != 0] if apart else finite
    if not counted.size:
        return message_figure(f"All {zeros:,} values are zero.", height=_HEIGHT)
    counts, edges = np.histogram(counted.astype(np.float64), bins=bins)
    bars = grey_bars(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges),
        customdata=np.stack([edges[:-1], edges[1:]], axis=1),
        hovertemplate="%{y:,} values from %{customdata[0]:.4~g} to %{customdata[1]:.4~g}<extra></extra>",
    )
    title = f"value ({zeros:,} exact zero{'s' if zeros > 1 else ''} not drawn)" if apart else "value"
    axis = {
        "showticklabels": True,
        "nticks": 6,
        "tickformat": ".3~g",
        "title": {"text": title, "font": {"size": 12}},
    }
    return draw([bars], height=_HEIGHT, bottom=42, bargap=0, dragmode=False, xaxis=axis)
