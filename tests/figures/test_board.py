"""The compare board: every panel's true values, linked axes, titles and messages."""

import json
from itertools import pairwise

import numpy as np
import pytest

from actviz_core.analysis import Summary, channel_statistics, principal_components, summary_map
from actviz_core.errors import ShapeError
from actviz_core.figures import BoardPanel, Show, channel_grid, compare_board
from tests.figures.boards import axis, main_traces, panel, panels, title_traces, words


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_one_figure_holds_one_heatmap_a_panel_with_axes_of_its_own(count: int) -> None:
    figure = compare_board(panels(count))
    heatmaps = main_traces(figure)
    assert [trace.type for trace in heatmaps] == ["heatmap"] * count
    assert [trace.name for trace in heatmaps] == [f"{number} final" for number in range(1, count + 1)]
    assert [trace.xaxis for trace in heatmaps] == ["x", "x2", "x3", "x4", "x5", "x6"][:count]
    assert [trace.yaxis for trace in heatmaps] == ["y", "y2", "y3", "y4", "y5", "y6"][:count]


@pytest.mark.parametrize(
    ("count", "arrangement"),
    [(2, [2]), (3, [3]), (4, [2, 2]), (5, [3, 2]), (6, [3, 3])],
)
def test_panels_are_arranged_in_rows_and_do_not_overlap(count: int, arrangement: list[int]) -> None:
    figure = compare_board(panels(count))
    boxes = [(axis(figure, "x", n).domain, axis(figure, "y", n).domain) for n in range(1, count + 1)]
    tops = sorted({top for _, (_, top) in boxes}, reverse=True)
    assert [sum(top == row for _, (_, top) in boxes) for row in tops] == arrangement
    for row in tops:
        across = [x for x, (_, top) in boxes if top == row]
        assert all(before[1] < after[0] for before, after in pairwise(across))
    assert all(0 <= low < high <= 1 for box in boxes for low, high in box)
    for above, below in pairwise(tops):
        assert below < min(bottom for _, (bottom, top) in boxes if top == above)


def test_every_panels_tiles_hold_its_own_values_in_its_own_order() -> None:
    board = [panel("1 a"), panel("2 b", channels=3, height=4, width=4, seed=1)]
    orders = [[5, 0, 3], [2, 1]]
    figure = compare_board(board, orders=orders)
    for shown, titles, heatmap, order in zip(
        board, title_traces(figure), main_traces(figure), orders, strict=True
    ):
        assert titles.customdata.tolist() == order
        assert titles.text == tuple(str(channel) for channel in order)
        assert (titles.xaxis, titles.yaxis) == (heatmap.xaxis, heatmap.yaxis)
        drawn = np.isfinite(heatmap.z)
        for channel in order:
            tile = heatmap.z[drawn & (heatmap.customdata == channel)]
            np.testing.assert_array_equal(tile, shown.maps[channel].ravel())
        assert drawn.sum() == len(order) * shown.maps[0].size


def test_a_grid_in_a_panel_is_the_channel_grid() -> None:
    (shown,) = panels(1)
    shown.maps[2, 1, 3] = np.nan
    board = compare_board([BoardPanel(shown.title, shown.maps, channel_statistics(shown.maps))])
    grid = channel_grid(shown.maps, columns=3)
    assert [trace.type for trace in board.data] == [trace.type for trace in grid.data]
    for ours, alone in zip(board.data, grid.data, strict=True):
        assert ours.hovertemplate == alone.hovertemplate
        assert ours.hovertext == alone.hovertext
    assert board.data[1].name == "not a number"
    assert (board.data[1].xaxis, board.data[1].yaxis) == (board.data[0].xaxis, board.data[0].yaxis)
    assert board.layout.xaxis.ticktext[:5].tolist() == [0, 1, 2, 3, 4]


def test_panels_with_the_same_layout_zoom_together_and_others_do_not() -> None:
    board = [*panels(2), panel("3 smaller", height=3, width=3), panel("4 again"), panel("5 smaller", 7, 3, 3)]
    figure = compare_board(board)
    links = [(axis(figure, "x", n).matches, axis(figure, "y", n).matches) for n in range(1, 6)]
    assert links == [(None, None), ("x", "y"), (None, None), ("x", "y"), ("x3", "y3")]
    assert axis(figure, "x", 4).range == axis(figure, "x", 1).range
    assert axis(figure, "y", 5).range == axis(figure, "y", 3).range


def test_a_grid_with_fewer_channels_does_not_zoom_with_one_of_more() -> None:
    figure = compare_board(panels(2), orders=[None, [0, 1]])
    assert axis(figure, "x", 2).matches is None


@pytest.mark.parametrize("show", list(Show))
def test_cells_are_square_in_every_panel(show: Show) -> None:
    figure = compare_board(panels(3), show=show)
    for number, x in enumerate(["x", "x2", "x3"], start=1):
        assert axis(figure, "y", number).scaleanchor == x
        assert axis(figure, "x", number).constrain == axis(figure, "y", number).constrain == "domain"
        bottom, top = axis(figure, "y", number).range
        assert bottom > top  # row 0 at the top


def test_linked_panels_have_places_of_one_shape_in_rows_of_unlike_height() -> None:
    wide = panel("2 wide", 3, 4, 40)
    figure = compare_board([wide, wide, panel("3 low", 3, 4, 40), panel("4 high", 60, 20, 20)])
    assert axis(figure, "x", 3).matches == "x"
    first, third = (
        [axis(figure, kind, n).domain[1] - axis(figure, kind, n).domain[0] for kind in "xy"] for n in (1, 3)
    )
    np.testing.assert_allclose(first, third)


