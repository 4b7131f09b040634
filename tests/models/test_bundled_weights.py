"""The weights that ship with the project: small, checked, in training order, and right about the pictures."""

import pytest
import torch

from actviz_core.models import list_weights, load_model
from actviz_core.models.cifar_resnet20.checkpoints import FOLDER, checkpoints
from actviz_core.models.cifar_resnet20.network import seeded_network
from actviz_core.samples import open_source
from actviz_core.settings import Settings
from actviz_core.training.evaluate import percent
from actviz_core.training.train import Recipe

NAMES = ["random", "epoch-1", "epoch-5", "final"]


def test_the_four_checkpoints_are_listed_in_training_order_ever_more_accurate(settings: Settings) -> None:
    listed = list_weights("cifar-resnet20", settings)
    assert [weights.name for weights in listed] == NAMES
    assert all(weights.ready for weights in listed)
    accuracies = [weights.accuracy or 0.0 for weights in listed]
    assert accuracies == sorted(accuracies)
    assert accuracies[0] < 0.2
    assert accuracies[-1] >= 0.88


def test_together_they_take_at_most_six_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 6_000_000


@pytest.mark.parametrize("name", NAMES)
def test_each_loads_after_its_check_with_its_own_key(name: str, settings: Settings) -> None:
    model = load_model(f"cifar-resnet20@{name}", settings=settings)
    assert model.key == ("cifar-resnet20" if name == "final" else f"cifar-resnet20@{name}")
    assert {parameter.dtype for parameter in model.module.parameters()} == {torch.float32}


def test_the_untrained_ones_are_the_recipes_seeded_start(settings: Settings) -> None:
    state = load_model("cifar-resnet20@random", settings=settings).module.state_dict()
    for name, value in seeded_network(Recipe.seed).state_dict().items():
        assert torch.allclose(state[name], value)


def test_at_least_17_of_the_20_bundled_pictures_are_right(settings: Settings) -> None:
    model, source = load_model("cifar-resnet20", settings=settings), open_source("bundled-cifar10", settings)
    samples = [source[index] for index in range(len(source))]
    with torch.inference_mode():
        answers = model.module(torch.cat([model.preprocess(sample.image) for sample in samples])).argmax(1)
    right = [model.classes[answer] == sample.label for answer, sample in zip(answers, samples, strict=True)]
    assert len(right) == 20
    assert sum(right) >= 17


def test_the_model_card_has_the_manifests_figures() -> None:
    text = (FOLDER / "MODEL_CARD.md").read_text(encoding="utf-8")
    for checkpoint in checkpoints():
        cells = " | ".join(percent(share) for share in checkpoint.accuracy.values())
        assert f"| `@{checkpoint.name}` | {cells} |" in text
