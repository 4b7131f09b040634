"""The page of a channel once a source was swept: what excites it and its twins are those of the kept run."""

from collections.abc import Callable

import numpy as np
import pytest

from actviz_core import open_source, sweep
from actviz_core.channels import receptive_field
from actviz_core.sweep import Run
from actviz_core.ui.channel.sections import channel_html
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.pages.channel_page import cards, open_channel, settle
from tests.pages.test_channel_files import in_hand
from tests.pages.truth import truth
from tests.pages.visit import check_fine, choose, click, figure, said, shown_channels

LAYER, CHANNEL, OTHER = "layer2.0.conv1", 7, "layer3.0.conv1"
SOURCE = "bundled-imagenet"


@pytest.fixture
def swept(new_server: Callable[..., Workspace]) -> Callable[..., Run]:
    """Sweeps the default network on the test's own server."""
    workspace = new_server()

    def start(source: str, *layers: str) -> Run:
        model = workspace.model("cifar-resnet20")
        return sweep(model, open_source(source), layers=layers, settings=workspace.settings)

    return start


def test_the_pictures_that_excite_it_most_are_the_runs(swept: Callable[..., Run]) -> None:
    run = swept(SOURCE, LAYER)
    app = open_channel(LAYER, CHANNEL)
    check_fine(app)
    hits = run.top(LAYER, CHANNEL, 9)
    sheet = figure(app, "channel_excites")["data"][-1]
    assert list(sheet["customdata"]) == [hit.image for hit in hits]
    assert hits[0].image.startswith(SOURCE)
    told = cards(app)["excites"]
    assert told[0].startswith(f"Of 20 pictures, {hits[0].image} (")
    assert f"excites it most: {hits[0].value:.4g}." in told[0]
    values = np.sort(run.maximum(LAYER)[:, CHANNEL])
    own = float(truth(LAYER)[CHANNEL].max())
    below = float((values < own).mean())
    many = "all" if below == 1 else "none" if below == 0 else f"{100 * below:.0f} %"
    assert f"reaches {own:.4g}, more than {many} of them." in told[0]
    choose(app, "The lowest instead", value=True)
    settle(app)
    lowest = figure(app, "channel_excites")["data"][-1]
    assert list(lowest["customdata"]) == [hit.image for hit in run.bottom(LAYER, CHANNEL, 9)]


def test_of_several_runs_the_one_over_the_pictures_source_counts_unless_the_link_names_another(
    swept: Callable[..., Run],
) -> None:
    far, near = swept(SOURCE, LAYER), swept("bundled-cifar10", LAYER, OTHER)
    for link, run in (({}, near), ({"run": far.id}, far), ({"run": near.id}, near)):
        app = open_channel(LAYER, CHANNEL, **link)
        check_fine(app)
        sheet = figure(app, "channel_excites")["data"][-1]
        assert list(sheet["customdata"]) == [hit.image for hit in run.top(LAYER, CHANNEL, 9)]
    app = open_channel(OTHER, CHANNEL, run=far.id)
    assert said(app) == [f"The link's run={far.id} is not possible here. It can be: {near.id}."]
    app = open_channel("conv1", 3, run=far.id)
    assert said(app) == [
        f"The link's run={far.id} is not possible here. No kept run has this layer of this network."
    ]
    sheet = figure(app, "channel_excites")["data"][-1]
    assert all(image.startswith("bundled-cifar10/") for image in sheet["customdata"])


def test_twins_are_those_of_all_pictures_and_of_this_one_if_asked_for(swept: Callable[..., Run]) -> None:
    run = swept(SOURCE, LAYER)
    app = open_channel(LAYER, CHANNEL)
    over = np.asarray(np.corrcoef(run.mean(LAYER).T.astype(np.float64)))[CHANNEL]
    order = [int(at) for at in np.argsort(-over) if at != CHANNEL]
    assert shown_channels(app, "channel_twins") == [CHANNEL, *order[:5]]
    told = cards(app)["twins"]
    assert told[0] == (
        f"Over 20 pictures no channel does the same. Channel {order[0]} comes closest, with a correlation of "
        f"{over[order[0]]:.2f}."
        if over[order[0]] < 0.95
        else f"Channel {order[0]} does nearly the same: over 20 pictures the means correlate with 0.95 or "
        "more."
    )
    assert f"means over {open_source(SOURCE).title}: {order[0]} {over[order[0]]:.2f}, " in told[1]
    content = channel_html(in_hand(LAYER, CHANNEL), "a title", dark=False).decode().replace("\xa0", " ")
    assert told[0] in content
    choose(app, "Compare over", "this picture")
    settle(app)
    here = np.asarray(np.corrcoef(truth(LAYER).reshape(32, -1).astype(np.float64)))[CHANNEL]
    alike = [int(at) for at in np.argsort(-here) if at != CHANNEL]
    assert shown_channels(app, "channel_twins") == [CHANNEL, *alike[:5]]
    click(app, "channel_twins", alike[1])
    settle(app)
    check_fine(app)
    assert app.query_params["channel"] == str(alike[1])
    app = open_channel(LAYER, CHANNEL, twins="this picture")
    assert shown_channels(app, "channel_twins") == [CHANNEL, *alike[:5]]
    assert said(open_channel(LAYER, CHANNEL, twins="none")) == [
        "The link's twins=none is not possible here. It can be: all pictures, this picture."
    ]


def test_channels_of_one_value_have_twins_once_their_source_was_swept(swept: Callable[..., Run]) -> None:
    run = swept(SOURCE, "fc")
    told = cards(open_channel("fc", 3))["twins"]
    over = np.asarray(np.corrcoef(run.mean("fc").T.astype(np.float64)))[3]
    closest = max((at for at in range(10) if at != 3), key=lambda at: over[at])
    assert f"{closest} {over[closest]:.2f}" in told[1]


def test_a_box_is_found_once_for_a_cell_whatever_the_picture(
    new_server: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_server()
    asked: list[tuple[int, int]] = []

    def counted(module: object, shape: object, layer: str, cell: tuple[int, int], **more: int) -> object:
        asked.append(cell)
        return receptive_field(module, shape, layer, cell, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("actviz_core.ui.channel.hand.receptive_field", counted)
    first = cards(open_channel(LAYER, CHANNEL, place="4,5"))["looks"][0]
    again = cards(open_channel(LAYER, CHANNEL, place="4,5", image="bundled-cifar10/3"))["looks"][0]
    assert first.partition(", and on no other")[0] == again.partition(", and on no other")[0]
    assert asked.count((4, 5)) == 1
    assert len(asked) == len(set(asked))
    assert shared_workspace().store.find(in_hand(LAYER, CHANNEL).key("box 7 4,5", of_picture=False))
