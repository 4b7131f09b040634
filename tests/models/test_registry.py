"""Model keys: what there is, what they mean, and messages for those that mean nothing."""

import re
import subprocess
import sys
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
import torch
import torchvision

from actviz_core.errors import UnknownModelError, WeightsError
from actviz_core.models import (
    Origin,
    canonical_key,
    find_weights_download,
    list_models,
    list_weights,
    load_model,
    start_weights_download,
)
from actviz_core.models.cifar_resnet20.network import seeded_network
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_bundled_network_comes_first_then_the_teams_then_all_of_torchvision(settings: Settings) -> None:
    listed = list_models(replace(settings, models=("team.nets:small",)))
    assert [(m.name, m.family, m.origin) for m in listed[:2]] == [
        ("cifar-resnet20", "Bundled", Origin.BUNDLED),
        ("team.nets:small", "Your networks", Origin.OWN),
    ]
    of_torchvision = [m for m in listed if m.origin is Origin.TORCHVISION]
    own = torchvision.models
    names = [*own.list_models(module=own), *own.list_models(module=own.segmentation)]
    assert len(names) == 86
    assert sorted(m.name for m in of_torchvision) == sorted(names)
    assert [m.name for m in of_torchvision if m.family == "ResNet"] == [
        f"resnet{layers}" for layers in (18, 34, 50, 101, 152)
    ]


def test_every_network_of_torchvision_has_a_family_and_each_family_is_in_one_piece(
    settings: Settings,
) -> None:
    families = [m.family for m in list_models(settings) if m.origin is Origin.TORCHVISION]
    pieces = [family for family, _ in groupby(families)]
    assert pieces == [
        *("AlexNet", "ConvNeXt", "DenseNet", "EfficientNet", "GoogLeNet", "Inception", "MaxViT", "MNASNet"),
        *("MobileNet", "RegNet", "ResNet", "ResNeXt", "ShuffleNet", "SqueezeNet", "Swin", "VGG", "ViT"),
        *("Wide ResNet", "Segmentation"),
    ]
    assert families.count("Segmentation") == 6


def test_listing_builds_no_network(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*_: object, **__: object) -> None:
        raise AssertionError("a module was built")

    monkeypatch.setattr(torch.nn.Module, "__init__", build)
    names = [model.name for model in list_models(settings)]
    assert sum(len(list_weights(name, settings)) for name in names if not name.startswith("timm/")) > 200


def test_checkpoints_are_listed_in_training_order_with_their_accuracy(
    checkpoint_folder: Path, settings: Settings
) -> None:
    (checkpoint_folder / "epoch-1.safetensors").unlink()
    listed = list_weights("cifar-resnet20", settings)
    assert [(w.name, w.key) for w in listed] == [
        ("random", "cifar-resnet20@random"),
        ("epoch-1", "cifar-resnet20@epoch-1"),
        ("epoch-5", "cifar-resnet20@epoch-5"),
        ("final", "cifar-resnet20"),
    ]
    assert [w.title.replace("\xa0", " ") for w in listed] == [
        "random (untrained), 10.0 %",
        "epoch 1, 39.5 %",
        "epoch 5, 68.5 %",
        "final, 90.0 %",
    ]
    assert [w.accuracy for w in listed] == [0.1, 0.395, 0.6853, 0.9]
    assert [w.ready for w in listed] == [True, False, True, True]
    assert listed[3].bytes == (checkpoint_folder / "final.safetensors").stat().st_size


@pytest.mark.parametrize(
    ("key", "canonical"),
    [
        ("cifar-resnet20", "cifar-resnet20"),
        ("cifar-resnet20@final", "cifar-resnet20"),
        ("cifar-resnet20@epoch-1", "cifar-resnet20@epoch-1"),
        ("resnet50", "resnet50"),
        ("resnet50@IMAGENET1K_V2", "resnet50"),
        ("resnet50@IMAGENET1K_V1", "resnet50@IMAGENET1K_V1"),
        ("resnet18@random", "resnet18@random"),
    ],
)
@pytest.mark.usefixtures("checkpoint_folder")
def test_a_key_has_one_canonical_form(key: str, canonical: str) -> None:
    assert canonical_key(key) == canonical == canonical_key(canonical)


@pytest.mark.usefixtures("checkpoint_folder")
def test_loading_gives_the_network_with_all_that_belongs_to_it(settings: Settings) -> None:
    model = load_model("cifar-resnet20@final", settings=settings)
    assert (model.key, model.classes, model.device) == ("cifar-resnet20", CLASSES, torch.device("cpu"))
    assert model.fingerprint == load_model("cifar-resnet20", settings=settings).fingerprint
    assert not any(module.training for module in model.module.modules())
    expected = seeded_network(3).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in model.module.state_dict().items())


