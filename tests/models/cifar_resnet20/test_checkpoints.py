"""Loading checkpoints: checked against the manifest, and named when they are not what it says."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from actviz_core.errors import UnknownModelError, WeightsError
from actviz_core.models.cifar_resnet20.checkpoints import Checkpoint, checkpoints, load_checkpoint
from actviz_core.models.cifar_resnet20.network import seeded_network


def test_the_manifest_gives_the_checkpoints_in_order(checkpoint_folder: Path) -> None:
    digest = hashlib.sha256((checkpoint_folder / "random.safetensors").read_bytes()).hexdigest()
    listed = checkpoints(checkpoint_folder)
    assert [checkpoint.name for checkpoint in listed] == ["random", "epoch-1", "epoch-5", "final"]
    assert listed[0] == Checkpoint("random", "random.safetensors", digest, {"clean": 0.1, "jpeg": 0.5})


def test_a_checkpoint_loads_bit_for_bit_in_eval_mode_without_random_numbers(checkpoint_folder: Path) -> None:
    random_state = torch.get_rng_state()
    network = load_checkpoint("final", checkpoint_folder)
    assert torch.equal(torch.get_rng_state(), random_state)
    expected = seeded_network(3).state_dict()
    assert list(network.state_dict()) == list(expected)
    assert all(torch.equal(value, expected[name]) for name, value in network.state_dict().items())
    assert not any(module.training for module in network.modules())


def test_an_unknown_name_gets_the_names_there_are(checkpoint_folder: Path) -> None:
    with pytest.raises(
        UnknownModelError, match=r"no weights 'epoch-9'\. It has: random, epoch-1, epoch-5, final"
    ):
        load_checkpoint("epoch-9", checkpoint_folder)


def test_a_missing_file_is_named_with_the_way_back(checkpoint_folder: Path) -> None:
    (checkpoint_folder / "final.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"final\.safetensors is missing .*git checkout -- actviz_core"):
        load_checkpoint("final", checkpoint_folder)


@pytest.mark.parametrize("damage", ["one bit", "cut", "another checkpoint"])
def test_an_altered_file_is_named_with_the_way_back(checkpoint_folder: Path, damage: str) -> None:
    file = checkpoint_folder / "final.safetensors"
    content = bytearray(file.read_bytes())
    if damage == "one bit":
        content[-1] ^= 1
    elif damage == "cut":
        del content[-100:]
    else:
        content = bytearray((checkpoint_folder / "random.safetensors").read_bytes())
    file.write_bytes(content)
    with pytest.raises(WeightsError, match=r"final\.safetensors was altered.*git checkout -- actviz_core"):
        load_checkpoint("final", checkpoint_folder)


@pytest.mark.parametrize(
    "content", [save({"conv1.weight": torch.zeros(16, 3, 3, 3)}), b"not safetensors at all"]
)
def test_listed_weights_of_something_else_do_not_fit(checkpoint_folder: Path, content: bytes) -> None:
    (checkpoint_folder / "final.safetensors").write_bytes(content)
    manifest = json.loads((checkpoint_folder / "manifest.json").read_text())
    manifest[-1]["sha256"] = hashlib.sha256(content).hexdigest()
    (checkpoint_folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(WeightsError, match=r"final\.safetensors does not fit the network"):
        load_checkpoint("final", checkpoint_folder)


@pytest.mark.parametrize("manifest", [None, "", "[]", "[1]", "{", '[{"name": "final"}]', "null"])
def test_a_damaged_manifest_is_named_with_the_way_back(checkpoint_folder: Path, manifest: str | None) -> None:
    if manifest is None:
        (checkpoint_folder / "manifest.json").unlink()
    else:
        (checkpoint_folder / "manifest.json").write_text(manifest)
    with pytest.raises(WeightsError, match=r"manifest\.json is missing or damaged .*git checkout"):
        load_checkpoint("final", checkpoint_folder)