def test_a_panel_without_the_channel_says_so_and_the_others_stay() -> None:
    board = [panel("1 small", channels=3), panel("2 large", channels=9, seed=1)]
    figure = compare_board(board, show=Show.CHANNEL, channel=5)
    (heatmap,) = figure.data
    np.testing.assert_array_equal(heatmap.z, board[1].maps[5])
    assert (heatmap.name, heatmap.xaxis, heatmap.showscale) == ("2 large", "x2", None)
    (message,) = [note for note in figure.layout.annotations if "No channel 5" in note.text]
    assert "channels 0 to 2" in message.text
    assert 0 < message.x < axis(figure, "x", 2).domain[0]


def test_a_panel_without_a_channel_to_show_says_so() -> None:
    figure = compare_board(panels(2), orders=[[], None])
    assert "No channel to show." in words(figure)
    assert [trace.name for trace in main_traces(figure)] == ["2 final"]


def test_a_silent_channel_is_called_silent() -> None:
    shown = panel()
    shown.maps[4] = 0
    board = [BoardPanel("1 final", shown.maps, channel_statistics(shown.maps))]
    assert words(compare_board(board, show=Show.CHANNEL, channel=4)) == ["<b>1 final</b>  channel 4, silent"]


@pytest.mark.parametrize("summary", list(Summary))
def test_summaries_lie_over_the_panels_own_picture(summary: Summary) -> None:
    board = panels(2)
    figure = compare_board(board, show=Show.SUMMARY, summary=summary, opacity=0.6)
    for shown, trace in zip(board, figure.data, strict=True):
        np.testing.assert_array_equal(trace.z, summary_map(shown.maps, summary))
        assert trace.opacity == 0.6
    first, second = figure.layout.images
    assert (first.xref, first.yref, second.xref, second.yref) == ("x", "y", "x2", "y2")
    assert (second.sizex, second.sizey, second.layer) == (5, 6, "below")
    assert first.source != second.source


def test_without_a_picture_nothing_is_made_transparent() -> None:
    board = [panel(), BoardPanel("2 bare", panel().maps, panel().statistics)]
    figure = compare_board(board, show=Show.CHANNEL, opacity=0.5)
    assert [trace.opacity for trace in figure.data] == [0.5, 1]
    assert len(figure.layout.images) == 1


def test_principal_components_are_pictures_with_their_shares() -> None:
    board = panels(2)
    figure = compare_board(board, show=Show.SUMMARY, summary=None)
    assert [trace.type for trace in figure.data] == ["image", "image"]
    assert figure.data[0].source != figure.data[1].source
    assert axis(figure, "x", 2).matches == "x"
    explained = principal_components(board[1].maps).explained
    shares = ", ".join(f"{share:.0%}".replace("%", " %") for share in explained)
    assert f"<b>2 final</b>  {shares}" in [text.replace("\xa0", " ") for text in words(figure)]
    assert any("own principal components" in text for text in words(figure))


def test_titles_are_plain_text_and_fit_their_panel() -> None:
    figure = compare_board([panel("1 <b>x</b> & " + "y" * 200), panel("2")])
    heading = figure.layout.annotations[0]
    assert heading.text.startswith("<b>1 &lt;b&gt;x&lt;/b&gt; &amp; yyy")
    assert heading.text.endswith("…</b>")
    assert len(heading.text) < 110
    assert heading.hovertext.endswith("y" * 200)
    assert (heading.x, heading.y) == (axis(figure, "x", 1).domain[0], axis(figure, "y", 1).domain[1])


def test_panels_of_64_channels_are_sent_in_few_bytes() -> None:
    board = [panel(str(number), 64, 56, 56, seed=number) for number in range(4)]
    sent = json.loads(compare_board(board).to_json())["data"]
    heatmaps = [trace for trace in sent if trace["type"] == "heatmap"]
    assert [trace["z"]["dtype"] for trace in heatmaps] == ["f4"] * 4
    assert [trace["customdata"]["dtype"] for trace in heatmaps] == ["u1"] * 4
    assert sum(len(trace["z"]["bdata"]) for trace in heatmaps) < 1.7 * 4 * board[0].maps.nbytes * 4 / 3


def test_tiles_are_as_large_as_the_panels_height_allows() -> None:
    board = [panel(str(number), 64, 16, 16, seed=number) for number in range(6)]
    two, six = compare_board(board[:2]), compare_board(board)
    assert two.data[1].x[8] == two.data[1].x[0]  # eight tiles in a row
    assert len(set(six.data[1].x)) > 8
    assert two.layout.height < 760
    assert six.layout.height < 960


def test_no_panel_is_said() -> None:
    assert words(compare_board([])) == ["No panel to show."]


def test_a_grid_that_leaves_channels_out_says_so() -> None:
    figure = compare_board(panels(2), orders=[[3, 1], None], which="by mean")
    assert words(figure)[:2] == ["<b>1 final</b>  2 of 7, by mean", "<b>2 final</b>"]


def test_orders_with_channels_that_are_not_there_are_refused() -> None:
    with pytest.raises(ShapeError, match="channels 0 to 6; got 0 to 7"):
        compare_board(panels(2), orders=[None, [0, 7]])
