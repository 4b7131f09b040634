"""Uploaded weights by their model key: loaded, listed, found again after a restart, gone when deleted."""

import io

import pytest
import torch

from actviz_core.errors import UnknownModelError, WeightsError
from actviz_core.models import canonical_key, list_weights, load_model
from actviz_core.models.own_entry import OwnEntry
from actviz_core.models.own_weights import OwnWeights
from actviz_core.models.registry import find_network, likely_models
from actviz_core.models.uploaded import own_weights
from actviz_core.settings import Settings
from actviz_core.weights.state_dicts import StateDict
from tests.weights.reading import read_here


def trained(name: str, settings: Settings) -> dict[str, torch.Tensor]:
    """Weights that are nobody's: the untrained ones, each a little larger."""
    state = load_model(f"{name}@random", settings=settings).module.state_dict()
    return {key: value + 0.25 if value.is_floating_point() else value.clone() for key, value in state.items()}


def upload_of(state: dict[str, torch.Tensor]) -> StateDict:
    content = io.BytesIO()
    torch.save({"state_dict": {f"module.{name}": value for name, value in state.items()}}, content)
    return read_here(content.getvalue(), "ours.pt")


def add(upload: StateDict, name: str, settings: Settings) -> OwnEntry:
    return own_weights(settings).add(
        upload, name, find_network(name, settings)[0].on_meta_device(settings).module
    )


@pytest.mark.parametrize("name", ["cifar-resnet20", "resnet18", "vit_b_16"])
def test_an_uploaded_state_dict_is_a_model_key_that_loads_exactly_these_weights(
    name: str, settings: Settings
) -> None:
    state = trained(name, settings)
    entry = add(upload_of(state), name, settings)
    key = f"{name}@{entry.sha256[:12]}"
    model = load_model(key, settings=settings)
    assert model.key == key == canonical_key(key, settings)
    loaded = model.module.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(value, state[tensor]) for tensor, value in loaded.items())
    assert model.fingerprint != load_model(f"{name}@random", settings=settings).fingerprint
    assert "ours" in model.note
    last = list_weights(name, settings)[-1]
    assert (last.key, last.title, last.ready) == (key, "ours.pt (uploaded)", True)


def test_another_process_finds_them_and_deleting_ends_the_link(settings: Settings) -> None:
    entry = add(upload_of(trained("cifar-resnet20", settings)), "cifar-resnet20", settings)
    OwnWeights(settings.data / "own-weights", settings.weights_bytes).delete(entry)
    with pytest.raises(
        UnknownModelError, match=r"no uploaded weights cifar-resnet20@.*Upload the file again"
    ):
        load_model(entry.key, settings=settings)
    assert entry.key not in [info.key for info in list_weights("cifar-resnet20", settings)]


def test_a_stored_file_that_was_altered_is_named(settings: Settings) -> None:
    entry = add(upload_of(trained("cifar-resnet20", settings)), "cifar-resnet20", settings)
    (stored,) = (settings.data / "own-weights").rglob("*.safetensors")
    content = bytearray(stored.read_bytes())
    content[-1] ^= 1
    stored.write_bytes(content)
    with pytest.raises(WeightsError, match=stored.name):
        load_model(entry.key, settings=settings)


def test_weights_of_another_network_are_recognised(settings: Settings) -> None:
    state = trained("resnet34", settings)
    assert likely_models(state, settings) == ["resnet34"]
    del state["fc.bias"]
    assert likely_models(state, settings) == []
