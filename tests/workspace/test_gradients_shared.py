"""Gradients as pages get them: those of a plain tensor hook, made once for everybody."""

import pytest
import torch
from torch import Tensor, nn

from actviz_core.errors import TargetError
from actviz_core.samples import open_sample
from actviz_core.settings import Settings
from actviz_core.workspace import networks
from actviz_core.workspace.shared import Workspace
from tests.hooks.gradient_reference import hooked_gradients
from tests.toy_models import CountedNet, model_of

IMAGE = "bundled-cifar10/0"
LAYERS = ["conv", "relu", "fc", "idle"]


@pytest.fixture
def net() -> CountedNet:
    return CountedNet()


@pytest.fixture
def workspace(net: CountedNet, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    model = model_of(net, key="cifar-resnet20")
    monkeypatch.setattr(networks, "load_model", lambda _key, **_options: model)
    return Workspace(settings)


def test_every_calls_gradient_is_that_of_a_hook_bit_for_bit(workspace: Workspace, net: CountedNet) -> None:
    model, sample = workspace.model("cifar-resnet20"), open_sample(IMAGE)
    found, without = workspace.following.gradients(model, sample, 2, LAYERS)
    truth = hooked_gradients(net, model.inputs(sample.image), lambda answer: answer[0, 2])
    assert list(found) == ["conv", "relu#1", "relu#2", "fc"]
    assert without == {}
    for call, gradient in found.items():
        expected = truth[call]
        assert expected is not None
        assert torch.equal(gradient, expected)


def test_one_backward_pass_serves_all_layers_and_everybody(workspace: Workspace, net: CountedNet) -> None:
    model, sample = workspace.model("cifar-resnet20"), open_sample(IMAGE)
    workspace.estimate(model)
    before = net.passes
    workspace.following.gradients(model, sample, 2, ["conv", "fc"])
    workspace.following.gradients(model, sample, 2, ["conv"])
    assert net.passes == before + 1
    workspace.following.gradients(model, sample, 1, ["conv"])
    assert net.passes == before + 2
    assert workspace.store.use().used_bytes > 2 * 4 * 64 * 4


class Aside(nn.Module):
    """Computes something that the answer does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.aside, self.fc = nn.Conv2d(3, 2, 1), nn.Linear(192, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.aside(x)
        return self.fc(x.flatten(1))


def test_a_call_without_influence_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(Aside(), key="cifar-resnet20")
    monkeypatch.setattr(networks, "load_model", lambda _key, **_options: model)
    workspace = Workspace(settings)
    found, without = workspace.following.gradients(model, open_sample(IMAGE), 0, ["aside", "fc"])
    assert list(found) == ["fc"]
    assert without == {"aside": "the number does not depend on what it returned"}


def test_a_class_that_is_not_there_is_refused(workspace: Workspace) -> None:
    model = workspace.model("cifar-resnet20")
    with pytest.raises(TargetError, match="classes 0 to 2"):
        workspace.following.gradients(model, open_sample(IMAGE), 3, ["conv"])
