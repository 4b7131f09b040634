"""A network that takes too long is told, with ways on; nobody else waits for it, and it is begun once."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from streamlit.delta_generator import DeltaGenerator
from torch import Tensor, nn

from actviz_core.errors import StillWorkingError
from actviz_core.system import waiting
from actviz_core.workspace.shared import Workspace
from tests.models import team_builders
from tests.models.team_builders import GATE, begun
from tests.pages.truth import IMAGE, MODEL
from tests.pages.visit import (
    as_read,
    check_fine,
    drawn,
    go_to,
    offered,
    press,
    read_page,
    said,
    visit,
    widget,
)
from tests.toy_models import CountedNet

HANGING = {"builder": "tests.models.team_builders:hangs", "import": "tests.models.hanging_import:Small"}


@pytest.fixture(autouse=True)
def gate() -> Iterator[None]:
    """Whatever hangs in a test ends with it."""
    GATE.clear()
    begun.clear()
    sys.modules.pop("tests.models.hanging_import", None)
    yield
    GATE.set()


def wait_for(workspace: Workspace, seconds: float) -> None:
    """Set how long pages wait."""
    workspace.settings = replace(workspace.settings, wait_seconds=seconds)


@pytest.fixture
def workspace(new_server: Callable[..., Workspace]) -> Workspace:
    workspace = new_server(ACTVIZ_MODELS=",".join(HANGING.values()))
    workspace.model(MODEL)
    wait_for(workspace, 0.05)
    return workspace


@pytest.mark.parametrize("kind", HANGING)
def test_a_builder_or_an_import_that_hangs_is_told_with_two_ways_on(kind: str, workspace: Workspace) -> None:
    app = visit("activations", {"model": HANGING[kind], "layers": "conv"})
    (message,) = said(app)
    assert message.startswith(f"Building {HANGING[kind]} has taken ")
    assert "It goes on in the background, once for everybody." in message
    assert {"Wait on", f"Look at {MODEL}"} <= {as_read(button.label) for button in app.button}
    go_to(app, "layers")
    assert [message.split(" has taken")[0] for message in said(app)] == [f"Building {HANGING[kind]}"]
    assert len(begun) == 1
    wait_for(workspace, 60)
    GATE.set()
    press(app, "Wait on")
    check_fine(app)
    assert widget(app, "Layers").value == ["conv"]
    go_to(app, "activations")
    check_fine(app)
    assert "activations_grid" in drawn(app)
    assert len(begun) == 1


def test_while_a_page_waits_it_tells_for_what_and_for_how_long(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "TELL_EVERY", 0.01)
    told: list[str] = []

    def info(self: DeltaGenerator, body: str, *, icon: str) -> DeltaGenerator:
        told.append(as_read(body))
        if len(told) == 3:
            GATE.set()
        return show(self, body, icon=icon)

    show = DeltaGenerator.info
    monkeypatch.setattr(DeltaGenerator, "info", info)
    wait_for(workspace, 60)
    app = visit("activations", {"model": HANGING["builder"]})
    check_fine(app)
    assert "activations_grid" in drawn(app)
    assert set(told[:3]) <= {f"Building {HANGING['builder']}: {seconds} s so far" for seconds in range(60)}
    assert offered(app) == []


def test_a_layer_that_a_slow_network_does_not_have_is_told_once_it_is_there(workspace: Workspace) -> None:
    app = visit("activations", {"model": HANGING["builder"], "layers": ["conv", "conv9"]})
    wait_for(workspace, 60)
    GATE.set()
    press(app, "Wait on")
    (message,) = said(app)
    assert message.startswith("'conv9' is not a layer of")


def test_one_press_leads_to_the_default_network(workspace: Workspace) -> None:
    app = visit("start", {"model": HANGING["builder"]})
    wait_for(workspace, 60)
    press(app, f"Look at {MODEL}")
    check_fine(app)
    assert app.query_params["model"] == MODEL
    assert "story_Early" in drawn(app)


def test_others_are_served_while_a_network_hangs(workspace: Workspace) -> None:
    visit("start", {"model": HANGING["builder"]})
    wait_for(workspace, 60)
    check_fine(visit("start"))


def test_builders_wait_for_the_one_that_hangs_which_is_named(workspace: Workspace) -> None:
    visit("start", {"model": HANGING["builder"]})
    (message,) = said(visit("start", {"model": HANGING["import"]}))
    assert message.startswith(f"Building {HANGING['builder']} has taken")
    assert begun == ["hangs"]
    assert workspace.model(MODEL).key == MODEL


@pytest.mark.slow
def test_weights_for_a_network_that_hangs_are_told_what_they_wait_for(workspace: Workspace) -> None:
    with pytest.raises(StillWorkingError, match=f"^Building {HANGING['builder']} has taken"):
        workspace.networks.structure(HANGING["builder"])
    with pytest.raises(StillWorkingError, match=f"^Building {HANGING['builder']} has taken"):
        workspace.networks.likely({})
    assert begun == ["hangs"]


def test_a_network_is_chosen_in_the_sidebar_although_another_hangs(workspace: Workspace) -> None:
    app = visit("start", {"model": HANGING["builder"]})
    wait_for(workspace, 60)
    widget(app, "Model").set_value(MODEL).run()
    check_fine(app)
    assert app.query_params["model"] == MODEL


def test_a_panel_whose_network_hangs_says_so_beside_the_others(workspace: Workspace) -> None:
    panels = [f"{MODEL},{IMAGE},conv1", f"{HANGING['builder']},{IMAGE},conv"]
    visit("start", {"model": HANGING["builder"]})
    wait_for(workspace, 60)
    check_fine(visit("compare", {"panel": panels[:1] * 2}))
    wait_for(workspace, 1)
    app = visit("compare", {"panel": panels})
    assert any(message.startswith(f"Building {HANGING['builder']}") for message in said(app))
    assert "compare_board" in drawn(app)
    wait_for(workspace, 60)
    GATE.set()
    press(app, "Wait on")
    check_fine(app)


class HangsOnValues(nn.Module):
    """Hangs in a pass on real values, and counts those; shapes alone go through."""

    def __init__(self) -> None:
        super().__init__()
        self.net = CountedNet()
        self.passes: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type == "cpu" and type(x) is Tensor:
            self.passes.append(1)
            assert team_builders.GATE.wait(60)
        return self.net(x)


def test_a_pass_that_hangs_is_told_and_not_begun_again(serve_toy: Callable[..., Workspace]) -> None:
    module = HangsOnValues()
    workspace = serve_toy(module)
    workspace.tree(workspace.model(MODEL))
    wait_for(workspace, 0.2)
    for image in (IMAGE, IMAGE, "patterns/1", "patterns/2"):
        messages = said(visit("activations", {"image": image, "layers": "net.conv"}))
        assert [message.split(" has taken")[0] for message in messages] == [f"Running {MODEL} on {IMAGE}"]
    assert len(module.passes) == 1
    assert "The network has not answered yet." in read_page(visit("layers"))
    wait_for(workspace, 60)
    GATE.set()
    check_fine(visit("activations", {"image": IMAGE, "layers": "net.conv"}))
    assert torch.is_grad_enabled()
