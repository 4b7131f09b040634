"""The column beside the grid: one channel large, or the whole layer over the picture."""

import base64
import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from actviz_core.samples import open_sample
from tests.pages.truth import IMAGE, model, truth
from tests.pages.visit import (
    check_fine,
    choose,
    click,
    described,
    drawn,
    figure,
    press,
    read_page,
    shown_channels,
    table,
    visit,
)

LAYER = "layer2.0.conv1"


@pytest.fixture
def app() -> AppTest:
    return visit("activations", {"layers": LAYER})


def numbers(app: AppTest) -> dict[str, tuple[str, str]]:
    """The channel's numbers and the layer's, by their names."""
    rows = table(app)
    columns = (rows[name].astype(str) for name in ("Number", "Channel", "Layer"))
    return {name: (own, whole) for name, own, whole in zip(*columns, strict=True)}


def picture_of(data_uri: str) -> npt.NDArray[np.uint8]:
    content = base64.b64decode(data_uri.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def test_a_click_on_a_title_opens_that_channel_with_its_true_values(app: AppTest) -> None:
    assert "activations_channel" not in drawn(app)
    click(app, "activations_grid", 17)
    check_fine(app)
    large = figure(app, "activations_channel")["data"][0]["z"]
    assert large.dtype == np.float32
    assert large.tobytes() == truth(LAYER)[17].tobytes()
    assert app.query_params["channel"] == "17"
    assert len(figure(app, "activations_grid")["layout"]["shapes"]) == 1  # the frame around its tile


def test_a_channel_has_its_numbers_beside_those_of_the_layer(app: AppTest) -> None:
    choose(app, "Channel", 5)
    maps = truth(LAYER).astype(np.float64)
    own = maps[5]
    row, column = np.unravel_index(own.argmax(), own.shape)
    _, top_row, top_column = np.unravel_index(maps.argmax(), maps.shape)
    written = numbers(app)
    assert written["mean"] == (f"{own.mean():.4g}", f"{maps.mean():.4g}")
    assert written["maximum"] == (f"{own.max():.4g}", f"{maps.max():.4g}")
    assert written["minimum"] == (f"{own.min():.4g}", f"{maps.min():.4g}")
    assert written["deviation"] == (f"{own.std():.4g}", f"{maps.std((1, 2)).mean():.4g}")
    assert written["maximum at"] == (f"row {row}, column {column}", f"row {top_row}, column {top_column}")


def test_the_active_share_is_that_of_cells_beyond_one_percent_of_the_layers_largest_value() -> None:
    maps = truth("layer2.0.relu2")
    app = visit("activations", {"layers": "layer2.0.relu2", "channel": "3"})
    share = (maps > np.float32(0.01) * maps.max()).mean((1, 2))
    assert numbers(app)["active share"] == (f"{share[3]:.4g}", f"{share.mean():.4g}")


def test_a_sentence_says_where_the_channel_is_strongest(app: AppTest) -> None:
    choose(app, "Channel", 5)
    own = truth(LAYER)[5]
    row, column = np.unravel_index(own.argmax(), own.shape)
    lowest = np.unravel_index(own.argmin(), own.shape)
    said = described(app, "activations_channel").replace("\xa0", " ")
    assert said.startswith("Channel 5 is weak: active above zero in ")
    highest_value, lowest_value = (f"its {which} value, " for which in ("highest", "lowest"))
    assert f"{highest_value}{own.max():.4g}, is " in said
    assert f"row {row}, column {column}; {lowest_value}{own.min():.4g}, is " in said
    assert said.endswith(f"row {lowest[0]}, column {lowest[1]}.")
    assert said in read_page(app)


def ends(app: AppTest, key: str) -> tuple[float, float]:
    heatmap = figure(app, key)["data"][0]
    return heatmap["zmin"], heatmap["zmax"]


@pytest.mark.parametrize("value_range", ["shared", "clipped"])
def test_a_channel_keeps_the_colours_of_the_grid_and_says_so(value_range: str) -> None:
    app = visit("activations", {"layers": LAYER, "channel": "5", "range": value_range})
    assert ends(app, "activations_channel") == pytest.approx(ends(app, "activations_grid"))
    low, high = ends(app, "activations_grid")
    assert f"Colours as in the grid: {low:.4g} to {high:.4g}." in read_page(app)


def test_a_colour_range_of_its_own_is_a_choice(app: AppTest) -> None:
    choose(app, "Channel", 5)
    shared = ends(app, "activations_grid")
    choose(app, "Own colour range", value=True)
    reach = float(np.abs(truth(LAYER)[5]).max())
    assert ends(app, "activations_channel") == pytest.approx((-reach, reach))
    assert ends(app, "activations_grid") == shared
    assert (
        f"Colours of this channel alone: {-reach:.4g} to {reach:.4g}. "
        f"The grid's: {shared[0]:.4g} to {shared[1]:.4g}." in read_page(app)
    )


def test_where_channels_have_their_own_ranges_in_the_grid_the_large_one_has_the_same(app: AppTest) -> None:
    choose(app, "Channel", 5)
    choose(app, "Range", "own")
    reach = float(np.abs(truth(LAYER)[5]).max())
    assert ends(app, "activations_channel") == pytest.approx((-reach, reach))
    said = f"Colours as in the grid, where each channel has its own range: {-reach:.4g} to {reach:.4g}."
    assert said in read_page(app)


def test_the_numbers_have_the_channels_word_and_its_distance_from_zero(app: AppTest) -> None:
    choose(app, "Channel", 5)
    reach = np.abs(truth(LAYER)).max((1, 2))
    written = numbers(app)
    assert written["from zero"] == (f"{reach[5]:.4g}", f"{reach.max():.4g}")
    strong = int((reach >= reach.max() / 2).sum())
    assert written["strength"] == ("weak", f"{strong} of 32 strong")


def test_the_histogram_counts_every_value_of_the_channel(app: AppTest) -> None:
    choose(app, "Channel", 5)
    bars = figure(app, "activations_histogram")["data"][0]
    counts, edges = np.histogram(truth(LAYER)[5].astype(np.float64), bins=50)
    np.testing.assert_array_equal(bars["y"], counts)
    np.testing.assert_allclose(bars["customdata"][:, 0], edges[:-1])


def test_previous_and_next_follow_the_order_of_the_grid(app: AppTest) -> None:
    choose(app, "Sort by", "maximum")
    order = shown_channels(app)
    click(app, "activations_grid", order[1])
    press(app, "Next")
    assert app.selectbox(key="channel").value == order[2]
    press(app, "Previous")
    press(app, "Previous")
    assert app.selectbox(key="channel").value == order[0]
    press(app, "Previous")  # round to the end
    assert app.selectbox(key="channel").value == order[-1]
    press(app, "Next")
    assert app.selectbox(key="channel").value == order[0]
    press(app, "All")
    assert "activations_channel" not in drawn(app)
    assert "channel" not in app.query_params


def test_a_channel_is_laid_over_what_the_network_sees(app: AppTest) -> None:
    choose(app, "Channel", 5)
    choose(app, "Over the picture", value=True)
    choose(app, "Opacity", 0.3)
    drawing = figure(app, "activations_channel")
    assert drawing["data"][0]["opacity"] == 0.3
    (below,) = drawing["layout"]["images"]
    seen = np.asarray(model().preprocess.seen(open_sample(IMAGE).image))
    np.testing.assert_allclose(picture_of(below["source"]), seen, atol=1)


def test_a_channel_that_the_next_layer_lacks_is_closed() -> None:
    app = visit("activations", {"layers": ["layer3.0.conv1", "conv1"], "channel": "40"})
    assert "activations_channel" in drawn(app)
    choose(app, "Layer", "conv1")
    check_fine(app)
    assert "activations_channel" not in drawn(app)
    assert "activations_overview" in drawn(app)


@pytest.mark.parametrize("kind", ["mean", "max"])
def test_the_layer_over_the_picture_is_the_mean_or_maximum_of_its_channels(app: AppTest, kind: str) -> None:
    choose(app, "Over the picture", kind)
    maps = truth(LAYER)
    expected = maps.mean(0, dtype=np.float64) if kind == "mean" else maps.max(0)
    np.testing.assert_allclose(figure(app, "activations_overview")["data"][0]["z"], expected, rtol=1e-6)
    assert kind in described(app, "activations_overview")


def test_principal_components_become_colours_and_say_how_much_they_explain(app: AppTest) -> None:
    choose(app, "Over the picture", "PCA")
    cells = truth(LAYER).astype(np.float64).reshape(32, -1)
    centred = cells - cells.mean(1, keepdims=True)
    left, strength, _ = np.linalg.svd(centred, full_matrices=False)
    shares = strength**2 / (strength**2).sum()
    told = ", ".join(f"{share:.0%}".replace("%", " %") for share in shares[:3])
    assert f"These three explain {told} of how the channels vary." in read_page(app)
    red = picture_of(figure(app, "activations_overview")["data"][0]["source"])[..., 0].ravel()
    assert abs(np.corrcoef(red, left[:, 0] @ centred)[0, 1]) > 0.999


def test_opacity_moves_the_overview(app: AppTest) -> None:
    choose(app, "Opacity", 0.9)
    assert figure(app, "activations_overview")["data"][0]["opacity"] == 0.9
