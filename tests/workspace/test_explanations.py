"""Maps and their tests, made in the background once for everybody, and kept in the shared budget."""

from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import nn

from actviz_core.attribution import Method, attribute, put_to_test
from actviz_core.errors import ModelFailedError
from actviz_core.models import Model
from actviz_core.samples import open_sample
from actviz_core.settings import Settings
from actviz_core.system.jobs import Job, Jobs, JobState, was_stopped
from actviz_core.workspace import explanations as explanations_module
from actviz_core.workspace import networks
from actviz_core.workspace.explanations import Asked
from actviz_core.workspace.shared import Workspace
from tests.toy_models import CountedNet, Fails, model_of

SAMPLE = open_sample("bundled-cifar10/0")


@pytest.fixture
def net() -> CountedNet:
    return CountedNet()


@pytest.fixture
def workspace(net: CountedNet, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    model = model_of(net, key="cifar-resnet20")
    monkeypatch.setattr(networks, "load_model", lambda _key, **_options: model)
    return Workspace(settings)


@pytest.fixture
def model(workspace: Workspace) -> Model:
    return workspace.model("cifar-resnet20")


def asked(
    model: Model, method: Method = Method.SALIENCY, target: int = 1, *, absolute: bool = False
) -> Asked:
    return Asked(model, SAMPLE, target, method, absolute)


def not_begun(workspace: Workspace, wanted: Asked) -> Job:
    """The job of a map, before its thread runs."""
    with patch.object(Job, "start"):
        return workspace.explanations.start(wanted)


def test_the_map_and_its_test_are_those_of_the_core(workspace: Workspace, model: Model) -> None:
    wanted = asked(model)
    assert workspace.explanations.find(wanted) is None
    workspace.explanations.start(wanted).wait(60)
    found = workspace.explanations.find(wanted)
    assert found is not None
    assert found.map is not None
    x = model.inputs(SAMPLE.image)
    truth = attribute(model.module, x, 1, Method.SALIENCY).map
    assert torch.equal(found.map, truth)
    assert found.test == put_to_test(model.module, x, 1, truth)


def test_what_is_there_is_not_made_again(workspace: Workspace, model: Model, net: CountedNet) -> None:
    workspace.explanations.start(asked(model)).wait(60)
    passes, used = net.passes, workspace.store.use().used_bytes
    workspace.explanations.start(asked(model)).wait(60)
    assert net.passes == passes
    assert used > 8 * 8 * 4


def test_sizes_have_a_test_of_their_own_and_the_map_is_made_once(workspace: Workspace, model: Model) -> None:
    signed, sizes = (
        asked(model, Method.INPUT_X_GRADIENT),
        asked(model, Method.INPUT_X_GRADIENT, absolute=True),
    )
    for wanted in (signed, sizes):
        workspace.explanations.start(wanted).wait(60)
    one, other = workspace.explanations.find(signed), workspace.explanations.find(sizes)
    assert one is not None
    assert other is not None
    assert one.map is not None
    assert other.map is not None
    assert torch.equal(other.map, one.map.abs())
    x = model.inputs(SAMPLE.image)
    assert other.test == put_to_test(model.module, x, 1, one.map.abs())


def test_a_method_that_cannot_work_leaves_its_reason(workspace: Workspace, model: Model) -> None:
    wanted = asked(model, Method.ATTENTION_ROLLOUT)
    workspace.explanations.start(wanted).wait(60)
    found = workspace.explanations.find(wanted)
    assert found is not None
    assert found.map is None
    assert found.reason == "Attention rollout needs attention layers, and this network has none."


def test_what_the_layers_rule_out_is_told_without_the_network(workspace: Workspace) -> None:
    no_relus = model_of(nn.Sequential(nn.Flatten(), nn.Linear(192, 3)), key="cifar-resnet20")
    found = workspace.explanations.find(asked(no_relus, Method.GUIDED_BACKPROP))
    assert found is not None
    assert found.map is None
    assert found.reason.endswith("ReLU layers, and this network has none.")
    assert workspace.explanations.jobs.running() == []


@pytest.mark.parametrize("part", ["random_curves", "put_to_test"])
def test_a_test_counts_its_passes_and_can_be_stopped(
    workspace: Workspace, model: Model, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    real = getattr(explanations_module, part)
    seen: list[tuple[str, int, int | None]] = []

    def stopped(*args: Any, **options: Any) -> object:
        job.stop.set()
        options["progress"](0, 9)
        seen.append((job.status.part, job.status.done_bytes, job.status.total_bytes))
        return real(*args, **options)

    monkeypatch.setattr(explanations_module, part, stopped)
    job = not_begun(workspace, asked(model))
    job.start()
    assert job.wait(60).state is JobState.FAILED
    told = explanations_module.RANDOM_ORDER if part == "random_curves" else explanations_module.TEST
    assert seen == [(told, 0, 9)]
    assert was_stopped(job)
    assert workspace.explanations.find(asked(model)) is None


def test_a_job_that_is_stopped_while_it_waits_runs_no_pass(
    workspace: Workspace, model: Model, net: CountedNet
) -> None:
    job = not_begun(workspace, asked(model, Method.ATTENTION_ROLLOUT))
    before = net.passes
    job.cancel()
    job.start()
    assert job.wait(60).state is JobState.FAILED
    assert was_stopped(job)
    assert net.passes == before


def test_a_stopped_job_is_told_apart_from_a_failed_one(
    workspace: Workspace, model: Model, net: CountedNet
) -> None:
    net.gate.clear()
    job = workspace.explanations.start(asked(model, Method.OCCLUSION))
    job.cancel()
    net.gate.set()
    assert job.wait(60).state is JobState.FAILED
    assert was_stopped(job)
    assert workspace.explanations.find(asked(model, Method.OCCLUSION)) is None


def test_a_network_that_fails_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = model_of(nn.Sequential(nn.Flatten(), nn.Linear(192, 3), Fails()), key="cifar-resnet20")
    monkeypatch.setattr(networks, "load_model", lambda _key, **_options: failing)
    workspace = Workspace(settings)
    job = workspace.explanations.start(asked(workspace.model("cifar-resnet20")))
    status = job.wait(60)
    assert status.state is JobState.FAILED
    assert status.error is not None
    assert "could not process bundled-cifar10/0: mat1 and mat2" in status.error
    assert not was_stopped(job)


def test_only_so_many_wait(workspace: Workspace, model: Model, net: CountedNet) -> None:
    net.gate.clear()
    workspace.explanations.jobs = Jobs(most=2)
    jobs = [workspace.explanations.start(asked(model, target=target)) for target in (0, 1)]
    assert workspace.explanations.start(asked(model, target=1)) is jobs[1]
    with pytest.raises(ModelFailedError, match="2 others are to be made first"):
        workspace.explanations.start(asked(model, target=2))
    for job in jobs:
        job.cancel()
    net.gate.set()
    for job in jobs:
        job.wait(60)
