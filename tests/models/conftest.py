"""Folders of weights that tests may damage."""

import hashlib
import json
from pathlib import Path

import pytest
from safetensors.torch import save

from actviz_core.models.cifar_resnet20 import checkpoints
from actviz_core.models.cifar_resnet20.network import seeded_network
from actviz_core.models.own_weights import OwnWeights
from actviz_core.settings import Settings

CHECKPOINTS = {"random": 0.1, "epoch-1": 0.395, "epoch-5": 0.6853, "final": 0.9}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with empty folders for the app's data and for torch.hub."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return Settings(tmp_path / "data", images=None, models=(), cache_bytes=2**20, device="cpu")


@pytest.fixture
def store(tmp_path: Path) -> OwnWeights:
    """An empty folder for uploaded weights, with room for a million bytes."""
    return OwnWeights(tmp_path / "own-weights", 10**6)


@pytest.fixture
def checkpoint_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four checkpoints of seeded networks (seeds 0 to 3) in the place of the bundled ones."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    entries = []
    for seed, (name, accuracy) in enumerate(CHECKPOINTS.items()):
        content = save(seeded_network(seed).state_dict())
        (folder / f"{name}.safetensors").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        entries.append(
            {
                "name": name,
                "file": f"{name}.safetensors",
                "sha256": digest,
                "accuracy": {"clean": accuracy, "jpeg": 0.5},
            }
        )
    (folder / "manifest.json").write_text(json.dumps(entries))
    monkeypatch.setattr(checkpoints, "FOLDER", folder)
    return folder
