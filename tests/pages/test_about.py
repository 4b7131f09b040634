"""About this server: what it runs on, how full its cache is, and how much it helped."""

import platform
import re
from collections.abc import Callable

import plotly
import pytest
import streamlit
import torch
import torchvision

from actviz_core.samples.memory import picture_memory
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.pages.visit import Link, as_read, check_fine, choose, go_to, said, table, visit

NewServer = Callable[..., Workspace]


def metrics(link: Link) -> dict[str, tuple[str, str]]:
    app = visit("about", link)
    check_fine(app)
    return {metric.label: (as_read(metric.value), as_read(metric.delta)) for metric in app.metric}


def test_versions_and_device_are_listed() -> None:
    app = visit("about")
    check_fine(app)
    rows = table(app)
    assert dict(zip(rows["What"], rows["Which"], strict=True)) == {
        "Device": "cpu",
        "PyTorch": torch.__version__,
        "torchvision": torchvision.__version__,
        "Streamlit": streamlit.__version__,
        "Plotly": plotly.__version__,
        "Python": platform.python_version(),
    }


def test_the_cache_counts_entries_bytes_hits_and_what_was_computed(new_server: NewServer) -> None:
    new_server(ACTVIZ_CACHE_MB="100")
    link = {"model": "resnet18@random", "image": "bundled-imagenet/3", "layers": ["conv1", "bn1"]}
    first = metrics(link)
    size = 4 * (2 * 64 * 112 * 112 + 1000)  # two layers and the answer
    assert first["Layers in the cache"][0] == "3"
    assert first["Computed"] == ("3", "0 made room")
    assert first["Cache used"] == (f"{size / 10**6:.1f} MB", "of 100 MB")
    second = metrics(link)
    assert {**second, "Answered from the cache": None} == {**first, "Answered from the cache": None}
    before, after = (int(seen["Answered from the cache"][1].split()[0]) for seen in (first, second))
    assert after >= before + 3
    share = after / (after + 3)
    assert second["Answered from the cache"][0] == f"{share:.0%}".replace("%", " %")


def test_networks_and_pictures_in_memory_are_counted(new_server: NewServer) -> None:
    workspace = new_server()
    visit("activations", {"model": "resnet18@random", "image": "bundled-imagenet/3"})
    app = visit("about")
    check_fine(app)
    module = workspace.model("resnet18@random").module
    networks = sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers()))
    text = next(
        caption for caption in map(as_read, (one.value for one in app.caption)) if "Besides" in caption
    )
    told = re.fullmatch(
        r"Besides, loaded networks take ([\d,]+) MB of 3,221 MB, "
        r"and decoded pictures ([\d.]+) MB of 336 MB\.",
        text,
    )
    assert told is not None, text
    assert float(told[1].replace(",", "")) * 1e6 >= networks - 5e5
    assert float(told[2]) * 1e6 == pytest.approx(picture_memory().used_bytes, abs=6e4)
    assert picture_memory().used_bytes >= 4 * 512 * 512


def test_what_one_session_captured_another_finds(new_server: NewServer) -> None:
    workspace = new_server()
    visit("activations", {"layers": "layer2.1.conv1"})
    computed = workspace.store.use().misses
    again = visit("activations", {"layers": "layer2.1.conv1"})
    check_fine(again)
    assert workspace.store.use().misses == computed


def test_a_small_cache_makes_room(new_server: NewServer) -> None:
    workspace = new_server(ACTVIZ_CACHE_MB="1")
    app = visit("activations", {"layers": [f"layer1.{block}.conv{n}" for block in range(3) for n in (1, 2)]})
    choose(app, "Layers", [f"layer1.{block}.bn{n}" for block in range(3) for n in (1, 2)])
    choose(app, "Layers", [f"layer1.{block}.relu{n}" for block in range(3) for n in (1, 2)])
    go_to(app, "about")
    made_room = {metric.label: metric.delta for metric in app.metric}["Computed"]
    use = workspace.store.use()
    assert use.evictions > 0
    assert made_room == f"{use.evictions} made room"
    assert use.used_bytes <= use.capacity_bytes == 10**6


@pytest.mark.parametrize(
    ("name", "value"), [("ACTVIZ_CACHE_MB", "plenty"), ("ACTVIZ_DEVICE", "abacus"), ("ACTVIZ_DATA", __file__)]
)
def test_a_setting_that_cannot_be_used_is_told_on_every_page(
    new_server: NewServer, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    new_server()
    monkeypatch.setenv(name, value)
    shared_workspace.cache_clear()
    (message,) = said(visit())
    assert name in message
    assert value in message
