"""What was measured of the bundled weights, read back from the card that tells it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from actviz_core.errors import WeightsError
from actviz_core.models.cifar_resnet20.checkpoints import FOLDER, checkpoints
from actviz_core.models.cifar_resnet20.measured import epochs, measured, most_confused
from actviz_core.training.evaluate import report


def test_a_report_is_read_back_as_it_was_measured(tmp_path: Path) -> None:
    counts = torch.randint(0, 900, (10, 10), generator=torch.Generator().manual_seed(0))
    (tmp_path / "MODEL_CARD.md").write_text(f"# Card\n```\n{report('final', 'some.zip', counts)}\n```\n")
    (found,) = measured(tmp_path)
    assert (found.weights, found.pictures) == ("final", "some.zip")
    np.testing.assert_array_equal(found.confusion, counts.numpy())


def test_the_bundled_cards_matrices_agree_with_the_manifest() -> None:
    final = next(one for one in checkpoints() if one.name == "final")
    assert {one.pictures: one.right / one.total for one in measured()} == pytest.approx(final.accuracy)
    assert epochs()[-1].validation == pytest.approx(final.accuracy["lossless-4000.npz"], abs=1e-4)


def test_the_most_frequent_mistakes_are_off_the_diagonal() -> None:
    counts = np.zeros((10, 10), np.int64)
    counts[3, 3], counts[3, 5], counts[8, 0] = 90, 7, 9
    assert most_confused(counts, 2) == [("ship", "airplane", 9), ("cat", "dog", 7)]


@pytest.mark.parametrize(
    ("old", "new"),
    [("   367 ", "   366 "), ("        cat  ", "        dog  "), ("cifar-resnet20@final on", "")],
)
def test_a_card_that_does_not_add_up_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = (FOLDER / "MODEL_CARD.md").read_text()
    assert old in text
    (tmp_path / "MODEL_CARD.md").write_text(text.replace(old, new))
    with pytest.raises(WeightsError, match="git checkout"):
        measured(tmp_path)


def test_a_missing_card_or_log_is_told_with_what_to_do(tmp_path: Path) -> None:
    for read in (measured, epochs):
        with pytest.raises(WeightsError, match="git checkout"):
            read(tmp_path)
