"""A still is the figure's own picture: the same drawing as the PNG, at the size that it has on the page."""

import io

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import pytest
from PIL import Image

from actviz_core.errors import ExportError
from actviz_core.export import Provenance, figure_png, figure_still
from actviz_core.export.png import CAPTION_HEIGHT, TOP_HEIGHT
from actviz_core.figures import channel_grid


def pixels_of(content: bytes) -> npt.NDArray[np.int64]:
    """The pixels of a picture, (height, width, 3)."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"), np.int64)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_shows_what_the_png_shows(provenance: Provenance, *, dark: bool) -> None:
    values = np.random.default_rng(0).normal(size=(8, 16, 16)).astype(np.float32)
    figure = channel_grid(values, width=600)
    still = pixels_of(figure_still(figure, width=600, dark=dark))
    png = pixels_of(figure_png(figure, provenance=provenance, scale=1, dark=dark, width=600))
    assert still.shape == (figure.layout.height, 600, 3)
    drawn = png[TOP_HEIGHT:-CAPTION_HEIGHT]
    cells = np.ptp(drawn, axis=2) > 40  # coloured, unlike the texts and the paper
    assert cells.mean() > 0.3
    assert np.abs(still - drawn)[cells].mean() < 8
    assert np.abs(still[-3:] - drawn[-3:]).max() <= 2


def test_a_figure_of_its_own_width_has_that_width() -> None:
    figure = channel_grid(np.zeros((2, 4, 4), np.float32), width=300)
    figure.layout.width = 250
    assert pixels_of(figure_still(figure, width=900, dark=False)).shape[1] == 250


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ExportError, match="cannot show a trace of type 'pie'"):
        figure_still(go.Figure({"data": [{"type": "pie", "values": [1]}]}), width=300, dark=False)
