"""Evaluation: the confusion matrix, and the command that prints it."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from actviz_core.models.cifar_resnet20 import checkpoints
from actviz_core.training.card import write_card
from actviz_core.training.data import LabelledPictures, read_pictures
from actviz_core.training.evaluate import accuracy, confusion_matrix, main, percent, report


class Fixed(nn.Module):
    """Answers with the class that the picture's first pixel was given."""

    def forward(self, x: Tensor) -> Tensor:
        first = (x[:, 0, 0, 0] * 0.2470 + 0.4914) * 255
        return nn.functional.one_hot(first.round().long(), 10).float()


def marked(guesses: list[int], labels: list[int]) -> LabelledPictures:
    images = torch.zeros(len(guesses), 3, 32, 32, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.tensor(guesses)
    return LabelledPictures(images, torch.tensor(labels), "marked")


def test_rows_are_true_classes_and_columns_are_answers() -> None:
    pictures = marked(guesses=[3, 5, 5, 0], labels=[3, 3, 5, 9])
    confusion = confusion_matrix(Fixed().train(), pictures, batch=3)
    expected = torch.zeros(10, 10, dtype=torch.int64)
    for true, answer in ((3, 3), (3, 5), (5, 5), (9, 0)):
        expected[true, answer] += 1
    assert torch.equal(confusion, expected)
    assert accuracy(confusion) == 0.5


def test_the_report_has_the_accuracy_and_a_row_a_class() -> None:
    confusion = confusion_matrix(Fixed(), marked(guesses=[3, 5, 5], labels=[3, 3, 5]))
    lines = report("final", "marked", confusion).splitlines()
    assert lines[0] == "cifar-resnet20@final on marked: 66.67% (2 of 3)"
    assert lines[3] == "            airpl autom  bird   cat  deer   dog  frog horse  ship truck"
    assert lines[7] == "        cat     0     0     0     1     0     1     0     0     0     0"
    assert len(lines) == 14


def test_percentages_have_two_decimals() -> None:
    assert [percent(share) for share in (0.9, 1.0, 0.12344)] == ["90.00%", "100.00%", "12.34%"]


def test_the_command_prints_what_the_checkpoint_gets_right(
    finished_run: Path,
    data_zip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = read_pictures(data_zip, train=False)
    write_card(finished_run, data, data, tmp_path)
    monkeypatch.setattr(checkpoints, "FOLDER", tmp_path)
    for name in ("final", "random"):
        assert main([str(data_zip), *([] if name == "final" else ["--weights", name])]) == 0
        confusion = confusion_matrix(checkpoints.load_checkpoint(name), data)
        assert capsys.readouterr().out == report(name, "tiny.zip", confusion) + "\n"


def test_the_command_gives_reasons_instead_of_tracebacks(
    data_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkpoints, "FOLDER", tmp_path)
    assert main([str(data_zip)]) == 2
    assert "evaluate: " in (message := capsys.readouterr().err)
    assert "manifest.json is missing" in message
