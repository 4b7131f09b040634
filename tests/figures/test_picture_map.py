"""Maps of pictures: every point where it belongs, in its group's colour, with what is said of it."""

import numpy as np
import pytest

from actviz_core.errors import ShapeError
from actviz_core.figures.picture_map import PALETTE, MapPoints, PointGroup, picture_map, value_map
from actviz_core.figures.separation import separation_figure

PLACES = np.array([[0.0, 1], [2, 3], [np.nan, np.nan], [4, 5], [6, 7]])
ITEMS = [10, 11, 12, 13, 14]
WORDS = ["a", "b", "c", "d", "e"]
GROUPS = [
    PointGroup("<b>cat", PALETTE[0], np.array([1, 2])),
    PointGroup("nobody", PALETTE[1], np.array([], np.int64)),
    PointGroup("dog", PALETTE[2], np.array([0, 3, 4]), "x"),
]


def test_each_group_is_a_trace_of_its_points_in_webgl() -> None:
    figure = picture_map(MapPoints(PLACES, ITEMS, WORDS, "thumbnail/x/ITEM"), GROUPS)
    cat, dog = figure.data
    assert (cat.type, cat.name, dog.name) == ("scattergl", "&lt;b&gt;cat", "dog")
    assert (list(cat.customdata), list(cat.text)) == ([11], ["b"])
    assert (list(dog.customdata), list(dog.text)) == ([10, 13, 14], ["a", "d", "e"])
    assert np.stack([dog.x, dog.y], axis=1).tolist() == [[0, 1], [4, 5], [6, 7]]
    assert (dog.marker.color, dog.marker.symbol) == (PALETTE[2], "x")
    assert figure.layout.meta["points"] == {"thumbnails": "thumbnail/x/ITEM"}
    assert figure.layout.yaxis.scaleanchor == "x"
    assert figure.layout.dragmode == "lasso"


def test_chosen_points_stand_out_in_each_trace_and_the_line_is_drawn() -> None:
    chosen = np.array([True, False, True, False, True])
    outline = np.array([[0.0, 0], [1, 0], [1, 2]])
    figure = picture_map(MapPoints(PLACES, ITEMS, WORDS, None, chosen, outline), GROUPS)
    cat, dog = figure.data
    assert list(cat.selectedpoints) == []
    assert [dog.customdata[at] for at in dog.selectedpoints] == [10, 14]
    assert dog.unselected.marker.opacity < 0.2 < dog.selected.marker.opacity
    assert figure.layout.shapes[0].path == "M0,0 L1,0 L1,2 Z"
    assert picture_map(MapPoints(PLACES, ITEMS, WORDS), GROUPS).data[0].selectedpoints is None


def test_values_are_colours_on_one_scale_and_those_that_are_not_finite_are_grey() -> None:
    values = np.array([-1.0, np.nan, 3, 0.5, 2])
    without, shown = value_map(MapPoints(PLACES, ITEMS, WORDS), values, name="mean").data
    assert list(without.customdata) == [11]
    assert list(shown.customdata) == [10, 13, 14]
    assert list(shown.marker.color) == [-1, 0.5, 2]
    assert (shown.marker.cmin, shown.marker.cmax) == (-3, 3)  # about zero, as the values have both signs
    (positive,) = value_map(MapPoints(PLACES, ITEMS, WORDS), np.arange(5), name="mean").data
    assert (positive.marker.cmin, positive.marker.cmax) == (0, 4)


def test_where_no_point_has_a_place_the_figure_says_so() -> None:
    nowhere = MapPoints(np.full((5, 2), np.nan), ITEMS, WORDS)
    assert "No picture has a place" in picture_map(nowhere, GROUPS).layout.annotations[0].text
    assert "No picture has a place" in value_map(nowhere, np.zeros(5), name="m").layout.annotations[0].text


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ShapeError, match="as many items and texts"):
        picture_map(MapPoints(PLACES, ITEMS[1:], WORDS), GROUPS)
    with pytest.raises(ShapeError, match=r"5 points need as many values; got \(4,\)"):
        value_map(MapPoints(PLACES, ITEMS, WORDS), np.zeros(4), name="m")


def test_the_line_over_layers_has_a_point_a_layer_and_chance_as_dots() -> None:
    calls = ["conv1", "relu#1", "fc"]
    figure = separation_figure(calls, [0.2, None, 0.8], chance=0.1, chosen="fc")
    line, chance = figure.data
    assert list(line.y) == [0.2, None, 0.8]
    assert list(chance.y) == [0.1, 0.1]
    assert chance.line.dash == "dot"
    assert figure.layout.meta["panels"][0]["items"] == calls
    assert line.marker.size[2] > line.marker.size[0]
    assert "not known" in line.hovertext[1]
    assert line.hovertext[2].endswith("80.0\u00a0%")
    assert len(separation_figure(calls, [0.2, None, 0.8], chance=None, chosen="fc").data) == 1
    with pytest.raises(ShapeError, match="3 layers need as many shares; got 1"):
        separation_figure(calls, [0.2], chance=None, chosen="fc")
