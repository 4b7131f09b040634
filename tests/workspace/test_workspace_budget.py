"""Layers that do not fit into the cache together are refused before a pass, with those that do."""

import gc
import weakref
from collections.abc import Sequence
from dataclasses import replace

import pytest
from torch import Tensor, nn

from actviz_core.errors import BudgetError, NotEnoughMemoryError
from actviz_core.models import Model, building, load_model
from actviz_core.models.registry import find_network
from actviz_core.samples import Sample, open_sample
from actviz_core.samples.pixels import picture_key
from actviz_core.settings import Settings
from actviz_core.workspace import networks
from actviz_core.workspace import shared as workspace_module
from actviz_core.workspace.layer_worth import LayerWorths, WorthAsked
from actviz_core.workspace.shared import Workspace
from tests.toy_models import CountedNet, model_of


@pytest.fixture
def workspace(settings: Settings) -> Workspace:
    return Workspace(replace(settings, cache_bytes=2**24))


@pytest.fixture
def sample(settings: Settings) -> Sample:
    return open_sample("bundled-cifar10/0", settings)


CONV = 4 * 8 * 8 * 4  # bytes that the convolution of `CountedNet` returns


def with_room_for(settings: Settings, count: int) -> Workspace:
    return Workspace(replace(settings, cache_bytes=count))


def test_layers_that_do_not_fit_are_refused_before_a_pass_with_those_that_do(
    settings: Settings, sample: Sample
) -> None:
    net, workspace = CountedNet(), with_room_for(settings, 2 * CONV)
    model = model_of(net)
    for ask in (workspace.prepare, workspace.activations):
        with pytest.raises(BudgetError, match="These fit: conv, fc"):
            ask(model, sample, ["conv", "relu", "fc", "between"])
    assert net.passes == 0
    assert list(workspace.activations(model, sample, ["conv", "fc"])) == ["conv", "fc"]


def test_a_layer_that_does_not_fit_alone_is_refused_and_the_prediction_is_not(
    settings: Settings, sample: Sample
) -> None:
    workspace, model = with_room_for(settings, CONV - 1), model_of(CountedNet())
    with pytest.raises(BudgetError, match=r"^This layer needs .* Choose another layer, or ask"):
        workspace.activations(model, sample, ["conv"])
    with pytest.raises(BudgetError, match=r"None of them fits alone\. Choose other layers, or ask"):
        workspace.activations(model, sample, ["conv", "between"])
    assert with_room_for(settings, 1).prediction(model, sample).problem is None


def test_the_message_names_sizes_and_the_setting(sample: Sample, settings: Settings) -> None:
    workspace, network = (
        with_room_for(settings, 10**6),
        nn.Sequential(nn.Upsample(size=(512, 512)), nn.ReLU()),
    )
    with pytest.raises(BudgetError) as refused:
        workspace.activations(model_of(network), sample, ["0", "1"])
    assert str(refused.value) == (
        "These 2 layers together need 6.3 MB for one picture, and there is room for 1 MB. None of them fits "
        "alone. Choose other layers, or ask whoever runs this server for a larger ACTVIZ_CACHE_MB."
    )


def test_a_size_that_is_hardly_too_large_is_not_told_as_the_room_itself(
    sample: Sample, settings: Settings
) -> None:
    workspace, network = with_room_for(settings, 10**6), nn.Sequential(nn.Upsample(size=(289, 289)))
    with pytest.raises(BudgetError, match="needs a little more than 1 MB for one picture, and there is room"):
        workspace.activations(model_of(network), sample, ["0"])


def test_a_long_list_of_layers_that_fit_is_cut(settings: Settings, sample: Sample) -> None:
    workspace, network = with_room_for(settings, 9 * CONV), nn.Sequential(*(nn.ReLU() for _ in range(20)))
    model = model_of(nn.Sequential(nn.Conv2d(3, 4, 1), network))
    with pytest.raises(BudgetError, match=r"These fit: 1\.0, 1\.1, 1\.2, 1\.3, 1\.4, 1\.5 and 3 more\."):
        workspace.activations(model, sample, [f"1.{number}" for number in range(20)])


