"""PNGs show what the figure says, pixel by pixel."""

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import pytest
from PIL import Image

from actviz_core.analysis import ValueRange, channel_statistics, top_k
from actviz_core.errors import ExportError
from actviz_core.export import Provenance, figure_png, png_bytes, png_size
from actviz_core.export.png import TOP_HEIGHT
from actviz_core.figures import (
    BoardPanel,
    Show,
    aligned_predictions,
    channel_grid,
    channel_map,
    compare_board,
    contact_sheet,
    histogram,
    overlay,
    prediction_bars,
    vector_figure,
)

BLACK_TO_WHITE = [[0, "#000000"], [1, "#ffffff"]]
BARE = {"showgrid": False, "zeroline": False, "showticklabels": False}


def cells(values: Any, **options: Any) -> dict[str, Any]:
    """A heatmap from black (0) to white (1) without a colour bar."""
    ends = {"zmin": 0, "zmax": 1, "colorscale": BLACK_TO_WHITE, "showscale": False}
    return {"type": "heatmap", "z": np.asarray(values, np.float32)} | ends | options


def bare(*traces: dict[str, Any], **layout: Any) -> go.Figure:
    """A figure of 100 x 40 CSS pixels without margins or axes."""
    base = {"template": {}, "width": 100, "height": 40, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
    axes = {"xaxis": BARE, "yaxis": {**BARE, "autorange": "reversed"}}
    return go.Figure({"data": traces, "layout": base | axes | layout})


def drawn(figure: go.Figure, provenance: Provenance, **options: Any) -> npt.NDArray[np.uint8]:
    """The figure's own pixels, (height, width, 3), without what is added above and below."""
    options = {"scale": 1.0} | options
    scale = options["scale"]
    with Image.open(io.BytesIO(figure_png(figure, provenance=provenance, **options))) as image:
        pixels = np.asarray(image.convert("RGB"))
    top = round(TOP_HEIGHT * scale)
    return pixels[top : top + round((figure.layout.height or 450) * scale)]


def test_each_cell_has_its_colour_and_nan_the_paper(provenance: Provenance) -> None:
    figure = bare(cells([[0, 0.5, 1, np.nan], [1, 0, 9, -9]]))
    for dark, paper in ((False, 255), (True, 23)):
        pixels = drawn(figure, provenance, dark=dark, scale=2.0)
        assert pixels.shape == (80, 200, 3)
        sampled = pixels[20::40, 25::50, 0]
        assert sampled.tolist() == [[0, 128, 255, paper], [255, 0, 255, 0]]


def test_each_pixel_takes_the_cell_below_its_centre(provenance: Provenance) -> None:
    values = np.random.default_rng(0).integers(0, 256, (7, 30)).astype(np.float32)
    pixels = drawn(bare(cells(values, zmax=255)), provenance)
    rows = ((np.arange(40) + 0.5) * 7 / 40).astype(int)
    columns = ((np.arange(100) + 0.5) * 30 / 100).astype(int)
    assert np.abs(pixels[..., 0].astype(int) - values[rows][:, columns]).max() <= 1


def test_cells_smaller_than_a_pixel_are_averaged(provenance: Provenance) -> None:
    values = np.zeros((80, 200))
    values[::2] = 1
    assert np.abs(drawn(bare(cells(values)), provenance).astype(int) - 128).max() <= 1


def test_bars_begin_at_their_base_and_the_smallest_can_be_seen(provenance: Provenance) -> None:
    bars = {"type": "bar", "orientation": "h", "x": [4, 0.01], "y": [0, 1], "base": [2, 5], "width": 1}
    bars |= {"marker": {"color": ["#ff0000", "#00ff00"]}}
    axis = BARE | {"range": [0, 10]}
    pixels = drawn(bare(bars, xaxis=axis, yaxis=BARE | {"range": [1.5, -0.5]}), provenance)
    red, green = ((pixels == color).all(axis=2) for color in ([255, 0, 0], [0, 255, 0]))
    assert red[:20, 20:60].all()
    assert red.sum() == 20 * 40
    assert green[20:, 50].all()
    assert green.sum() == 20


def test_a_zoomed_range_shows_that_part(provenance: Provenance) -> None:
    zoomed = bare(cells([[0, 1, 0, 0]]), xaxis=BARE | {"range": [0.5, 1.5]})
    assert (drawn(zoomed, provenance) == 255).all()


def test_opacity_mixes_with_the_picture_below(provenance: Provenance) -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    figure = channel_map(np.zeros((8, 8)), image=red, opacity=0.5, limits=(0, 1), width=200)
    with Image.open(io.BytesIO(figure_png(figure, provenance=provenance, scale=1, width=200))) as image:
        # half the scale's first colour, #00224e, half red
        assert np.abs(np.array(image.getpixel((100, 150))) - [128, 17, 39]).max() <= 2


def test_panels_lie_where_their_axes_are(provenance: Provenance) -> None:
    figure = bare(
        cells([[0]]),
        cells([[1]], xaxis="x2", yaxis="y2"),
        xaxis=BARE | {"domain": [0, 0.4]},
        xaxis2=BARE | {"domain": [0.6, 1], "anchor": "y2"},
        yaxis2=BARE | {"anchor": "x2", "domain": [0, 0.5]},
    )
    pixels = drawn(figure, provenance, dark=True)[..., 0]
    assert (pixels[:, :40] == 0).all()
    assert (pixels[:, 40:60] == 23).all()
    assert (pixels[:20, 60:] == 23).all()
    assert (pixels[20:, 60:] == 255).all()


def test_a_shared_colour_axis_colours_all_and_makes_room_for_one_bar(provenance: Provenance) -> None:
    trace = {"type": "heatmap", "z": np.ones((1, 1)), "coloraxis": "coloraxis"}
    shared = {"cmin": 0, "cmax": 1, "colorscale": [[0, "#0000ff"], [1, "#ff0000"]], "colorbar": {"len": 1}}
    pixels = drawn(bare(trace, trace, coloraxis=shared, width=300, height=100), provenance)
    assert pixels[50, 50].tolist() == [255, 0, 0]
    blue = (pixels[..., 2] > 200) & (pixels[..., 0] < 30)
    assert blue[80:].any()
    assert np.flatnonzero(blue.any(axis=0)).min() > 200  # right of the cells, within the picture


def test_the_colour_bar_shows_the_scale_from_end_to_end(provenance: Provenance) -> None:
    values = np.linspace(-2, 2, 4 * 8 * 8).reshape(4, 8, 8)
    with Image.open(io.BytesIO(figure_png(channel_grid(values), provenance=provenance, scale=1))) as image:
        bar = np.asarray(image)[TOP_HEIGHT + 6, 34:514].astype(int)
    assert np.abs(bar[0] - [5, 48, 97]).max() <= 6  # the scale's dark blue
    assert np.abs(bar[-1] - [103, 0, 31]).max() <= 6  # and its dark red
    assert np.abs(bar[240] - 247).max() <= 6


def test_titles_frame_and_legend_are_drawn(provenance: Provenance) -> None:
    values = np.random.default_rng(0).normal(size=(4, 8, 8))

    def inked(**options: Any) -> npt.NDArray[np.uint8]:
        return drawn(channel_grid(values, **options), provenance)

    plain, framed, own = inked(), inked(selected=2), inked(value_range=ValueRange.CHANNEL)
    accent = (framed == [0xE4, 0x57, 0x2E]).all(axis=2)
    assert not (plain == [0xE4, 0x57, 0x2E]).all(axis=2).any()
    assert accent.sum() > 500
    assert (plain[:34, 600:] == 255).all()
    assert (own[:34, 600:] < 128).any()  # the note that each channel has its own range
    title = channel_grid(values).data[-1]
    assert title.text == ("0", "1", "2", "3")
    assert (plain[34:52] < 128).any()


def test_the_metadata_tell_where_the_values_came_from(provenance: Provenance) -> None:
    other = replace(provenance, image_id="folder/é")
    content = figure_png(bare(cells([[0]])), provenance=[provenance, other])
    with Image.open(io.BytesIO(content)) as image:
        told = dict(getattr(image, "text"))  # noqa: B009 - only PNGs have it, and Pillow's types do not say so
    assert told["model"] == "net@<b>"
    assert told["image"] == "folder/3; folder/é"
    assert told["fingerprint"] == provenance.fingerprint
    assert told["calls"] == "conv, relu#2"
    assert told["range"] == "-1.5 to 2.25"
    assert "torch 2.9" in told["versions"]
    assert json.loads(told["provenance"]) == [provenance.as_dict(), other.as_dict()]
    assert told["Description"].startswith(provenance.as_text())


def test_a_line_below_the_picture_tells_it_too(provenance: Provenance) -> None:
    figure = bare(cells([[0]]), width=600)
    with Image.open(io.BytesIO(figure_png(figure, provenance=provenance, scale=1))) as image:
        assert image.size == png_size(figure)
        below = np.asarray(image)[TOP_HEIGHT + 40 :]
    assert 20 < np.flatnonzero((below < 200).any(axis=(0, 2))).max() < 590


def test_the_same_figure_gives_the_same_bytes(provenance: Provenance) -> None:
    values = np.random.default_rng(0).normal(size=(4, 8, 8))
    first, second = (figure_png(channel_grid(values), provenance=provenance) for _ in range(2))
    assert first == second


def test_every_kind_of_figure_can_be_drawn(provenance: Provenance) -> None:
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(3, 6, 6))
    board = [
        BoardPanel(name, values, channel_statistics(values), rng.integers(0, 256, (8, 8, 3)).astype(np.uint8))
        for name, values in (("1 a", maps.copy()), ("2 b", 9 * maps[:2]))
    ]
    answer = top_k(rng.normal(size=5), "abcde")
    maps[1, 2, :3] = np.nan, np.inf, -np.inf
    picture = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    figures = [
        channel_grid(maps),
        overlay(picture, rng.random((6, 6, 3))),
        contact_sheet(picture[None], indices=[0], selected=0),
        histogram(maps),
        vector_figure(rng.normal(size=200), labels=[f"class {i}" for i in range(200)]),
        prediction_bars(answer),
        aligned_predictions([answer, answer], ["1 a", "2 b"]),
        compare_board(board),
        compare_board(board, value_range=ValueRange.CHANNEL, selected=1),
        compare_board(board, show=Show.CHANNEL, channel=2),  # which the second panel lacks
        compare_board(board, show=Show.SUMMARY, opacity=0.5),
        compare_board(board, show=Show.SUMMARY, summary=None),
        channel_grid(maps, channels=[]),
    ]
    for figure in figures:
        pixels = drawn(figure, provenance, dark=True)
        assert (np.abs(pixels.astype(int) - [23, 22, 20]) > 100).any()
    flaws = drawn(figures[0], provenance).reshape(-1, 3)
    assert all((flaws == color).all(axis=1).any() for color in ((255, 31, 209), (255, 145, 0), (0, 229, 255)))


