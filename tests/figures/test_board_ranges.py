"""The compare board's colours: one range for all panels, ranges of their own, percentiles, and notes."""

import numpy as np
import pytest

from actviz_core.analysis import ValueRange, channel_statistics
from actviz_core.figures import BoardPanel, Show, compare_board
from tests.figures.boards import axis, main_traces, panel, panels, words


def test_a_shared_range_spans_all_panels_and_has_one_bar() -> None:
    board = panels(3)
    heatmaps = main_traces(compare_board(board))
    reach = max(np.abs(shown.maps).max() for shown in board)
    assert {(trace.zmin, trace.zmax) for trace in heatmaps} == {(-reach, reach)}
    assert [trace.showscale for trace in heatmaps] == [None, False, False]
    assert heatmaps[0].colorbar.ticktext == (f"{-reach:.3g}", "0", f"{reach:.3g}")
    assert heatmaps[0].colorbar.y == 1


def test_a_shared_range_ignores_which_channels_are_shown() -> None:
    board = panels(2)
    for value_range in (ValueRange.SHARED, ValueRange.PERCENTILE):
        whole = compare_board(board, value_range=value_range)
        part = compare_board(board, value_range=value_range, orders=[[0], [1]])
        assert whole.data[0].zmax == part.data[0].zmax


def test_a_silent_panel_does_not_stretch_the_shared_range() -> None:
    faint = panel("1 faint", scale=0.01, signed=False)
    silent = BoardPanel("2 silent", np.zeros_like(faint.maps), channel_statistics(np.zeros_like(faint.maps)))
    for trace in main_traces(compare_board([faint, silent])):
        assert (trace.zmin, trace.zmax) == (0, faint.maps.max())


def test_one_signed_panel_centres_the_colours_of_all() -> None:
    board = [panel("1 relu", signed=False), panel("2 conv", scale=3)]
    shared, own = (
        main_traces(compare_board(board, value_range=value_range))
        for value_range in (ValueRange.SHARED, ValueRange.CHANNEL)
    )
    assert shared[0].colorscale == shared[1].colorscale == own[1].colorscale
    assert own[0].colorscale != own[1].colorscale
    assert shared[0].zmin == -shared[0].zmax


def test_ranges_of_their_own_have_a_bar_with_true_values_over_each_panel() -> None:
    board = panels(4)
    figure = compare_board(board, value_range=ValueRange.CHANNEL)
    for number, (shown, trace) in enumerate(zip(board, main_traces(figure), strict=True), start=1):
        reach = np.abs(shown.maps).max()
        assert (trace.zmin, trace.zmax) == (-reach, reach)
        assert trace.colorbar.ticktext == (f"{-reach:.3g}", "0", f"{reach:.3g}")
        left, right = axis(figure, "x", number).domain
        assert left < trace.colorbar.x < trace.colorbar.x + trace.colorbar.len < right
        assert trace.colorbar.y == axis(figure, "y", number).domain[1]
        assert trace.colorbar.yanchor == "bottom"


def test_percentiles_are_those_of_all_panels_and_that_is_said() -> None:
    board = [panel("1 a", 1, 100, 100, signed=False), panel("2 b", 1, 100, 100, seed=1, signed=False)]
    board[1].maps[0, 0, 0] = 1e6
    figure = compare_board(board, value_range=ValueRange.PERCENTILE)
    low, high = np.percentile(np.concatenate([shown.maps for shown in board]), (1, 99))
    for trace in main_traces(figure):
        assert (trace.zmin, trace.zmax) == pytest.approx((low, high))
    assert any("beyond the ends" in text for text in words(figure))


def test_one_channel_is_shown_in_every_panel_with_the_range_of_the_grid() -> None:
    board = panels(2)
    figure = compare_board(board, show=Show.CHANNEL, channel=4)
    assert [trace.type for trace in figure.data] == ["heatmap", "heatmap"]
    for shown, trace in zip(board, figure.data, strict=True):
        np.testing.assert_array_equal(trace.z, shown.maps[4])
        assert trace.zmax == max(np.abs(other.maps).max() for other in board)
    assert figure.data[0].zmax == compare_board(board).data[0].zmax
    own = compare_board(board, show=Show.CHANNEL, channel=4, value_range=ValueRange.CHANNEL)
    assert [trace.zmax for trace in own.data] == [np.abs(shown.maps[4]).max() for shown in board]
    assert words(figure)[:2] == ["<b>1 final</b>  channel 4, strong", "<b>2 final</b>  channel 4, strong"]
    assert not figure.layout.images


def test_a_note_says_whose_range_the_colours_have() -> None:
    shared, own = (
        words(compare_board(panels(2), value_range=value_range))[-1]
        for value_range in (ValueRange.SHARED, ValueRange.CHANNEL)
    )
    assert shared == "one range for all panels: colours can be compared"
    assert own == "each panel is coloured by itself: compare patterns, not colours"
    assert not [text for text in words(compare_board(panels(1))) if "panel" in text]
