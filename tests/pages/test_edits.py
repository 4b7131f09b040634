"""Switching channels off: all pages show the changed network, say so, and lead back."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from actviz_core import capture, capture_gradients, load_model, switch_off
from actviz_core.export import Provenance, Run, replay_script, replay_zip
from actviz_core.samples import open_sample
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.export.unpacking import unpack
from tests.pages.test_why import finished
from tests.pages.truth import IMAGE, inputs, model
from tests.pages.visit import check_fine, choose, drawn, figure, press, read_page, said, table, tile, visit
from tests.toy_models import CountedNet

EDIT = "layer1.0.conv1:5*0"
LINK = {"layers": "layer2.0.conv1", "edit": EDIT}
EDITS = {"layer1.0.conv1": switch_off(5)}
CHANGED = "This network was changed: channel 5 of layer1.0.conv1 is switched off. All pages show it so."


def edited(call: str) -> Any:
    return capture(model().module, inputs(), [call], edits=EDITS)[call][0].numpy()


def shares(answer: Any) -> dict[str, float]:
    logits = answer.astype(np.float64)
    weights = np.exp(logits - logits.max())
    return dict(zip(model().classes, weights / weights.sum(), strict=True))


def percent(share: float) -> str:
    if 0.99 < share < 1:
        return "> 99 %"
    return "< 1 %" if 0 < share < 0.01 else f"{round(share * 100)} %"


def test_a_link_shows_the_changed_network_and_says_so() -> None:
    app = visit("activations", LINK)
    check_fine(app)
    assert CHANGED in read_page(app)
    maps = edited("layer2.0.conv1")
    for channel in (0, 7, 31):
        assert tile(app, channel, maps.shape).tobytes() == maps[channel].tobytes()
    best = max(shares(edited("fc")).items(), key=lambda item: item[1])
    assert f"Network says: **{best[0]}** {percent(best[1])}" in read_page(app)


@pytest.mark.parametrize(
    "page",
    ["start", "samples", "layers", "activations", "compare", "why", "about", "channel", "weights", "card"],
)
def test_every_page_says_what_was_changed_and_leads_back(page: str) -> None:
    app = visit(page, {**LINK, "methods": "saliency"})
    assert CHANGED in read_page(app)
    assert app.query_params["edit"] == [EDIT] or app.query_params["edit"] == EDIT
    press(app, "Undo")
    assert CHANGED not in read_page(app)
    assert "edit" not in app.query_params


class RestsOnOneChannel(nn.Module):
    """Has nothing to say without its only channel."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.conv = nn.Conv2d(3, 1, 3)
            self.fc = nn.Linear(1, 3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.fc(self.conv(x).mean((2, 3)))
        return answer


def test_no_class_is_named_where_all_tie_after_a_change(serve_toy: Callable[..., Workspace]) -> None:
    serve_toy(RestsOnOneChannel())
    app = visit("activations", {"layers": "conv", "channel": "0", "edit": "conv:0*0"})
    check_fine(app)
    (told,) = [line for line in read_page(app).splitlines() if line.startswith("With all changes, ")]
    assert told.endswith("; the network is undecided then, 3 classes tie.")


def test_a_channel_is_switched_off_scaled_and_left_alone_again() -> None:
    app = visit("activations", {"layers": "layer1.0.conv1", "channel": "5"})
    press(app, "Switch off")
    assert CHANGED in read_page(app)
    assert not tile(app, 5, (32, 32)).any()
    before, after = figure(app, "edit_predictions")["data"]
    expected = shares(edited("fc"))
    assert after["x"] == pytest.approx([expected[name] for name in after["customdata"]], abs=1e-6)
    original = shares(capture(model().module, inputs(), ["fc"])["fc"][0].numpy())
    assert before["x"] == pytest.approx([original[name] for name in before["customdata"]], abs=1e-6)
    told = f"With all changes, cat goes from {100 * original['cat']:.3g} % to {100 * expected['cat']:.3g} %"
    assert told in read_page(app)
    choose(app, "Times", 1.5)
    assert "channel 5 of layer1.0.conv1 counts 1.5 times" in read_page(app)
    choose(app, "Channel", 7)
    press(app, "Switch off")
    two = "channel 5 of layer1.0.conv1 counts 1.5 times; channel 7 of layer1.0.conv1 is switched off"
    assert two in read_page(app)
    press(app, "Switch on")
    assert "is switched off" not in read_page(app)
    press(app, "Undo")
    assert "This network was changed" not in read_page(app)


def test_a_channel_of_a_vector_is_switched_off_too_and_all_are_weighed() -> None:
    app = visit("activations", {"layers": "fc", "channel": "5"})
    press(app, "Switch off")
    assert "This network was changed: channel 5 of fc is switched off." in read_page(app)
    answer = capture(model().module, inputs(), ["fc"])["fc"][0].numpy()
    answer[5] = 0
    expected = shares(answer)
    after = figure(app, "edit_predictions")["data"][1]
    assert after["x"] == pytest.approx([expected[name] for name in after["customdata"]], abs=1e-6)
    app = visit("activations", {"layers": "fc", "which_matter": "true"})
    for job in shared_workspace().worths.jobs.running():
        job.wait(60)
    app.run()
    check_fine(app)
    assert "cat needs channel 3 most: without it" in read_page(app)
    assert len(table(app)) == 10


def test_gradients_why_and_sizes_are_those_of_the_changed_network() -> None:
    app = visit("activations", {**LINK, "values": "gradient"})
    check_fine(app)
    maps = capture_gradients(model().module, inputs(), 3, ["layer2.0.conv1"], edits=EDITS)
    truth = maps["layer2.0.conv1"][0].numpy()
    assert tile(app, 3, truth.shape).tobytes() == truth[3].tobytes()
    why = finished(visit("why", {**LINK, "methods": "saliency"}))
    check_fine(why)
    x = capture_gradients(model().module, inputs(), 3, ["input"], edits=EDITS)["input"][0].abs().amax(0)
    np.testing.assert_allclose(figure(why, "why_map_saliency")["data"][0]["z"], x, rtol=1e-4, atol=1e-7)
    assert "layers_sizes" in drawn(visit("layers", LINK))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ("layer1.0.conv1:16*0", "layer1.0.conv1 has no channel 16 to edit: it has 0 to 15."),
        ("layer1.0.convx:1*0", "'layer1.0.convx' is not a layer of cifar-resnet20."),
        ("layer1.0.conv1:1*9", "with a factor from 0 to 3"),
        ("nonsense", "is no edit. An edit is written as layer:channel*factor"),
    ],
)
def test_a_link_with_an_edit_that_is_not_possible_says_so(edit: str, words: str) -> None:
    app = visit("activations", {"layers": "layer2.0.conv1", "edit": edit})
    (message,) = said(app)
    assert message.startswith(f"The link's edit={edit} is not possible here.")
    assert words in message
    assert "activations_grid" in drawn(app)