def test_notes_stand_on_the_paper_in_a_domain_or_at_a_value(provenance: Provenance) -> None:
    places = [
        {"x": 1, "y": 0.5, "xanchor": "left", "yref": "paper"},  # on the axis, where nothing else is said
        {"x": 0, "y": 0.5, "xref": "paper", "yref": "paper"},
        {"x": 1, "y": 0.5, "xref": "x domain", "yref": "y domain"},
    ]
    edges = []
    for place in places:
        note = {"text": "WW", "showarrow": False} | place
        axis = BARE | {"range": [0, 2], "domain": [0.2, 0.8]}
        pixels = drawn(bare(annotations=[note], xaxis=axis, yaxis=BARE), provenance)
        inked = np.flatnonzero((pixels < 128).any(axis=(0, 2)))
        edges.append((int(inked.min()), int(inked.max())))
    assert 50 <= edges[0][0] <= 53
    assert 0 <= edges[1][0] <= 3
    assert 77 <= edges[2][1] <= 80


@pytest.mark.parametrize(
    ("figure", "problem"),
    [
        (go.Figure(go.Pie(values=[1])), "cannot show a trace of type 'pie'"),
        (bare(cells([[0]], xgap=3)), "cannot show the option 'xgap' of a heatmap"),
        (bare(cells([[0]], zsmooth="best")), "cannot show them smoothed"),
        (go.Figure(go.Heatmap(z=[[1]])), "colours and their ends to be given"),
        (bare(cells([[0]]), annotations=[{"text": "x", "showarrow": True}]), "have no arrow"),
        (bare(cells([[0]]), shapes=[{"type": "circle", "x0": 0, "x1": 1, "y0": 0, "y1": 1}]), "no 'circle'"),
        (bare({"type": "image", "source": "https://example.org/a.png"}), "as data URIs"),
    ],
)
def test_what_cannot_be_drawn_is_refused(figure: go.Figure, problem: str, provenance: Provenance) -> None:
    with pytest.raises(ExportError, match=problem):
        figure_png(figure, provenance=provenance)


def test_a_picture_that_would_fill_the_memory_is_refused(provenance: Provenance) -> None:
    figure = bare(cells([[0]]), width=1000, height=1000)
    with pytest.raises(ExportError, match=r"103,400 pixels large. Choose a scale up to 9\.8"):
        figure_png(figure, provenance=provenance, scale=100)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_the_size_is_known_roughly_beforehand(scale: float, provenance: Provenance) -> None:
    figure = channel_grid(np.random.default_rng(0).normal(size=(32, 40, 40)))
    made = len(figure_png(figure, provenance=provenance, scale=scale))
    assert made / 2 < png_bytes(figure, scale=scale) < made * 2
