"""Answers to all pictures of a source: the same as one by one, in the background, shared and bounded."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from actviz_core.errors import ModelFailedError
from actviz_core.models import Model, load_model
from actviz_core.samples import Source, open_source
from actviz_core.samples.source import ArraySource
from actviz_core.system.jobs import JobState
from actviz_core.workspace import answer_sheets
from actviz_core.workspace.answer_sheets import NO_ANSWER, AnswerSheets, why_not_judged
from tests.pages.truth import said_classes
from tests.toy_models import CountedNet, Fails, model_of


def pictures(
    labels: list[int], *, key: str = "toys", classes: tuple[str, ...] = ("Ant", "bee", "dog")
) -> Source:
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 8, 8, 3), np.uint8)
    return ArraySource(key, "Toys", classes, labels, pixels)


def sheets(model: Model, source: Source) -> AnswerSheets:
    return AnswerSheets(lambda _key: model, lambda _key: source)


def test_the_bundled_pictures_get_the_answers_that_they_get_one_by_one() -> None:
    model, source = load_model("cifar-resnet20"), open_source("bundled-cifar10")
    found = sheets(model, source)
    assert found.find(model, source) is None
    assert found.start(model, source).wait(120).state is JobState.DONE
    sheet = found.find(model, source)
    assert sheet is not None
    one_by_one = [said_classes(f"bundled-cifar10/{index}")[0][0] for index in range(len(source))]
    assert list(sheet.said) == one_by_one
    expected = [answer != source.label(index) for index, answer in enumerate(one_by_one)]
    assert sheet.wrong.tolist() == expected
    assert sheet.judged.all()


class Says(nn.Module):
    """Answers the pictures of a batch by their first red value: over one half, the first class."""

    def forward(self, x: Tensor) -> Tensor:
        high = (x[:, 0, 0, 0] > 0).float()
        return torch.stack([high, 1 - high, torch.full_like(high, -1)], 1)


class Ties(nn.Module):
    """Gives every class the same, or no number at all."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.score = score

    def forward(self, x: Tensor) -> Tensor:
        return torch.full((len(x), 3), self.score)


def test_only_pictures_whose_label_is_a_class_are_judged_and_case_makes_no_difference() -> None:
    model, source = model_of(Says(), fingerprint="says"), pictures([0, 1, 2, -1, 0])
    found = sheets(model, source)
    found.start(model, source).wait(60)
    sheet = found.find(model, source)
    assert sheet is not None
    assert sheet.judged.tolist() == [True, True, False, False, True]
    labels = ["ant", "bee", "", "", "ant"]
    wrong = [label != "" and label != answer for label, answer in zip(labels, sheet.said, strict=True)]
    assert sheet.wrong.tolist() == wrong


@pytest.mark.parametrize("score", [1.0, float("nan"), float("-inf")])
def test_ties_and_values_that_are_no_numbers_are_no_answer(score: float) -> None:
    model, source = model_of(Ties(score), fingerprint=f"ties{score}"), pictures([0, 1])
    found = sheets(model, source)
    found.start(model, source).wait(60)
    sheet = found.find(model, source)
    assert sheet is not None
    assert sheet.said == (NO_ANSWER, NO_ANSWER)
    assert sheet.wrong.all()


def test_of_a_large_source_only_the_first_pictures_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_sheets, "MOST_PICTURES", 3)
    model, source = model_of(Ties(0), fingerprint="few"), pictures([0] * 5)
    found = sheets(model, source)
    found.start(model, source).wait(60)
    sheet = found.find(model, source)
    assert sheet is not None
    assert len(sheet.said) == 3
    assert sheet.judged.tolist() == [True, True, True, False, False]
    assert not sheet.wrong[3:].any()


def test_who_asks_meanwhile_joins_and_a_cancelled_job_leaves_nothing() -> None:
    network = CountedNet()
    network.gate.clear()
    model, source = model_of(network, fingerprint="gated"), pictures([0, 1, 2])
    found = sheets(model, source)
    job = found.start(model, source)
    assert found.start(model, source) is job
    assert found.job(model, source) is job
    job.cancel()
    network.gate.set()
    assert not job.wait(60).running
    assert found.find(model, source) is None


def test_not_more_than_a_few_may_wait() -> None:
    network = CountedNet()
    network.gate.clear()
    source = pictures([0])
    models = [model_of(network, key=f"toy{n}") for n in range(answer_sheets.MOST_WAITING + 1)]
    found = sheets(models[0], source)
    jobs = [found.start(model, source) for model in models[:-1]]
    with pytest.raises(ModelFailedError, match="Try again later"):
        found.start(models[-1], source)
    network.gate.set()
    assert all(job.wait(60).state is JobState.DONE for job in jobs)
    assert found.start(models[-1], source).wait(60).state is JobState.DONE


def test_a_network_that_fails_says_so_and_can_be_asked_again() -> None:
    model, source = model_of(Fails(), fingerprint="fails"), pictures([0])
    found = sheets(model, source)
    status = found.start(model, source).wait(60)
    assert status.state is JobState.FAILED
    assert "toy could not process pictures of toys: mat1" in (status.error or "")
    assert found.start(model, source).wait(60).state is JobState.FAILED


def test_a_folder_that_changed_is_another_source() -> None:
    model, before, after = model_of(Says(), fingerprint="says"), pictures([0]), pictures([0])
    found = sheets(model, before)
    found.start(model, before).wait(60)
    assert found.find(model, before) is not None
    assert found.find(model, after) is None


def test_sheets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_sheets, "KEPT", 2)
    source = pictures([0])
    networks = {f"toy{n}": model_of(Says(), key=f"toy{n}", fingerprint=f"toy{n}") for n in range(3)}
    found = AnswerSheets(networks.__getitem__, lambda _key: source)
    for model in networks.values():
        found.start(model, source).wait(60)
    there = [found.find(model, source) is not None for model in networks.values()]
    assert there == [False, True, True]


def test_right_and_wrong_need_a_label_that_is_a_class() -> None:
    model = model_of(Says())
    assert why_not_judged(model, pictures([0])) == ""
    assert "No label" in why_not_judged(model, pictures([0], classes=("house",)))


def test_modules_are_left_in_their_mode() -> None:
    network = CountedNet()
    model, source = model_of(network, fingerprint="mode"), pictures([0, 1])
    network.train()
    sheets(model, source).start(model, source).wait(60)
    assert all(module.training for module in network.modules())
