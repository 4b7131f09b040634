"""Axes lie where plotly.js puts them."""

import numpy as np
import pytest

from actviz_core.errors import ExportError
from actviz_core.export.axes import Axis, Box, place_axes

AREA = Box(10, 20, 210, 120)  # 200 x 100 pixels


def test_an_axis_spans_its_domain_and_y_grows_upwards() -> None:
    layout = {"xaxis": {"range": [0, 10], "domain": [0.5, 1]}, "yaxis": {"range": [0, 4]}}
    axes = place_axes(layout, [], AREA)
    assert axes["x"] == Axis(110, 210, 0, 10)
    assert axes["y"] == Axis(120, 20, 0, 4)
    assert axes["y"].pixel(1) == 95
    assert axes["x"].value(np.array([160.0])) == 5


def test_square_cells_shrink_the_domain_to_where_it_is_held() -> None:
    layout = {
        "xaxis": {"range": [-0.5, 9.5], "constrain": "domain"},
        "yaxis": {
            "range": [9.5, -0.5],
            "constrain": "domain",
            "constraintoward": "top",
            "scaleanchor": "x",
        },
    }
    axes = place_axes(layout, [], AREA)
    assert axes["x"] == Axis(60, 160, -0.5, 9.5)  # 10 pixels a cell, in the middle
    assert axes["y"] == Axis(120, 20, 9.5, -0.5)
    layout["yaxis"]["range"] = [1.5, -0.5]
    axes = place_axes(layout, [], AREA)
    assert axes["x"] == Axis(10, 210, -0.5, 9.5)
    assert axes["y"] == Axis(60, 20, 1.5, -0.5)  # 20 pixels a cell, at the top


def test_without_a_constrained_domain_the_range_grows() -> None:
    layout = {"xaxis": {"range": [0, 10]}, "yaxis": {"range": [0, 10], "scaleanchor": "x"}}
    axes = place_axes(layout, [], AREA)
    assert axes["x"] == Axis(10, 210, -5, 15)
    assert axes["y"] == Axis(120, 20, 0, 10)


def test_matching_axes_share_a_range_and_a_scale() -> None:
    layout = {
        "xaxis": {"range": [0, 10], "domain": [0, 0.25], "constrain": "domain"},
        "yaxis": {"range": [0, 10], "scaleanchor": "x", "constrain": "domain"},
        "xaxis2": {"matches": "x", "domain": [0.5, 1], "constrain": "domain"},
        "yaxis2": {"matches": "y", "scaleanchor": "x2", "constrain": "domain"},
    }
    axes = place_axes(layout, [], AREA)
    assert axes["x"] == Axis(10, 60, 0, 10)
    assert axes["x2"] == Axis(135, 185, 0, 10)
    assert axes["y"] == axes["y2"] == Axis(95, 45, 0, 10)


def test_a_range_that_is_not_given_holds_all_cells() -> None:
    trace = {"type": "heatmap", "shape": (4, 8)}
    axes = place_axes({"yaxis": {"autorange": "reversed"}}, [trace], AREA)
    assert (axes["x"].low, axes["x"].high) == (-0.5, 7.5)
    assert (axes["y"].low, axes["y"].high) == (3.5, -0.5)


def test_other_scales_and_uneven_cells_are_refused() -> None:
    with pytest.raises(ExportError, match="cannot draw an axis of type 'log'"):
        place_axes({"xaxis": {"type": "log"}}, [], AREA)
    with pytest.raises(ExportError, match="evenly spaced"):
        place_axes({}, [{"type": "heatmap", "shape": (1, 3), "x": [0, 1, 5]}], AREA)
