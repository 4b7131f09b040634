"""The workspace: networks, pictures and activations by the names that links use."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from actviz_core.errors import (
    ModelFailedError,
    UnknownImageError,
    UnknownLayerError,
    WeightsError,
)
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.settings import Settings
from actviz_core.tasks import Task
from actviz_core.workspace import networks
from actviz_core.workspace.activations import ROOT
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.hooks.reference import assert_bit_equal, cloned_activations
from tests.toy_models import CountedNet, Fails, model_of


@pytest.fixture
def workspace(settings: Settings) -> Workspace:
    return Workspace(replace(settings, cache_bytes=2**24))


@pytest.fixture
def sample(workspace: Workspace) -> Sample:
    return workspace.sample("bundled-cifar10/0")


@pytest.fixture(scope="module")
def resnet18() -> Model:
    settings = Settings(Path("nowhere"), images=None, models=(), cache_bytes=2**20, device="cpu")
    return Workspace(settings).model("resnet18@random")


def test_a_network_is_loaded_once_under_all_its_keys(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(key: str, *, settings: Settings) -> Model:
        loaded.append(key)
        assert settings is workspace.settings
        return model_of(CountedNet(), key=key)

    monkeypatch.setattr(networks, "load_model", load)
    first = workspace.model("cifar-resnet20@final")
    assert workspace.model("cifar-resnet20") is first
    assert loaded == ["cifar-resnet20"]
    assert workspace.model("cifar-resnet20@random") is not first


def test_missing_weights_are_said_each_time_and_never_replaced(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"weights of resnet18 are not on this machine"):
            workspace.model("resnet18")


def test_activations_are_bit_for_bit_what_a_plain_hook_sees(workspace: Workspace, sample: Sample) -> None:
    model = workspace.model("cifar-resnet20")
    names = [name for name, _ in model.module.named_modules() if name]
    found = workspace.activations(model, sample, names)
    expected = cloned_activations(model.module, model.preprocess(sample.image))
    assert list(found) == [name for name in names if name in expected]
    for name, value in found.items():
        assert_bit_equal(value, expected[name][0])


def test_a_layer_name_stands_for_all_its_calls(workspace: Workspace, sample: Sample, resnet18: Model) -> None:
    found = workspace.activations(resnet18, sample, ["layer1.0.relu", "conv1"])
    assert list(found) == ["layer1.0.relu#1", "layer1.0.relu#2", "conv1"]
    expected = cloned_activations(resnet18.module, resnet18.preprocess(sample.image))
    assert_bit_equal(found["layer1.0.relu#1"], expected["layer1.0.relu"][0])
    assert_bit_equal(found["layer1.0.relu#2"], expected["layer1.0.relu"][1])
    assert_bit_equal(found["conv1"], expected["conv1"][0])


def test_a_call_name_stands_for_itself_in_the_order_asked_for(workspace: Workspace, sample: Sample) -> None:
    net = CountedNet()
    model = model_of(net)
    assert list(workspace.activations(model, sample, ["fc", "relu#2", "conv"])) == ["fc", "relu#2", "conv"]
    assert list(workspace.activations(model, sample, ["relu#2", "relu#1"])) == ["relu#2", "relu#1"]
    assert net.passes == 1


def test_a_call_that_did_not_happen_is_said_with_those_that_did(workspace: Workspace, sample: Sample) -> None:
    model = model_of(CountedNet())
    with pytest.raises(
        UnknownLayerError, match=r"'relu#3' did not happen for this picture\. Closest: .*'relu#2'"
    ):
        workspace.activations(model, sample, ["relu#3"])
    with pytest.raises(UnknownLayerError, match=r"'conv#1' did not happen .*Closest: 'conv'"):
        workspace.activations(model, sample, ["conv#1"])


def test_a_layer_that_never_runs_has_no_call(workspace: Workspace, sample: Sample) -> None:
    assert workspace.activations(model_of(CountedNet()), sample, ["idle"]) == {}


def test_an_unknown_layer_costs_no_pass(workspace: Workspace, sample: Sample) -> None:
    net = CountedNet()
    with pytest.raises(UnknownLayerError, match=r"'convv' is not a layer of toy\. Closest: 'conv'"):
        workspace.activations(model_of(net), sample, ["conv", "convv"])
    assert net.passes == 0


def test_preparing_makes_everything_that_follows_free(workspace: Workspace, sample: Sample) -> None:
    net = CountedNet()
    model = model_of(net)
    workspace.prepare(model, sample, ["conv", "relu#2", "not there"])
    workspace.activations(model, sample, ["relu", "conv"])
    prediction = workspace.prediction(model, sample)
    assert net.passes == 1
    with torch.no_grad():
        logits = net(model.preprocess(sample.image))[0].double()
    assert prediction.indices == tuple(logits.argsort(descending=True).tolist())
    assert prediction.probabilities == pytest.approx(logits.softmax(0).sort(descending=True).values.tolist())


def test_a_network_that_raises_is_named_with_picture_and_reason(workspace: Workspace, sample: Sample) -> None:
    model = model_of(CountedNet(Fails()), key="team-net")
    with pytest.raises(
        ModelFailedError, match=r"team-net could not process bundled-cifar10/0: mat1 and mat2"
    ):
        workspace.prediction(model, sample)


def test_two_pictures_have_their_own_activations(workspace: Workspace) -> None:
    net = CountedNet()
    model = model_of(net)
    for image_id in ("bundled-cifar10/0", "bundled-cifar10/1"):
        sample = workspace.sample(image_id)
        (value,) = workspace.activations(model, sample, ["conv"]).values()
        assert_bit_equal(value, cloned_activations(net, model.preprocess(sample.image))["conv"][0])


def test_a_file_that_changed_on_disk_is_not_answered_from_before(settings: Settings) -> None:
    assert settings.images is not None
    settings.images.mkdir()
    file, net = settings.images / "a.png", CountedNet()
    workspace, model = Workspace(settings), model_of(net)
    for colour in ("red", "blue"):
        Image.new("RGB", (8, 8), colour).save(file)
        sample = workspace.sample("folder/0")
        assert sample.image.getpixel((0, 0)) == Image.new("RGB", (1, 1), colour).getpixel((0, 0))
        (value,) = workspace.activations(model, sample, ["conv"]).values()
        assert_bit_equal(value, cloned_activations(net, model.preprocess(sample.image))["conv"][0])


def test_a_picture_that_moved_up_in_its_folder_is_not_mistaken_for_another(settings: Settings) -> None:
    assert settings.images is not None
    settings.images.mkdir()
    workspace, net = Workspace(settings), CountedNet()
    model = model_of(net)
    Image.new("RGB", (8, 8), "red").save(settings.images / "a.png")
    Image.new("RGB", (8, 8), "blue").save(settings.images / "b.png")
    blue = workspace.calls(model, workspace.sample("folder/1"), ["conv"])["conv"].values[0]
    workspace.calls(model, workspace.sample("folder/0"), ["conv"])
    (settings.images / "a.png").unlink()
    moved = workspace.calls(model, workspace.sample("folder/0"), ["conv"])["conv"].values[0]
    assert_bit_equal(moved, blue)


def test_unknown_pictures_say_which_there_are(workspace: Workspace) -> None:
    with pytest.raises(UnknownImageError, match=r"bundled-cifar10/0 to bundled-cifar10/19"):
        workspace.sample("bundled-cifar10/99")


def test_the_tree_has_shapes_for_the_size_that_the_network_takes(workspace: Workspace) -> None:
    rows = {row.name: row for row in workspace.tree(workspace.model("cifar-resnet20"))}
    assert rows["layer2.0.conv1"].shape == (1, 32, 16, 16)
    assert rows[ROOT].shape == (1, 10)


def test_shapes_are_known_without_a_pass(workspace: Workspace) -> None:
    net = CountedNet()
    rows = {row.name: row for row in workspace.tree(model_of(net))}
    assert net.passes == 0
    assert (rows["relu"].calls, rows["idle"].calls, rows["idle"].shape) == (2, 0, None)
    assert rows["conv"].shape == (1, 4, 8, 8)


def test_a_tree_of_a_network_that_raises_says_so(workspace: Workspace) -> None:
    with pytest.raises(ModelFailedError, match="toy could not run: mat1 and mat2"):
        workspace.tree(model_of(CountedNet(Fails())))


def test_everybody_shares_one_workspace_made_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACTVIZ_DATA", str(tmp_path))
    monkeypatch.setenv("ACTVIZ_CACHE_MB", "3")
    shared_workspace.cache_clear()
    try:
        assert shared_workspace() is shared_workspace()
        assert shared_workspace().settings.data == tmp_path
        assert shared_workspace().store.use().capacity_bytes == 3 * 10**6
    finally:
        shared_workspace.cache_clear()


class Answers(nn.Module):
    """Returns what it was made with, whatever the picture."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, _x: Tensor) -> object:
        return self.answer


