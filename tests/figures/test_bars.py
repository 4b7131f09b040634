"""Histograms, layers without maps, predictions, and names that look like markup."""

import numpy as np
import plotly.graph_objects as go
import pytest

from actviz_core.analysis import TopK, top_k
from actviz_core.errors import ShapeError
from actviz_core.figures import aligned_predictions, histogram, plain, prediction_bars, vector_figure
from actviz_core.figures.colors import LABEL, NEUTRAL
from actviz_core.figures.vectors import LABEL_NOTE
from actviz_core.units import percent


def test_histogram_counts_what_numpy_counts() -> None:
    values = np.random.default_rng(0).standard_normal((4, 20, 20))
    bars = histogram(values, bins=30).data[0]
    counts, edges = np.histogram(values, bins=30)
    np.testing.assert_array_equal(bars.y, counts)
    np.testing.assert_allclose(bars.customdata[:, 0], edges[:-1])
    np.testing.assert_allclose(bars.x + bars.width / 2, edges[1:])


def test_exact_zeros_of_a_relu_are_said_instead_of_drawn() -> None:
    figure = histogram([0, 0, 0, 1, 2, np.nan])
    assert sum(figure.data[0].y) == 2
    assert figure.layout.xaxis.title.text == "value (3 exact zeros not drawn)"
    assert sum(histogram([0, -1, 1]).data[0].y) == 3


@pytest.mark.parametrize(
    ("values", "said"), [([0, 0], "All 2 values are zero."), ([np.nan], "No finite value")]
)
def test_nothing_to_count_is_said(values: list[float], said: str) -> None:
    figure = histogram(values)
    assert said in figure.layout.annotations[0].text
    assert not figure.data


def test_few_values_are_bars_in_order() -> None:
    figure = vector_figure([1, -2, np.nan], labels=["cat", "<b>dog</b>", "frog"])
    (bars,) = figure.data
    assert bars.x.tolist() == [1, -2, 0]
    assert bars.text == ("1", "-2", "not a number")
    assert bars.customdata.tolist() == [0, 1, 2]
    assert figure.layout.yaxis.ticktext == ("cat", "&lt;b&gt;dog&lt;/b&gt;", "frog")
    assert figure.layout.yaxis.range == (2.5, -0.5)
    assert figure.layout.xaxis.range[0] < -2


def test_many_values_are_rows_of_cells() -> None:
    values = np.arange(300, dtype=np.float32)
    heatmap = vector_figure(values).data[0]
    assert heatmap.z.shape == heatmap.customdata.shape == (3, 128)
    np.testing.assert_array_equal(heatmap.z.ravel()[:300], values)
    np.testing.assert_array_equal(heatmap.customdata.ravel()[:300], np.arange(300))
    assert np.isnan(heatmap.z.ravel()[300:]).all()


def test_many_named_values_are_the_highest_as_bars_and_all_as_cells() -> None:
    values = np.random.default_rng(0).standard_normal(1000)
    figure = vector_figure(values, labels=[f"class {index}" for index in range(1000)])
    bars, cells = figure.data
    best = np.argsort(-values)[:10]
    np.testing.assert_array_equal(bars.customdata, best)
    np.testing.assert_array_equal(bars.x, values[best])
    assert figure.layout.yaxis.ticktext[0] == f"class {best[0]}"
    assert (cells.xaxis, cells.yaxis) == ("x2", "y2")
    assert cells.text[2][5] == f"class {2 * 128 + 5}"
    assert figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]


def test_values_that_are_not_finite_are_marked_but_padding_is_not() -> None:
    values = np.zeros(200)
    values[7] = np.inf
    heatmap, flaw = vector_figure(values).data
    assert flaw.name == "+infinity"
    assert np.argwhere(flaw.z == 1).tolist() == [[0, 7]]
    assert np.isfinite([heatmap.zmin, heatmap.zmax]).all()


