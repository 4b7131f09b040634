"""The channel grid's figure against what others draw: building it and turning it into JSON."""

from collections.abc import Iterator

import numpy as np

from actviz_core import channel_grid
from benchmarks.peers.article import imshow_figure, subplots_figure
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row

ROUNDS = 11


def rows() -> Iterator[Row]:
    """Measure 64 channels of 56x56."""
    maps = np.random.default_rng(0).normal(size=(64, 56, 56)).astype(np.float32)
    timings = in_turns(
        {
            "grid": timed(lambda: channel_grid(maps).to_json()),
            "subplots": timed(lambda: subplots_figure(maps).to_json()),
            "imshow": timed(lambda: imshow_figure(maps).to_json()),
        },
        rounds=ROUNDS,
        warm_up=2,
    )
    measured = "figure of 64 x 56x56, build + JSON"
    yield ratio_row(measured, "make_subplots", timings["grid"], timings["subplots"], 1 / 8)
    yield ratio_row(measured, "px.imshow(facet_col=...)", timings["grid"], timings["imshow"])
