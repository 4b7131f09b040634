"""What is taken away of a channel's page: a script that finds its numbers, and a file that needs no net."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
import streamlit as st
import torch
from torch import nn

from actviz_core.channels import channel_weights
from actviz_core.export import Script, script_zip
from actviz_core.export.replay_channel import weights_of
from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.channel.files import numbers_layer, script_of
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.sections import channel_html
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.export.unpacking import unpack
from tests.pages.channel_page import SECONDS, cards, open_channel
from tests.pages.visit import check_sound

ALONE = """
import runpy, sys
sys.modules["actviz_core"] = None
runpy.run_path("channel.py", run_name="__main__")
"""
OWN = "tests.pages.test_channel_networks:HalfDead"


def run_alone(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the unpacked script where Python knows nothing of this project."""
    return subprocess.run(
        [sys.executable, "-I", "-c", ALONE],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def in_hand(layer: str, channel: int, model_key: str = "cifar-resnet20") -> ChannelInHand:
    """The channel that the page shows, with everything that its cards have found."""
    workspace = shared_workspace()
    model, sample = workspace.model(model_key), workspace.sample("bundled-cifar10/0")
    ((call, value),) = workspace.activations(model, sample, [layer]).items()
    shown = SelectedLayer.of(call, value, workspace.layout(model, call, value), model, sample)
    return ChannelInHand(shown, channel, None, workspace)


def script_of_page(hand: ChannelInHand, **chosen: str) -> Script:
    """The script as the page would write it on which this was chosen, once it has found everything."""
    with patch.object(st, "session_state", chosen):
        script_of(hand)  # begins what the page of another choice has not looked for
        for task in shared_workspace().background.at_work():
            assert task.ended.wait(SECONDS)
        return script_of(hand)


@pytest.mark.parametrize(
    ("layer", "channel", "key"),
    [
        ("layer2.0.conv1", 7, "cifar-resnet20"),
        ("layer2.0.relu1", 3, "cifar-resnet20"),
        ("fc", 3, "cifar-resnet20"),
        ("bn1", 5, "cifar-resnet20"),
        ("encoder.layers.encoder_layer_1.mlp", 5, "vit_b_16@random"),
    ],
)
def test_the_script_finds_every_number_again(tmp_path: Path, layer: str, channel: int, key: str) -> None:
    open_channel(layer, channel, model=key, change="made even")
    script = script_of_page(in_hand(layer, channel, key), change="made even")
    unpack(script_zip(script, name="channel"), tmp_path)
    done = run_alone(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    names = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert {"mean", "maximum", "value of the cell", "box top", "pixels of half", "share without it"} <= {
        *names
    }
    assert sum(name.startswith("largest in ") for name in names) == 9
    if key == "cifar-resnet20":
        assert "place" in names
        assert {"share with its mean", "made picture", "mean of cat", "largest mean"} <= {*names}
        assert sum(name.startswith("share without it, class ") for name in names) == 4
    if layer == "layer2.0.conv1":
        assert sum(name.startswith("weights for ") for name in names) == 6
    if layer.startswith("layer"):
        assert sum(name.startswith("correlation with ") for name in names) == 5
    assert "actviz_core" not in script.text
    assert script.needs == "needs torch and torchvision (pip install torch torchvision)."


def test_a_script_tells_of_a_number_that_is_another(tmp_path: Path) -> None:
    open_channel("conv1", 3)
    unpack(script_zip(script_of(in_hand("conv1", 3)), name="channel"), tmp_path)
    file = tmp_path / "channel.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"('maximum': )(\S+),", r"\g<1>99.0,", text, count=1), encoding="utf-8")
    done = run_alone(tmp_path)
    assert done.returncode == 1, done.stderr
    assert re.search(r"maximum: \S+, DIFFERENT, there 99.0", done.stdout)


def test_a_script_says_what_it_needs_where_that_is_not_there(tmp_path: Path) -> None:
    open_channel("conv1", 3)
    unpack(script_zip(script_of(in_hand("conv1", 3)), name="channel"), tmp_path)
    (tmp_path / "weights.pt").unlink()
    done = run_alone(tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout.startswith("weights.pt is not in ")


def test_a_script_of_a_teams_network_names_its_builder_and_this_project(
    new_server: Callable[..., Workspace], tmp_path: Path
) -> None:
    new_server(ACTVIZ_MODELS=OWN)
    script = script_of(in_hand("conv", 1, OWN))
    told = (
        f"the activation dashboard itself: set PYTHONPATH to that project's folder, and the folder of {OWN}."
    )
    assert script.needs.endswith(told)
    head = " ".join(script.text.split('"""')[1].split())
    assert told in head
    unpack(script_zip(script, name="channel"), tmp_path)
    done = run_alone(tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout.startswith("actviz_core cannot be imported. This script needs torch and torchvision")


def test_a_channel_that_is_switched_off_is_switched_off_in_the_script(tmp_path: Path) -> None:
    key = "cifar-resnet20!conv1:3*0"
    open_channel("layer1.0.conv1", 5, edit="conv1:3*0")
    unpack(script_zip(script_of(in_hand("layer1.0.conv1", 5, key)), name="channel"), tmp_path)
    done = run_alone(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_plain_hook_does_not_see_has_no_script() -> None:
    assert numbers_layer(in_hand("conv1", 3)) == ("conv1", 1)
    rows = shared_workspace().tree(shared_workspace().model("resnet18@random"), steps=True)
    step = next(row.name for row in rows if row.step)
    assert numbers_layer(in_hand(step, 3, "resnet18@random")) is None


def test_the_file_has_every_cards_sentence_and_needs_no_net() -> None:
    app = open_channel("layer2.0.conv1", 7)
    told = cards(app)
    content = channel_html(in_hand("layer2.0.conv1", 7), "a title", dark=False).decode().replace("\xa0", " ")
    for name in ("worth", "excites", "made", "twins", "computes"):
        assert told[name][0].replace("'", "&#x27;") in content
    assert told["looks"][0].replace("'", "&#x27;") in content
    assert content.count("Plotly.newPlot(") == 7
    assert not re.search(r'<(script|link|img)[^>]*(src|href)="http', content)


def test_the_files_are_offered_in_a_popover() -> None:
    app = open_channel("conv1", 3)
    app.session_state["take_channel"] = True
    app.run()
    check_sound(app)
    assert [button.proto.label for button in app.get("download_button")] == [
        "Page (HTML, 5 MB)",
        "Script (ZIP)",
    ]


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(6, 8, 3, groups=2),
        nn.ConvTranspose2d(6, 8, 3, groups=2),
        nn.Linear(6, 8),
        nn.LayerNorm(8),
        nn.BatchNorm2d(8),
    ],
)
def test_the_scripts_weights_are_those_of_the_card(layer: nn.Module) -> None:
    with torch.no_grad():
        for value in (*layer.parameters(), *layer.buffers()):
            if value.is_floating_point():
                value.uniform_(0.5, 2, generator=torch.Generator().manual_seed(0))
    for channel in range(8):
        card = channel_weights(nn.Sequential(layer), "0", channel)
        expected = {
            "bias": card.bias,
            "scale": card.scale,
            "shift": card.shift,
            "scale in all": card.applied_scale,
            "shift in all": card.applied_shift,
        } | {f"weights for {at}": length for at, length in card.strongest(99)}
        known = {name: value for name, value in expected.items() if value is not None}
        assert weights_of(layer.eval(), channel) == pytest.approx(known)
