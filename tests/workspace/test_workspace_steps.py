"""Steps between layers in the workspace: asked for and kept like layers, and free while nobody asks."""

import sys
from dataclasses import replace

import pytest
from torch import Tensor, nn

from actviz_core.errors import UnknownLayerError
from actviz_core.samples import Sample, open_sample
from actviz_core.settings import Settings
from actviz_core.workspace.shared import Workspace
from tests.hooks.reference import assert_bit_equal
from tests.toy_models import CountedNet, model_of

CONV = 4 * 8 * 8 * 4  # bytes that the convolution of `CountedNet` returns


@pytest.fixture
def workspace(settings: Settings) -> Workspace:
    return Workspace(replace(settings, cache_bytes=2**24))


@pytest.fixture
def sample(settings: Settings) -> Sample:
    return open_sample("bundled-cifar10/0", settings)


class Slashed(CountedNet):
    """Steps with several results and several times, beside a layer whose name looks like a step's."""

    def __init__(self) -> None:
        super().__init__()
        self.add_module("idle/add", nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        with self._lock:
            self.counted.number += 1
        x = self._modules["idle/add"](self.conv(x) + 1) + 2  # type: ignore[misc]  # a module
        return self.fc(x.flatten(2).max(2)[0])


def test_steps_are_captured_like_layers_with_or_without_their_number(
    workspace: Workspace, sample: Sample
) -> None:
    net = Slashed()
    model = model_of(net)
    names = ["/add#2", "idle/add", "/add", "/max#1[0]", "conv"]
    workspace.prepare(model, sample, names)
    found = workspace.activations(model, sample, names)
    assert net.passes == 1
    assert list(found) == ["/add#2", "idle/add", "/add#1", "/max#1[0]", "conv"]
    assert_bit_equal(found["/add#1"], found["conv"] + 1)
    assert_bit_equal(found["idle/add"], found["/add#1"].relu())
    assert_bit_equal(found["/add#2"], found["idle/add"] + 2)
    assert_bit_equal(found["/max#1[0]"], found["/add#2"].flatten(2).amax(2))
    assert list(workspace.activations(model, sample, ["/max"])) == ["/max#1[0]", "/max#1[1]"]


def test_a_step_with_its_number_keeps_nothing_of_its_other_calls(
    workspace: Workspace, sample: Sample
) -> None:
    model = model_of(Slashed())
    assert workspace.calls(model, sample, ["/add#2"])["/add#2"].names == ("/add#2",)
    assert workspace.memory(model, ["/add#2", "/add#2"]) == CONV
    assert workspace.memory(model, ["/add", "conv"]) == 3 * CONV


def test_unknown_steps_are_told_with_close_names_and_cost_no_pass(
    workspace: Workspace, sample: Sample
) -> None:
    net = Slashed()
    model = model_of(net)
    for name in ("/add#3", "/ad#1", "idle/sub#1", "/max#1.0"):
        with pytest.raises(UnknownLayerError, match=r"' is not a .*of toy\. Closest: '"):
            workspace.activations(model, sample, [name])
    assert workspace.owners(model, ["conv", "/add#3", "/add#1"]) == {"conv": "conv", "/add#1": "/add#1"}
    assert net.passes == 0


def test_layers_alone_are_captured_without_watching_steps(
    workspace: Workspace, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("watched steps")

    for name in ("capture", "tree"):
        monkeypatch.setattr(sys.modules[f"actviz_core.hooks.{name}"], "StepWatch", never)
    model = model_of(Slashed())
    names = ["conv", "idle/add", "fc"]
    workspace.prepare(model, sample, names)
    assert list(workspace.activations(model, sample, names)) == names
    assert len(workspace.tree(model)) == 7