def test_another_network_begins_unchanged() -> None:
    app = visit("activations", LINK)
    choose(app, "Weights", "cifar-resnet20@epoch-1")
    assert "This network was changed" not in read_page(app)
    assert "edit" not in app.query_params


def test_tokens_have_their_channels_last() -> None:
    key, layer = "vit_b_32@random", "encoder.layers.encoder_layer_2"
    app = visit("activations", {"model": key, "layers": layer, "edit": f"{layer}:4*0"})
    assert said(app) == []
    workspace = shared_workspace()
    changed = workspace.model(f"{key}!{layer}:4*0")
    values = capture(changed.module, changed.inputs(open_sample(IMAGE).image), [layer])[layer]
    assert not values[..., 4].any()
    assert values[..., 3].any()


def test_the_script_switches_the_channel_off_too(tmp_path: Path) -> None:
    load_model("cifar-resnet20")
    changed = shared_workspace().model(f"cifar-resnet20!{EDIT}!layer2.0:1*2.5")
    call = "layer2.0.conv1"
    value = capture(changed.module, inputs(), [call])[call]
    told = Provenance.of(changed, IMAGE, [call])
    run = Run(changed, IMAGE, open_sample(IMAGE).image, (call,))
    script = replay_script([run], npz_name="values.npz")
    unpack(replay_zip(script, {call: value}, [told], name="values"), tmp_path)
    done = subprocess.run(
        [sys.executable, "values.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "ACTVIZ_DEVICE": "cpu", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.endswith("All 1 arrays equal values.npz, bit for bit.\n")


def test_channels_are_listed_by_how_far_the_class_falls_without_them() -> None:
    layer = "layer3.0.conv1"
    app = visit("activations", {"layers": layer, "which_matter": "true"})
    for job in shared_workspace().worths.jobs.running():
        job.wait(60)
    app.run()
    check_fine(app)
    x = inputs()
    whole = shares(capture(model().module, x, ["fc"])["fc"][0].numpy())["cat"]
    without = []
    for channel in range(64):
        edits = {layer: switch_off(channel)}
        without.append(shares(capture(model().module, x, ["fc"], edits=edits)["fc"][0].numpy())["cat"])
    listed = table(app)
    assert list(listed.columns) == ["Channel", "cat without it", "Falls by"]
    by_channel = listed.set_index("Channel").sort_index()
    np.testing.assert_allclose(by_channel["cat without it"], 100 * np.array(without), atol=1e-3)
    np.testing.assert_allclose(by_channel["Falls by"], 100 * (whole - np.array(without)), atol=1e-3)
    assert listed["Falls by"].is_monotonic_decreasing
    worst = int(np.argmin(without))
    told = f"cat needs channel {worst} most: without it, cat falls from {whole:.1%} to {without[worst]:.1%}."
    assert told.replace("%", " %") in read_page(app)
    small = int((np.abs(whole - np.array(without)) < 0.01).sum())
    assert f"{small} of 64 channels change it by less than 1 point." in read_page(app)


def test_a_network_that_cannot_be_copied_says_so_and_leads_back(
    serve_toy: Callable[[nn.Module], Workspace],
) -> None:
    serve_toy(CountedNet())  # it holds a lock
    app = visit("activations", {"layers": "conv", "edit": "conv:1*0"})
    assert "This network cannot be edited: it cannot be copied" in said(app)[0]
    press(app, "Undo")
    check_fine(app)
    assert "activations_grid" in drawn(app)