def test_only_what_is_missing_from_the_cache_is_estimated_and_only_once(
    workspace: Workspace, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    check = workspace.estimates.check

    def counting(model: Model, names: Sequence[str], *, steps: bool) -> None:
        asked.append(tuple(names))
        check(model, names, steps=steps)

    monkeypatch.setattr(workspace.estimates, "check", counting)
    model = model_of(CountedNet())
    workspace.prepare(model, sample, ["conv", "relu"])
    workspace.activations(model, sample, ["relu#2", "conv"])
    workspace.prediction(model, sample)
    assert asked == [("conv", "relu")]
    workspace.activations(model, sample, ["relu", "fc"])
    assert asked[1:] == [("relu", "fc")]


LARGE, SMALL = 3 * 3000 * 3000 * 4, 10_000  # bytes of the picture that `Grows` makes, and of all the rest


class Grows(CountedNet):
    """Makes a picture of 3000 x 3000 on its way."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(nn.functional.interpolate(x, (3000, 3000))[..., :8, :8])


def test_a_pass_that_needs_more_memory_than_is_free_is_refused_before_it_starts(
    settings: Settings, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, workspace = Grows(), with_room_for(settings, 2**24)
    model = model_of(net)
    monkeypatch.setattr(building, "available_memory", lambda: LARGE - 1)
    for ask in (workspace.prepare, workspace.activations):
        with pytest.raises(NotEnoughMemoryError, match=r"^A forward pass through toy needs at least 0\.11"):
            ask(model, sample, ["conv"])
    with pytest.raises(NotEnoughMemoryError):
        workspace.prediction(model, sample)
    assert net.passes == 0
    monkeypatch.setattr(building, "available_memory", lambda: LARGE + SMALL)
    assert workspace.prediction(model, sample).problem is None


def test_channels_are_switched_off_in_passes_that_fit_into_the_memory_that_is_free(
    settings: Settings, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []

    class Counts(Grows):
        def forward(self, x: Tensor) -> Tensor:
            if x.device.type == "cpu":
                passes.append(len(x))
            return super().forward(x)

    workspace, model = with_room_for(settings, 2**24), model_of(Counts())
    workspace.worths = LayerWorths(
        *(workspace.store, workspace.lines, lambda _key: model),
        *(workspace.sample, picture_key, workspace.at_once),
    )
    monkeypatch.setattr(workspace_module, "available_memory", lambda: 3 * (LARGE + SMALL))
    asked = WorthAsked(model, sample, "conv", 1, 0)
    workspace.worths.start(asked).wait(60)
    assert workspace.worths.find(asked) is not None
    assert passes == [1, 3, 3]  # the shape, and two of the four channels at a time
    assert workspace.at_once(model, 2) == 2
    monkeypatch.setattr(workspace_module, "available_memory", lambda: 0)
    assert workspace.at_once(model, 64) == 1
    monkeypatch.setattr(workspace_module, "available_memory", lambda: None)
    assert workspace.at_once(model, 64) == 64


def test_networks_that_nobody_looks_at_make_room_for_a_pass(
    settings: Settings, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_room_for(settings, 2**24)
    held = sum(tensor.nbytes for tensor in workspace.model("resnet18@random").module.state_dict().values())
    free = iter([LARGE + SMALL - held, LARGE + SMALL - held, LARGE + SMALL])
    monkeypatch.setattr(building, "available_memory", lambda: next(free))
    assert workspace.prediction(model_of(Grows()), sample).problem is None
    assert workspace.networks.loaded.use().entries == 0


def test_networks_make_room_before_the_next_one_is_built(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ["resnet18@random", "squeezenet1_1@random", "resnet34@random"]
    sizes = [find_network(key)[0].memory("random", settings) or 0 for key in keys]
    monkeypatch.setattr(networks, "MODEL_BYTES", sum(sizes) - 1)
    workspace = Workspace(settings)
    held: list[int] = []

    def load(key: str, *, settings: Settings) -> Model:
        held.append(workspace.networks.loaded.use().entries)
        return load_model(key, settings=settings)

    monkeypatch.setattr(networks, "load_model", load)
    first = weakref.ref(workspace.model(keys[0]).module)
    edited = weakref.ref(workspace.model(f"{keys[0]}!conv1:0*0").module.get_parameter("conv1.weight"))
    for key in keys[1:]:
        workspace.model(key)
    assert held == [0, 1, 1]  # the first is gone before the third is built
    gc.collect()
    assert first() is None
    assert edited() is None
