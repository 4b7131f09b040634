"""Compare: true values in every panel, boards from one click, and what happens when a part is missing."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from streamlit.testing.v1 import AppTest

from actviz_core.ui import take_away
from tests.pages.truth import IMAGE, LAYERS, MODEL, truth
from tests.pages.visit import (
    as_read,
    check_fine,
    check_sound,
    choose,
    click,
    described,
    drawn,
    figure,
    offered,
    press,
    read_page,
    said,
    table,
    visit,
    widget,
)

LAYER = LAYERS[0]
CHECKPOINTS = [f"{MODEL}@random", f"{MODEL}@epoch-1", f"{MODEL}@epoch-5", MODEL]


def panel(model: str = MODEL, image: str = IMAGE, call: str = LAYER) -> str:
    return f"{model},{image},{call}"


def open_board(*panels: str, **link: str) -> AppTest:
    return visit("compare", {"panel": panels, **link})


def heatmaps(app: AppTest) -> list[dict[str, Any]]:
    return [trace for trace in figure(app, "compare_board")["data"] if trace["type"] == "heatmap"]


def values_of(heatmap: dict[str, Any], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """The channels of one panel of the grid, (C, H, W)."""
    channels, cells = np.asarray(heatmap["customdata"]), np.asarray(heatmap["z"])
    inside = ~np.isnan(cells)
    return np.stack([cells[inside & (channels == c)].reshape(shape[1:]) for c in range(shape[0])])


def panels_in_link(app: AppTest) -> list[str]:
    return list(app.query_params["panel"])


def check_true(app: AppTest, expected: list[npt.NDArray[np.float32]]) -> None:
    """Every panel holds these values, bit for bit."""
    drawings = heatmaps(app)
    assert len(drawings) == len(expected)
    for drawing, maps in zip(drawings, expected, strict=True):
        assert values_of(drawing, maps.shape).tobytes() == np.ascontiguousarray(maps).tobytes()


def test_the_chosen_layers_are_there_at_once_with_their_true_values() -> None:
    app = visit("compare")
    check_fine(app)
    assert panels_in_link(app) == [panel(call=layer) for layer in LAYERS]
    check_true(app, [truth(layer) for layer in LAYERS])


@pytest.mark.parametrize(
    ("preset", "panels"),
    [
        ("These pictures", [panel(image=f"bundled-cifar10/{index}") for index in range(4)]),
        ("Trained and untrained", [panel(CHECKPOINTS[0]), panel()]),
        ("While it learned", [panel(model) for model in CHECKPOINTS]),
        ("Mirror image", [panel(), panel(image=f"{IMAGE}~mirror")]),
    ],
)
def test_one_click_makes_a_board_with_the_true_values(preset: str, panels: list[str]) -> None:
    app = visit("compare")
    press(app, preset)
    check_fine(app)
    assert panels_in_link(app) == panels
    models, images, calls = zip(*(text.split(",") for text in panels), strict=True)
    if "~" in images[-1]:
        assert len(heatmaps(app)) == len(panels)
    else:
        check_true(app, [truth(c, i, m) for m, i, c in zip(models, images, calls, strict=True)])


def test_noise_of_a_chosen_strength_is_a_board_too() -> None:
    app = visit("compare")
    choose(app, "Strength", 0.3)
    press(app, "Compare with noise")
    check_fine(app)
    first, second = panels_in_link(app)
    assert first == panel()
    assert second.startswith(f"{MODEL},{IMAGE}~noise")
    assert "0.3" in second


def test_a_link_shows_the_same_board_and_choices() -> None:
    app = visit("compare")
    press(app, "While it learned")
    widget(app, "Own range").set_value(True).run()
    again = open_board(*panels_in_link(app), own_range="true")  # the browser writes switches into the link
    check_fine(again)
    for ours, theirs in zip(heatmaps(app), heatmaps(again), strict=True):
        assert (ours["name"], ours["zmin"], ours["zmax"]) == (theirs["name"], theirs["zmin"], theirs["zmax"])
        np.testing.assert_array_equal(ours["z"], theirs["z"])
    assert len({drawing["zmax"] for drawing in heatmaps(again)}) == len(CHECKPOINTS)


def test_a_panel_is_removed_but_never_the_last_two() -> None:
    app = open_board(panel(), panel(CHECKPOINTS[0]), panel(CHECKPOINTS[1]))
    press(app, "Remove", nth=1)
    assert panels_in_link(app) == [panel(), panel(CHECKPOINTS[1])]
    assert all(button.disabled for button in app.button if button.label == "Remove")


def test_a_panel_that_is_gone_says_so_and_the_others_stay() -> None:
    app = open_board(
        panel(), panel("no-such-network"), panel(image="bundled-cifar10/99"), panel(call="conv9")
    )
    assert [heatmap["name"][0] for heatmap in heatmaps(app)] == ["1"]
    check_true(app, [truth(LAYER)])
    told = "\n".join(said(app))
    assert "no-such-network" in told
    assert "has no picture 99" in told
    assert "conv9" in told


def test_a_panel_that_cannot_be_read_is_named_and_left_out() -> None:
    app = open_board("nonsense", panel(), panel(CHECKPOINTS[0]))
    assert any("'nonsense' is no panel" in message for message in said(app))
    assert len(heatmaps(app)) == 2


def test_more_than_six_panels_are_cut_with_a_message() -> None:
    app = open_board(*[panel(image=f"bundled-cifar10/{index}") for index in range(7)])
    assert len(heatmaps(app)) == 6
    assert any("names 7 panels" in message for message in said(app))


def test_the_difference_ranks_channels_and_says_it_in_words() -> None:
    app = open_board(panel(), panel(CHECKPOINTS[2]))
    check_fine(app)
    one, other = (truth(LAYER, IMAGE, key).astype(np.float64) for key in (MODEL, CHECKPOINTS[2]))
    lengths = np.linalg.norm((one - other).reshape(len(one), -1), axis=1)
    relative = lengths / np.linalg.norm(other.reshape(len(other), -1), axis=1)
    shown = table(app)
    np.testing.assert_allclose(shown["Relative L2"], np.sort(relative)[::-1], rtol=1e-4)
    assert list(shown["Channel"]) == list(np.argsort(-relative, kind="stable"))
    assert "of 16 channels" in read_page(app)
    assert "panel 1 and panel 2" in described(app, "compare_difference")


def test_channels_that_do_not_correspond_have_no_difference_and_the_page_says_why() -> None:
    app = open_board(panel(), panel(call=LAYERS[1]))
    check_sound(app)
    assert "compare_difference" not in drawn(app)
    (hint,) = offered(app)
    assert "16 channels cannot be compared with 32" in hint
    assert "look at their summaries side by side" in hint


def test_a_click_on_a_title_shows_that_channel_in_every_panel() -> None:
    app = open_board(panel(), panel(CHECKPOINTS[0]))
    click(app, "compare_board", 5)
    for drawing, key in zip(heatmaps(app), (MODEL, CHECKPOINTS[0]), strict=True):
        np.testing.assert_array_equal(drawing["z"], truth(LAYER, IMAGE, key)[5])
    assert widget(app, "Channel").value == 5


def test_tokens_say_how_they_are_read() -> None:
    block = "encoder.layers.encoder_layer_0"
    app = open_board(*[panel("vit_b_32@random", f"bundled-cifar10/{index}", block) for index in (0, 1)])
    check_fine(app)
    assert "Panels 1, 2. Read as 7 x 7 patches plus a class token" in read_page(app)


def open_files(app: AppTest) -> list[str]:
    """Open the popover of files; what its buttons say."""
    app.session_state["take_away"] = True
    app.run()
    check_sound(app)
    return [as_read(button.proto.label) for button in app.get("download_button")]


def test_files_are_offered_with_their_size_beforehand() -> None:
    kinds = [label.split(" (")[0] for label in open_files(open_board(panel(), panel(CHECKPOINTS[0])))]
    assert kinds == ["Picture", "Interactive page", "Values", "Statistics", "Script"]


def test_a_large_file_is_made_only_after_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(take_away, "LARGE_EXPORT", 1_000_000)
    app = open_board(panel(), panel(CHECKPOINTS[0]))
    open_files(app)
    (question,) = app.checkbox
    assert as_read(question.label).startswith("Make board.html although it is large (")

    def refused() -> list[str]:
        buttons = app.get("download_button")
        return [as_read(button.proto.label).split(" (")[0] for button in buttons if button.proto.disabled]

    assert refused() == ["Interactive page"]
    question.check().run()
    assert refused() == []
