"""A network that doesn't fit into memory is refused before anything of it is downloaded or built."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from actviz_core.errors import NotEnoughMemoryError
from actviz_core.models import Model, building, load_model
from actviz_core.models.registry import find_network
from actviz_core.models.torchvision_networks import TorchvisionNetwork
from actviz_core.settings import Settings
from actviz_core.workspace.shared import Workspace

Free = Callable[[int | None], list[int]]
HERE = "tests.models.team_builders"


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Free:
    """Makes so many bytes free; the list that it returns has an entry each time somebody asks."""

    def make_free(count: int | None) -> list[int]:
        asked: list[int] = []

        def available() -> int | None:
            asked.append(1)
            return count

        monkeypatch.setattr(building, "available_memory", available)
        return asked

    return make_free


@pytest.mark.parametrize("key", ["vit_h_14", "vit_h_14@random"])
def test_it_says_what_it_needs_and_what_there_is(key: str, settings: Settings, free: Free) -> None:
    free(1_500_000_000)
    with pytest.raises(NotEnoughMemoryError) as refused:
        load_model(key, settings=settings, download=True)
    assert str(refused.value) == (
        f"{key} needs 2.53 GB of memory, and 1.50 GB are free here. Choose a smaller network, or start the "
        "server on a machine with more memory."
    )


def test_what_fits_exactly_is_loaded(settings: Settings, free: Free) -> None:
    needed = find_network("resnet18")[0].memory("random", settings)
    assert needed is not None
    free(needed)
    model = load_model("resnet18@random", settings=settings)
    assert sum(parameter.nbytes for parameter in model.module.parameters()) == needed
    free(needed - 1)
    with pytest.raises(NotEnoughMemoryError, match=r"0\.05 GB of memory, and 0\.05 GB are free"):
        load_model("resnet18@random", settings=settings)


@pytest.mark.parametrize("key", ["vit_h_14", "vit_h_14@IMAGENET1K_SWAG_LINEAR_V1", "fcn_resnet50", "swin_t"])
def test_torchvision_counts_right(key: str, settings: Settings) -> None:
    network, weights = find_network(key)
    assert isinstance(network, TorchvisionNetwork)
    if weights == network.default:
        parameters = network.on_meta_device(settings).module.parameters()
        assert network.memory(weights, settings) == pytest.approx(
            4 * sum(p.numel() for p in parameters), rel=0.03
        )
    assert (network.memory(weights, settings) or 0) > 100_000_000


def test_timms_networks_are_counted_on_the_meta_device_once(
    settings: Settings, free: Free, monkeypatch: pytest.MonkeyPatch
) -> None:
    timm = pytest.importorskip("timm")
    free(10**9)
    network, _ = find_network("timm/vit_giant_patch14_224")
    built: list[str] = []
    create = timm.create_model

    def counted(name: str, **more: Any) -> nn.Module:
        built.append(name)
        return create(name, **more)

    monkeypatch.setattr(timm, "create_model", counted)
    for _ in range(2):
        with pytest.raises(
            NotEnoughMemoryError, match=r"timm/vit_giant_patch14_224 needs 4\.05 GB of memory"
        ):
            load_model("timm/vit_giant_patch14_224", settings=settings)
    assert len(built) == 1
    parameters = network.on_meta_device(settings).module.parameters()
    assert network.memory("random", settings) == 4 * sum(p.numel() for p in parameters)


def test_small_bundled_networks_are_not_even_asked_about(settings: Settings, free: Free) -> None:
    asked = free(0)
    load_model("cifar-resnet20", settings=settings)
    assert asked == []


def test_where_nobody_tells_nothing_is_refused(settings: Settings, free: Free) -> None:
    free(None)
    own = f"{HERE}:module_alone"
    assert load_model("resnet18@random", settings=settings).key == "resnet18@random"
    assert load_model(own, settings=replace(settings, models=(own,))).key == own


def test_a_builder_of_the_team_is_stopped_before_it_takes_too_much(settings: Settings, free: Free) -> None:
    free(10**9)
    key = f"{HERE}:enormous"
    with pytest.raises(NotEnoughMemoryError, match=rf"{key} needs at least 1\.20 GB of memory, and 1\.00 GB"):
        load_model(key, settings=replace(settings, models=(key,)))
    with torch.device("meta"):
        assert nn.Linear(10, 10).weight.is_meta


def test_a_builder_that_fits_makes_the_same_values_as_ever(settings: Settings, free: Free) -> None:
    key = f"{HERE}:module_alone"
    known = replace(settings, models=(key,))
    free(None)
    before = load_model(key, settings=known).fingerprint
    free(10**9)
    assert load_model(key, settings=known).fingerprint == before


def test_networks_that_nobody_looks_at_make_room(
    settings: Settings, free: Free, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(settings)
    free(10**9)
    resnet18 = workspace.model("resnet18@random")
    held = sum(t.nbytes for t in (*resnet18.module.parameters(), *resnet18.module.buffers()))

    def load(key: str, *, settings: Settings) -> Model:
        if workspace.networks.loaded.use().used_bytes:
            raise NotEnoughMemoryError(f"{key} is too large", missing)
        return load_model(key, settings=settings)

    monkeypatch.setattr("actviz_core.workspace.networks.load_model", load)
    missing = held + 1
    with pytest.raises(NotEnoughMemoryError, match="too large"):
        workspace.model("cifar-resnet20")
    assert workspace.model("resnet18@random") is resnet18
    missing = held
    assert workspace.model("cifar-resnet20").key == "cifar-resnet20"