@pytest.mark.usefixtures("checkpoint_folder")
def test_every_checkpoint_has_its_own_fingerprint(settings: Settings) -> None:
    keys = [weights.key for weights in list_weights("cifar-resnet20", settings)]
    assert len({load_model(key, settings=settings).fingerprint for key in keys}) == 4


def test_the_network_runs_on_the_settings_device(checkpoint_folder: Path, tmp_path: Path) -> None:
    settings = Settings(tmp_path, images=None, models=(), cache_bytes=2**20, device="meta")
    model = load_model("cifar-resnet20", settings=settings)
    assert {parameter.device.type for parameter in model.module.parameters()} == {"meta"}
    assert (checkpoint_folder / "final.safetensors").is_file()
    on_cpu = Settings(tmp_path, images=None, models=(), cache_bytes=2**20, device="cpu")
    assert model.fingerprint == load_model("cifar-resnet20", settings=on_cpu).fingerprint


# A process of its own: threads that other tests left behind may move the global random state.
LOADING_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor

import torch

from actviz_core import load_model

keys = ["cifar-resnet20", "cifar-resnet20@random", "resnet18@random"] * 3
random_state = torch.get_rng_state()
with ThreadPoolExecutor(9) as threads:
    models = list(threads.map(load_model, keys))
assert torch.equal(torch.get_rng_state(), random_state)
assert [model.key for model in models] == keys
assert len({model.fingerprint for model in models}) == 3
assert len({id(model.module) for model in models}) == 9
print("all is well")
"""


def test_many_threads_load_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING_AT_ONCE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("all is well\n", 0), done.stderr


@pytest.mark.parametrize("key", ["cifar-resnet20!layer1.0.conv1:5*0", "cifar-resnet20@final!x", "resnet18!"])
def test_a_key_with_edits_is_no_models(key: str, settings: Settings) -> None:
    base = key.partition("!")[0]
    for ask in (load_model, canonical_key):
        with pytest.raises(
            UnknownModelError, match=rf"There is no model '{re.escape(key)}'. Closest: {base};"
        ):
            ask(key, settings=settings)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("resnet19", "no model 'resnet19'. Closest: resnet18"),
        ("ResNet50", "no model 'ResNet50'. Closest: resnet50"),
        ("cifar_resnet20@final", "Closest: cifar-resnet20"),
        ("zebra", "no model 'zebra'. Closest: [a-z0-9_]+, [a-z0-9_]+, [a-z0-9_]+"),
        ("effcientnet_b3", "Closest: efficientnet_b3"),
        ("fcn_resnet5", "Closest: fcn_resnet50"),
        ("", "no model ''"),
    ],
)
def test_an_unknown_name_gets_the_closest_ones(key: str, message: str, settings: Settings) -> None:
    with pytest.raises(UnknownModelError, match=message):
        load_model(key, settings=settings)
    with pytest.raises(UnknownModelError, match=message.split("'")[0]):
        list_weights(key.partition("@")[0], settings)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("cifar-resnet20@epoch-2", "no weights 'epoch-2'.*@random, cifar-resnet20@epoch-1, .*@final"),
        (
            "resnet50@IMAGENET1K_V3",
            "no weights 'IMAGENET1K_V3'.*resnet50@random, .*V1, resnet50@IMAGENET1K_V2",
        ),
        ("resnet18@", "resnet18 has no weights ''"),
    ],
)
@pytest.mark.usefixtures("checkpoint_folder")
def test_unknown_weights_get_those_there_are(key: str, message: str, settings: Settings) -> None:
    with pytest.raises(UnknownModelError, match=message):
        load_model(key, settings=settings)
    with pytest.raises(UnknownModelError, match=message):
        canonical_key(key)


@pytest.mark.parametrize("key", ["cifar-resnet20", "cifar-resnet20@random", "resnet34@random"])
@pytest.mark.usefixtures("checkpoint_folder")
def test_what_comes_with_the_app_has_no_download(key: str, settings: Settings) -> None:
    with pytest.raises(WeightsError, match=f"{key} needs no download"):
        start_weights_download(key, settings)
    assert find_weights_download(key) is None
    assert load_model(key, settings=settings, download=True).key == key


def test_a_damaged_checkpoint_is_an_error_not_another_network(
    checkpoint_folder: Path, settings: Settings
) -> None:
    file = checkpoint_folder / "final.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(WeightsError, match=r"final\.safetensors was altered"):
        load_model("cifar-resnet20", settings=settings)