def test_labels_must_fit_the_values() -> None:
    with pytest.raises(ShapeError, match="3 values, but 2 labels"):
        vector_figure([1, 2, 3], labels=["a", "b"])
    with pytest.raises(ShapeError, match=r"got \(3, 1\)"):
        vector_figure(np.ones((3, 1)))


def test_prediction_bars_show_shares_best_first() -> None:
    figure = prediction_bars(top_k(np.log([0.2, 0.7, 0.1]), ["cat", "a <b>", "dog"]), label="cat")
    (bars,) = figure.data
    np.testing.assert_allclose(bars.x, [0.7, 0.2, 0.1])
    assert [text.replace("\xa0", " ") for text in bars.text] == ["70 %", "20 %", "10 %"]
    assert figure.layout.yaxis.ticktext == ("a &lt;b&gt;", "cat", "dog")
    assert figure.layout.yaxis.range == (2.5, -0.5)
    colors = bars.marker.color
    assert colors[0] == colors[2] != colors[1] == LABEL
    assert noted(figure)
    assert not noted(prediction_bars(top_k(np.log([0.2, 0.7, 0.1]), ["cat", "a <b>", "dog"]), label="ship"))


def noted(figure: go.Figure) -> bool:
    """Whether a figure explains the colour of the picture's label."""
    return LABEL_NOTE in [note.text for note in figure.layout.annotations]


def test_on_a_board_the_same_colour_stands_for_the_label_of_each_panels_picture() -> None:
    names = ["cat", "dog", "ship"]
    predictions = [
        top_k(np.log([0.2, 0.7, 0.1]), names, k=None),
        top_k(np.log([0.1, 0.2, 0.7]), names, k=None),
    ]
    figure = aligned_predictions(predictions, ["1 one", "2 other"], labels=["cat", "ship"])
    for bars, label in zip(figure.data, ["cat", "ship"], strict=True):
        colored = [
            name for name, color in zip(bars.customdata, bars.marker.color, strict=True) if color == LABEL
        ]
        assert colored == [label]
    assert noted(figure)
    without = aligned_predictions(predictions, ["1 one", "2 other"])
    assert not noted(without)
    assert all(set(bars.marker.color) == {NEUTRAL} for bars in without.data)


def test_a_bar_says_of_a_share_what_sentences_say() -> None:
    prediction = top_k(np.array([12.0, 0.0, 1.0]), ["cat", "dog", "ship"], k=None)
    (bars,) = prediction_bars(prediction).data
    (aligned,) = aligned_predictions([prediction], ["1"]).data
    written = [percent(share) for share in prediction.probabilities]
    assert written[0].replace("\xa0", " ") == "> 99 %"
    assert list(bars.text) == list(aligned.text) == written
    assert "99.998" in bars.hovertemplate[0]


def test_a_prediction_with_a_problem_is_a_sentence() -> None:
    figure = prediction_bars(TopK((), (), (), "No probabilities here."))
    assert figure.layout.annotations[0].text == "No probabilities here."
    assert not figure.data


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('<a href="x">y</a>', '&lt;a href="x"&gt;y&lt;/a&gt;'),
        ("a &amp; b", "a &amp;amp; b"),
        ("two\nlines\t", "two lines"),
        ("%{x} $y$ ü", "%{x} $y$ ü"),
    ],
)
def test_names_are_text_not_markup(name: str, shown: str) -> None:
    assert plain(name) == shown


@pytest.mark.parametrize("values", [(0.04226, 0.04084), (11.42, -2.478), (-1.301, -2.42)])
def test_numbers_at_the_ends_of_bars_have_room_where_a_figure_is_narrow(values: tuple[float, ...]) -> None:
    figure = vector_figure(values, labels=["truck", "ship"])
    low, high = figure.layout.xaxis.range
    pixels = 250 / (high - low)
    for value, text in zip(values, figure.data[0].text, strict=True):
        room = (high - value if value >= 0 else value - low) * pixels
        assert room >= 6 * len(text), (value, room)
