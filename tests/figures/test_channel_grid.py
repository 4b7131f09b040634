"""The channel grid: true values in the right places, colours, titles, size."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest
import torch

from actviz_core.analysis import ValueRange
from actviz_core.errors import ShapeError
from actviz_core.figures import Colors, channel_grid


def random_maps(channels: int = 7, height: int = 6, width: int = 5, *, signed: bool = True) -> np.ndarray:
    maps = np.random.default_rng(0).standard_normal((channels, height, width)).astype(np.float32)
    return maps if signed else np.abs(maps)


def shown_tiles(figure: go.Figure, values: np.ndarray, channels: np.ndarray) -> dict[int, np.ndarray]:
    """Each channel's tile, cut from `values` at the cells that carry the channel's number."""
    tiles = {}
    for channel in np.unique(channels[np.isfinite(figure.data[0].z)]):
        rows, columns = np.nonzero((channels == channel) & np.isfinite(figure.data[0].z))
        tiles[int(channel)] = values[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return tiles


@pytest.mark.parametrize("columns", [None, 1, 3, 20])
def test_every_tile_holds_its_channels_values_with_row_0_at_the_top(columns: int | None) -> None:
    maps = random_maps()
    figure = channel_grid(maps, columns=columns)
    heatmap = figure.data[0]
    assert [trace.type for trace in figure.data] == ["heatmap", "scatter"]
    tiles = shown_tiles(figure, heatmap.z, heatmap.customdata)
    assert tiles.keys() == set(range(7))
    for channel, tile in tiles.items():
        np.testing.assert_array_equal(tile, maps[channel])
    bottom, top = figure.layout.yaxis.range
    assert (bottom, top) == (heatmap.z.shape[0] - 0.5, -0.5)


def test_channels_are_shown_in_the_order_asked_for() -> None:
    maps = random_maps()
    figure = channel_grid(maps, channels=[5, 0, 3], columns=2)
    titles = figure.data[-1]
    assert titles.text == ("5", "0", "3")
    assert titles.customdata.tolist() == [5, 0, 3]
    assert titles.y[0] == titles.y[1] < titles.y[2]
    assert titles.x[0] == titles.x[2] < titles.x[1]
    tiles = shown_tiles(figure, figure.data[0].z, figure.data[0].customdata)
    np.testing.assert_array_equal(tiles[5], maps[5])
    assert tiles.keys() == {0, 3, 5}


def test_titles_lie_above_the_middle_of_their_tile() -> None:
    figure = channel_grid(random_maps(), columns=3)
    heatmap, titles = figure.data
    for channel, x, y in zip(titles.customdata, titles.x, titles.y, strict=True):
        rows, columns = np.nonzero((heatmap.customdata == channel) & np.isfinite(heatmap.z))
        assert x == (columns.min() + columns.max()) / 2
        assert y < rows.min() - 0.5
        assert np.isnan(heatmap.z[round(y), columns.min()])


def test_hover_names_the_cell_within_its_tile() -> None:
    figure = channel_grid(random_maps(), columns=3)
    heatmap = figure.data[0]
    rows, columns = np.nonzero((heatmap.customdata == 4) & np.isfinite(heatmap.z))
    assert np.unique(figure.layout.yaxis.ticktext[rows]).tolist() == [0, 1, 2, 3, 4, 5]
    assert np.unique(figure.layout.xaxis.ticktext[columns]).tolist() == [0, 1, 2, 3, 4]
    assert figure.layout.xaxis.tickvals.tolist() == list(range(heatmap.z.shape[1]))
    for part in ("channel %{customdata}", "row %{y}", "column %{x}", "%{z:.5~g}"):
        assert part in heatmap.hovertemplate


@pytest.mark.parametrize("value_range", ValueRange)
def test_the_figure_says_where_each_channels_cells_and_values_lie(value_range: ValueRange) -> None:
    maps = random_maps()
    figure = channel_grid(maps, channels=[2, 0, 1], columns=2, value_range=value_range)
    (panel,) = figure.layout.meta["panels"]
    values = np.asarray(figure.data[0][panel["values"]])
    (height, width), (down, right) = panel["tile"], panel["pitch"]
    for index, channel in enumerate(panel["items"]):
        top = index // panel["across"] * down + panel["title"]
        left = index % panel["across"] * right
        np.testing.assert_array_equal(values[top : top + height, left : left + width], maps[channel])
    assert panel["items"] == [2, 0, 1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64, torch.int32])
def test_tensors_are_drawn_as_they_are(dtype: torch.dtype) -> None:
    maps = torch.arange(24, dtype=dtype).reshape(2, 3, 4)
    figure = channel_grid(maps)
    tiles = shown_tiles(figure, figure.data[0].z, figure.data[0].customdata)
    np.testing.assert_array_equal(tiles[1], maps[1].numpy())


def test_signed_layers_are_centred_on_zero() -> None:
    maps = random_maps()
    heatmap = channel_grid(maps).data[0]
    assert heatmap.zmax == -heatmap.zmin == np.abs(maps).max()
    assert heatmap.colorscale[5] == (0.5, "#f7f7f7")


def test_layers_that_are_never_negative_run_from_lowest_to_highest() -> None:
    maps = random_maps(signed=False)
    heatmap = channel_grid(maps).data[0]
    assert (heatmap.zmin, heatmap.zmax) == (maps.min(), maps.max())
    assert heatmap.colorscale[0] == (0, "#00224e")


def test_the_range_belongs_to_the_layer_not_to_the_page() -> None:
    maps = random_maps()
    maps[6] *= 10
    whole, page = channel_grid(maps).data[0], channel_grid(maps, channels=[0, 1]).data[0]
    assert (whole.zmin, whole.zmax) == (page.zmin, page.zmax)


@pytest.mark.parametrize("colors", list(Colors))
def test_every_colour_scale_is_given_stop_by_stop(colors: Colors) -> None:
    scale = channel_grid(random_maps(), colors=colors).data[0].colorscale
    assert scale[0][0] == 0
    assert scale[-1][0] == 1
    assert all(color.startswith("#") and len(color) == 7 for _, color in scale)


@pytest.mark.parametrize("signed", [True, False])
def test_a_range_of_its_own_for_each_channel_still_shows_true_values(signed: bool) -> None:
    maps = random_maps(signed=signed) * np.arange(1, 8, dtype=np.float32)[:, None, None]
    figure = channel_grid(maps, value_range=ValueRange.CHANNEL)
    heatmap = figure.data[0]
    values = shown_tiles(figure, heatmap.customdata, heatmap.text)
    colours = shown_tiles(figure, heatmap.z, heatmap.text)
    assert (heatmap.zmin, heatmap.zmax) == ((-1, 1) if signed else (0, 1))
    for channel in range(7):
        np.testing.assert_array_equal(values[channel], maps[channel])
        own = maps[channel]
        reach = np.abs(own).max()
        expected = own / reach if signed else (own - own.min()) / (own.max() - own.min())
        np.testing.assert_allclose(colours[channel], expected, atol=1e-6)
    assert "channel %{text}" in heatmap.hovertemplate
    assert "%{customdata:.5~g}" in heatmap.hovertemplate
    assert "own range" in figure.layout.annotations[0].text
    assert f"to {np.abs(maps[3]).max():.4g}" in figure.data[-1].hovertext[3].splitlines()[-1]


def test_percentiles_leave_outliers_to_the_ends_of_the_scale() -> None:
    maps = random_maps(1, 100, 100, signed=False)
    maps[0, 0, 0] = 1e6
    figure = channel_grid(maps, value_range=ValueRange.PERCENTILE)
    assert figure.data[0].zmax < 10
    assert "beyond the ends" in figure.layout.annotations[0].text


def test_cells_that_are_not_finite_have_a_colour_and_a_name_of_their_own() -> None:
    maps = random_maps()
    maps[2, 1, 3], maps[4, 0, 0], maps[5, 5, 4] = np.nan, np.inf, -np.inf
    figure = channel_grid(maps)
    flaws = figure.data[1:-1]
    assert [trace.name for trace in flaws] == ["not a number", "+infinity", "-infinity"]
    for trace, (channel, row, column) in zip(flaws, [(2, 1, 3), (4, 0, 0), (5, 5, 4)], strict=True):
        (y,), (x,) = np.nonzero(trace.z == 1)
        assert trace.customdata[y, x] == channel
        assert figure.layout.yaxis.ticktext[y] == row
        assert figure.layout.xaxis.ticktext[x] == column
        assert f"<b>{trace.name}</b>" in trace.hovertemplate
    assert len({trace.colorscale[0][1] for trace in flaws}) == 3
    assert figure.data[-1].hovertext[2].endswith("1 not finite")
    assert np.isfinite([figure.data[0].zmin, figure.data[0].zmax]).all()
    assert len(channel_grid(maps, channels=[0, 1]).data) == 2


def test_the_selected_channel_gets_a_frame() -> None:
    figure = channel_grid(random_maps(), channels=[4, 2], selected=2, columns=2)
    (frame,) = figure.layout.shapes
    rows, columns = np.nonzero((figure.data[0].customdata == 2) & np.isfinite(figure.data[0].z))
    assert (frame.x0, frame.x1) == (columns.min() - 0.5, columns.max() + 0.5)
    assert (frame.y0, frame.y1) == (rows.min() - 0.5, rows.max() + 0.5)
    assert not channel_grid(random_maps(), channels=[4], selected=2).layout.shapes


def test_no_style_is_borrowed_from_the_default_template() -> None:
    before = pio.templates.default
    drawn = []
    try:
        for template in ("plotly", "plotly_dark"):
            pio.templates.default = template
            drawn.append(channel_grid(random_maps()))
    finally:
        pio.templates.default = before
    assert drawn[0].to_json() == drawn[1].to_json()
    assert drawn[0].layout.template.layout.to_plotly_json() == {}
    assert drawn[0].layout.font.color is None


def test_plotly_keeps_to_its_fast_path() -> None:
    figure = channel_grid(random_maps())
    heatmap = figure.data[0]
    assert heatmap.zsmooth is False
    assert (heatmap.x, heatmap.y, heatmap.xgap, heatmap.ygap) == (None, None, None, None)
    assert figure.layout.xaxis.type is None


def test_a_page_of_64_channels_is_sent_in_few_bytes() -> None:
    maps = random_maps(64, 56, 56)
    sent = json.loads(channel_grid(maps).to_json())["data"][0]
    assert sent["z"]["dtype"] == "f4"
    assert sent["customdata"]["dtype"] == "u1"
    assert len(sent["z"]["bdata"]) + len(sent["customdata"]["bdata"]) < 1.4 * maps.size * 5 * 4 / 3


def test_a_layer_of_more_than_256_channels_keeps_its_numbers() -> None:
    maps: Any = np.zeros((512, 2, 2), np.float32)
    assert channel_grid(maps).data[0].customdata.max() == 511


def test_nothing_to_show_is_said() -> None:
    figure = channel_grid(random_maps(), channels=[])
    assert figure.layout.annotations[0].text == "No channel to show."


@pytest.mark.parametrize("channels", [[7], [-1]])
def test_channels_that_are_not_there_are_refused(channels: list[int]) -> None:
    with pytest.raises(ShapeError, match="channels 0 to 6"):
        channel_grid(random_maps(), channels=channels)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"got \(1, 7, 6, 5\)"):
        channel_grid(random_maps()[None])
