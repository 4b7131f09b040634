"""The ways to a channel's page and between channels, and what its links name in vain."""

from urllib.parse import parse_qs

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor

from actviz_core.samples import open_sample
from tests.pages.channel_page import open_channel, settle
from tests.pages.test_why import finished
from tests.pages.truth import IMAGE, MODEL, model, truth
from tests.pages.visit import (
    as_read,
    check_fine,
    choose,
    click,
    described,
    drawn,
    figure,
    go_to,
    press,
    read_page,
    said,
    shown_channels,
    visit,
)

LAYER, CHANNEL = "layer2.0.conv1", 7


def test_cards_have_links_of_their_own() -> None:
    app = open_channel(LAYER, CHANNEL)
    press(app, "Link", nth=2)
    assert app.query_params["card"] == "worth"
    assert "channel_worth" in drawn(app)
    app = open_channel(LAYER, CHANNEL, card="twins")
    check_fine(app)
    assert described(app, "channel_twins")


def test_the_map_has_the_colours_of_all_channels_and_its_own_are_a_choice() -> None:
    app = open_channel(LAYER, CHANNEL)
    reach, own = (float(np.abs(maps).max()) for maps in (truth(LAYER), truth(LAYER)[CHANNEL]))
    assert ends(app) == pytest.approx((-reach, reach))
    assert f"Colours as in the grid of all channels: {-reach:.4g} to {reach:.4g}." in read_page(app)
    choose(app, "Own colour range", value=True)
    assert ends(app) == pytest.approx((-own, own))
    said = f"Colours of this channel alone: {-own:.4g} to {own:.4g}. The grid's: {-reach:.4g} to {reach:.4g}."
    assert said in read_page(app)
    assert ends(open_channel(LAYER, CHANNEL, channel_own_range="true")) == pytest.approx((-own, own))


def ends(app: AppTest) -> tuple[float, float]:
    """Between which values the colours of the channel's map run."""
    heatmap = figure(app, "channel_map")["data"][0]
    return heatmap["zmin"], heatmap["zmax"]


def test_previous_and_next_follow_the_grid_that_one_came_from() -> None:
    app = visit("activations", {"layers": LAYER})
    choose(app, "Sort by", "maximum")
    order = shown_channels(app)
    click(app, "activations_grid", order[3], (1, 2))
    go_to(app, "channel")
    settle(app)
    assert app.title[0].value == "Channel"
    assert app.query_params["place"] == "1,2"
    assert figure(app, "channel_map")["data"][0]["z"].tobytes() == truth(LAYER)[order[3]].tobytes()
    press(app, "Next")
    settle(app)
    assert app.query_params["channel"] == str(order[4])
    press(app, "Previous")
    settle(app)
    press(app, "Previous")
    settle(app)
    assert app.query_params["channel"] == str(order[2])


def links(app: AppTest, label: str) -> list[dict[str, list[str]]]:
    """Where the page's links with this label lead to: their query parameters."""
    found = [link.proto for link in app.get("page_link") if link.proto.label == label]
    return [parse_qs(proto.query_string) for proto in found]


def test_a_channel_of_activations_has_a_link_to_its_page() -> None:
    app = visit("activations", {"layers": LAYER, "channel": "9"})
    (link,) = links(app, "Open its page")
    assert link == {"model": [MODEL], "image": [IMAGE], "layers": [LAYER], "channel": ["9"]}


def test_a_board_leads_to_the_page_of_a_panels_channel() -> None:
    panels = [f"{MODEL},{IMAGE},{LAYER}", f"{MODEL}@random,bundled-cifar10/3,{LAYER}"]
    app = visit("compare", {"layers": LAYER, "panel": panels, "show": "one channel", "board_channel": "5"})
    (link,) = links(app, "Open its page in panel 2")
    app = settle(visit("channel", link))
    other = truth(LAYER, "bundled-cifar10/3", f"{MODEL}@random")[5]
    assert figure(app, "channel_map")["data"][0]["z"].tobytes() == other.tobytes()


def test_previous_and_next_follow_a_boards_grid_too() -> None:
    app = visit("compare", {"layers": ["conv1", LAYER], "board_sort": "maximum"})
    order = [int(at) for at in np.argsort(-truth("conv1").max((1, 2)), kind="stable")]
    assert shown_channels(app, "compare_board")[:16] == order
    go_to(app, "channel")
    settle(app)
    choose(app, "Channel", order[2])
    settle(app)
    press(app, "Next")
    settle(app)
    assert app.query_params["channel"] == str(order[3])


def test_why_leads_to_the_channels_that_add_most_to_a_grad_cam() -> None:
    app = finished(visit("why", {"layers": LAYER, "methods": ["Grad-CAM"]}))
    (line,) = [caption.value for caption in app.caption if " of it add" in caption.value]
    layer = "layer3"
    module, kept = model().module, list[Tensor]()
    handle = module.get_submodule(layer).register_forward_hook(lambda _m, _a, output: kept.append(output))
    try:
        answer = module(model().preprocess(open_sample(IMAGE).image))[0]
    finally:
        handle.remove()
    (slope,) = torch.autograd.grad(answer[answer.argmax()], kept)
    added = (slope.mean((2, 3), keepdim=True) * kept[0]).mean((2, 3))[0]
    best = added.argsort(descending=True)[:3].tolist()
    assert as_read(line) == f"Channels {best[0]}, {best[1]} and {best[2]} of it add most to this map."
    (link,) = links(app, f"Open the page of channel {best[0]}")
    assert link["layers"] == [LAYER, layer]
    app = settle(visit("channel", link))
    check_fine(app)
    assert figure(app, "channel_map")["data"][0]["z"].tobytes() == truth(layer)[best[0]].tobytes()


def test_of_several_layers_the_link_names_one_and_another_is_a_click_away() -> None:
    app = settle(visit("channel", {"layers": ["conv1", LAYER], "activations_layer": LAYER, "channel": "7"}))
    check_fine(app)
    assert figure(app, "channel_map")["data"][0]["z"].tobytes() == truth(LAYER)[7].tobytes()
    choose(app, "Layer", "conv1")
    settle(app)
    strongest = int(np.abs(truth("conv1")).max((1, 2)).argmax())
    assert app.query_params["activations_layer"] == "conv1"
    assert app.query_params["channel"] == str(strongest)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ({"channel": "32"}, "The link's channel=32 is not possible here. It can be: 0, 1, "),
        ({"channel": "-1"}, "The link's channel=-1 is not possible here. It is a channel's number."),
        ({"channel": "x" * 99}, "is not possible here. It is a channel's number."),
        ({"activations_layer": "fc"}, "The link's activations_layer=fc is not possible here."),
        ({"card": "nothing"}, "The link's card=nothing is not possible here. It can be: looks, computes, "),
        ({"place": "99,0"}, "The link's place=99,0 is not possible here."),
        ({"change": "gone"}, "The link's change=gone is not possible here."),
        ({"seed": "inf"}, "The link's seed=inf is not possible here."),
    ],
)
def test_a_link_to_what_is_not_there_says_so_and_shows_what_is(link: dict[str, str], message: str) -> None:
    app = visit("channel", {"layers": LAYER, "channel": "7", **link})
    (told,) = said(app)
    settle(app)
    assert message in told
    assert "channel_map" in drawn(app)
