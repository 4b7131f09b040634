"""Cells whose value is no usable number, in colours that no scale has."""

from typing import Any

import numpy as np
import numpy.typing as npt

_KINDS = {"not a number": "#ff1fd1", "+infinity": "#ff9100", "-infinity": "#00e5ff"}


def unusable_cells(values: npt.NDArray[np.floating], hover: str, **options: Any) -> list[dict[str, Any]]:
    """A heatmap each for NaN, +infinity and -infinity among `values`, shape (H, W), where they occur.

    `hover` is the template the kind is appended to; `options` are the trace's.
    """
    masks = (np.isnan(values), np.isposinf(values), np.isneginf(values))
    return [
        dict(
            type="heatmap",
            z=np.where(mask, np.float32(1), np.float32(np.nan)),
            zmin=0,
            zmax=1,
            colorscale=[[0, color], [1, color]],
            showscale=False,
            zsmooth=False,
            hoverongaps=False,
            name=kind,
            hovertemplate=f"{hover}<b>{kind}</b><extra></extra>",
            **options,
        )
        for (kind, color), mask in zip(_KINDS.items(), masks, strict=True)
        if mask.any()
    ]
