"""The heatmap of likeness holds the values as they are, in order, with a name for every cell."""

import numpy as np
import pytest

from actviz_core.errors import ShapeError
from actviz_core.figures.colors import Colors, colorscale
from actviz_core.figures.likeness_map import LikenessPanel, likeness_map
from actviz_core.wording.likeness import cka_text


def panel(rows: int, columns: int, *, title: str = "", name: str = "layer") -> LikenessPanel:
    values = np.random.default_rng(rows * 100 + columns).random((rows, columns))
    names = [f"{name}{at}" for at in range(max(rows, columns))]
    labels = [f"{row} {column}" for row in range(rows) for column in range(columns)]
    return LikenessPanel(title, names[:rows], names[:columns], values, labels)


def test_cells_are_the_values_in_one_scale_from_0_to_1() -> None:
    shown = panel(3, 5)
    figure = likeness_map([shown])
    heatmap, numbers = figure.data
    assert (heatmap.zmin, heatmap.zmax) == (0, 1)
    assert [list(stop) for stop in heatmap.colorscale] == colorscale(Colors.CIVIDIS)
    np.testing.assert_array_equal(heatmap.z, shown.values)
    assert list(numbers.text) == [cka_text(value) for value in shown.values.ravel()]
    assert [(y, x) for x, y in zip(numbers.x, numbers.y, strict=True)] == [
        (row, column) for row in range(3) for column in range(5)
    ]
    assert list(figure.layout.xaxis.ticktext) == list(shown.columns)
    assert list(figure.layout.yaxis.ticktext) == list(shown.rows)
    assert figure.layout.yaxis.scaleanchor == "x"  # square cells
    (meta,) = figure.layout.meta["panels"]
    assert meta["items"] == list(range(15))
    assert meta["across"] == 5
    assert meta["labels"] == list(shown.labels)


@pytest.mark.parametrize(("count", "width"), [(1, 980), (2, 980), (4, 980), (4, 460), (5, 700)])
def test_panels_have_axes_of_their_own_that_do_not_overlap(count: int, width: int) -> None:
    figure = likeness_map([panel(4, 4, title=f"run {at}") for at in range(count)], width=width)
    heatmaps = [trace for trace in figure.data if trace.type == "heatmap"]
    assert len(heatmaps) == count
    assert sum(bool(trace.showscale is not False) for trace in heatmaps) == 1
    boxes = []
    for number, meta in enumerate(figure.layout.meta["panels"]):
        x, y = (figure.layout[f"{kind}axis{meta[kind][1:]}"] for kind in "xy")
        boxes.append((*x.domain, *y.domain))
        assert 0 <= x.domain[0] < x.domain[1] <= 1
        assert 0 <= y.domain[0] < y.domain[1] <= 1
        assert (heatmaps[number].xaxis, heatmaps[number].yaxis) == (meta["x"], meta["y"])
        assert meta["number"] == number
    for at, (left, right, low, high) in enumerate(boxes):
        for others_left, others_right, others_low, others_high in boxes[:at]:
            assert right <= others_left or others_right <= left or high <= others_low or others_high <= low
    assert [note.text for note in figure.layout.annotations] == [f"<b>run {at}</b>" for at in range(count)]


def test_many_layers_leave_out_numbers_and_some_names_but_no_value() -> None:
    shown = panel(70, 70)
    figure = likeness_map([shown], width=600)
    (heatmap,) = figure.data
    assert heatmap.z.shape == (70, 70)
    names = list(figure.layout.yaxis.ticktext)
    assert 10 < len(names) < 70
    places = list(figure.layout.yaxis.tickvals)
    assert names == [shown.rows[at] for at in places]
    assert len(figure.layout.meta["panels"][0]["labels"]) == 4900


def test_what_cannot_be_compared_has_no_number_and_names_no_markup() -> None:
    values = np.array([[1.0, np.nan], [np.nan, np.nan]])
    figure = likeness_map([LikenessPanel("<b>", ["<i>a", "b"], ["<i>a", "b"], values, ["1", "2", "3", "4"])])
    assert list(figure.data[1].text) == ["1", "", "", ""]
    assert figure.layout.xaxis.ticktext[0] == "&lt;i&gt;a"
    assert figure.layout.annotations[0].text == "<b>&lt;b&gt;</b>"


def test_wrong_shapes_are_refused_and_nothing_says_so() -> None:
    with pytest.raises(ShapeError, match="2 x 1 layers need as many values and labels"):
        likeness_map([LikenessPanel("", ["a", "b"], ["a"], np.ones((1, 1)), ["1"])])
    assert likeness_map([]).layout.annotations[0].text == "Nothing to compare."
