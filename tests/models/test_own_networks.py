"""The team's own networks: what builders may return, and messages for those that can't be used."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from actviz_core.errors import UnknownModelError, WeightsError
from actviz_core.models import (
    Model,
    Origin,
    Preprocess,
    canonical_key,
    list_models,
    list_weights,
    load_model,
)
from actviz_core.settings import Settings
from actviz_core.tasks import Task
from tests.models import team_builders

HERE = "tests.models.team_builders"
Load = Callable[[str], Model]


@pytest.fixture
def load(settings: Settings) -> Load:
    """Loads what a builder makes, as if ACTVIZ_MODELS named it."""

    def load_named(name: str) -> Model:
        key = name if ":" in name or not name else f"{HERE}:{name}"
        return load_model(key, settings=replace(settings, models=("other:net", key)))

    return load_named


def test_a_module_alone_is_given_imagenets_preprocessing_and_says_so(load: Load) -> None:
    model = load("module_alone")
    assert model.key == f"{HERE}:module_alone"
    assert (model.classes, model.task) == ((), Task.CLASSIFICATION)
    imagenet = Preprocess((224, 224), (256,), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert model.preprocess == imagenet
    assert "gives no preprocessing: 224 x 224 pixels" in model.note
    assert not model.module.training


def test_a_tuple_brings_preprocessing_and_classes(load: Load) -> None:
    model = load("with_all")
    assert (model.preprocess, model.classes, model.note) == (
        team_builders.PREPROCESS,
        ("ant", "bee", "cat"),
        "",
    )


def test_an_object_brings_what_it_has(load: Load) -> None:
    model = load("an_object")
    assert (model.preprocess.size, model.preprocess.resize) == ((224, 224), (256,))
    assert (model.classes, model.task) == (("ant", "bee", "cat"), Task.SEGMENTATION)
    assert load("another_object").classes == ("ant",)


def test_a_class_is_a_builder_and_so_is_a_function_with_defaults(load: Load) -> None:
    assert isinstance(load("Small").module, team_builders.Small)
    assert isinstance(load("with_optional").module, team_builders.Small)


@pytest.mark.parametrize("name", ["module_alone", "NoParameters", "half_precision"])
def test_the_fingerprint_is_the_same_every_time(load: Load, name: str) -> None:
    assert load(name).fingerprint == load(name).fingerprint


def test_networks_without_parameters_are_told_apart(load: Load) -> None:
    assert load("NoParameters").fingerprint != load("torch.nn:Identity").fingerprint


def test_modes_and_precision_are_the_builders(load: Load) -> None:
    module = load("half_precision").module
    assert module.get_parameter("conv.weight").dtype is torch.bfloat16
    assert not module.training


def test_random_values_are_repeatable_and_a_builders_own_seed_counts(load: Load) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(99)
        expected = nn.Conv2d(3, 3, 3).weight
    before = torch.get_rng_state()
    assert torch.equal(load("own_seed").module.get_parameter("conv.weight"), expected)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("with_required", "without arguments: missing a required argument: 'width'. Wrap it"),
        ("raises", "failed while it built the network: FileNotFoundError: no weights at /team/net.pt"),
        ("exits", "failed while it built the network: SystemExit: 2"),
        ("returns_nothing", "returned NoneType, not a torch.nn.Module"),
        ("returns_a_pair", "returned a tuple of 2, not a torch.nn.Module"),
        ("returns_the_class", "returned type, not a torch.nn.Module"),
        ("wrong_preprocess", "preprocessing that cannot be used: Compose is not .*weights.transforms()"),
        ("wrong_classes", r"classes that are not a list of names: \[1, 2, 3\]"),
        ("one_string_as_classes", "classes that are not a list of names: 'ant'"),
        ("wrong_task", "wrong task: 'detection' is not a valid Task. There are classification, segmentation"),
        ("lazy", "whose weight has no values yet; run it once in the builder"),
        ("on_meta", "whose conv.weight has no values yet"),
        ("NUMBER", "is a int, not a function that builds a network"),
        ("missing", "cannot be imported: AttributeError: .*has no attribute 'missing'"),
        ("no_such_package.nets:small", "cannot be imported: ModuleNotFoundError.*PYTHONPATH"),
        ("resnet18:", "'resnet18:' in ACTVIZ_MODELS is not of the form package.module:function"),
    ],
)
def test_what_cannot_be_used_says_why(load: Load, name: str, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        load(name)


@pytest.mark.parametrize(("content", "reason"), [("1 / 0", "ZeroDivisionError"), ("def", "SyntaxError")])
def test_a_module_that_fails_while_it_is_imported_says_why(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, reason: str
) -> None:
    (tmp_path / f"team_{reason}.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(WeightsError, match=f"team_{reason}:net cannot be imported: {reason}"):
        load(f"team_{reason}:net")


def test_the_other_networks_are_listed_and_work_beside_a_broken_one(settings: Settings) -> None:
    broken = f"{HERE}:raises"
    settings = replace(settings, models=(broken, "nonsense", f"{HERE}:with_all"))
    own = [info for info in list_models(settings) if info.origin is Origin.OWN]
    assert [(info.name, info.title) for info in own] == [
        (broken, "raises"),
        ("nonsense", "nonsense"),
        (f"{HERE}:with_all", "with_all"),
    ]
    assert own[0].family == "Your networks"
    (weights,) = list_weights(broken, settings)
    assert (weights.key, weights.ready, weights.bytes) == (broken, True, 0)
    assert canonical_key(f"{broken}@built", settings) == broken
    with pytest.raises(WeightsError, match="'nonsense' in ACTVIZ_MODELS is not of the form"):
        load_model("nonsense", settings=settings)
    assert load_model(f"{HERE}:with_all", settings=settings).classes == ("ant", "bee", "cat")


def test_only_what_the_server_was_started_with_can_be_loaded(settings: Settings) -> None:
    with pytest.raises(UnknownModelError, match=f"There is no model '{HERE}:Small'"):
        load_model(f"{HERE}:Small", settings=settings)


def test_keys_without_settings_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTVIZ_MODELS", f"{HERE}:Small")
    monkeypatch.setenv("ACTVIZ_DEVICE", "cpu")
    assert canonical_key(f"{HERE}:Small") == f"{HERE}:Small"
    monkeypatch.delenv("ACTVIZ_MODELS")
    with pytest.raises(UnknownModelError, match="There is no model"):
        canonical_key(f"{HERE}:Small")