def test_a_segmentation_is_told_as_shares_of_the_picture(workspace: Workspace, sample: Sample) -> None:
    scores = torch.zeros(1, 3, 2, 2)
    scores[0, 2] = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    answer = {"out": scores, "aux": torch.zeros(1, 3, 1, 1)}
    model = replace(model_of(Answers(answer)), task=Task.SEGMENTATION)
    prediction = workspace.prediction(model, sample)
    assert (prediction.labels, prediction.probabilities) == (("cat", "ant"), (0.75, 0.25))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (None, "The network returned no tensor"),
        ("cat", "The network returned no tensor"),
        ((torch.zeros(1, 3), torch.zeros(1, 3)), "The network returned 2 tensors"),
        (torch.zeros(1, 3, 4, 4), r"cannot be read as a classification: .*got \(1, 3, 4, 4\)"),
        (torch.zeros(1, 1), "one number, which leaves no choice"),
        (torch.zeros(1, 3, dtype=torch.complex64), "complex64 values, which are no scores"),
        (torch.tensor([[0.0, torch.nan, 1.0]]), "1 value that is not finite"),
    ],
)
def test_an_odd_answer_is_no_prediction_and_no_crash(
    workspace: Workspace, sample: Sample, answer: object, problem: str
) -> None:
    prediction = workspace.prediction(model_of(Answers(answer)), sample)
    assert prediction.labels == ()
    assert re.search(problem, prediction.problem or "")


@pytest.mark.parametrize("answer", [{"logits": torch.tensor([[0.0, 9.0, 0.0]])}, torch.tensor([[0, 9, 0]])])
def test_an_answer_by_name_or_in_whole_numbers_is_read(
    workspace: Workspace, sample: Sample, answer: object
) -> None:
    assert workspace.prediction(model_of(Answers(answer)), sample, k=1).labels == ("bee",)


def test_half_precision_is_read_too(workspace: Workspace, sample: Sample) -> None:
    answer = torch.tensor([[0.0, 0.0, 9.0]], dtype=torch.bfloat16)
    assert workspace.prediction(model_of(Answers(answer)), sample, k=1).labels == ("cat",)


def test_features_are_no_prediction(workspace: Workspace, sample: Sample) -> None:
    model = replace(model_of(Answers(torch.zeros(1, 3))), task=Task.FEATURES)
    assert "names no classes" in (workspace.prediction(model, sample).problem or "")
