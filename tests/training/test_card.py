"""The model card: the weights, manifest and figures that come out of a finished run."""

import csv
import hashlib
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from actviz_core.models.cifar_resnet20 import checkpoints
from actviz_core.training import card
from actviz_core.training.card import main
from actviz_core.training.curve import learning_curve
from actviz_core.training.evaluate import main as evaluate
from tests.training.conftest import write_zip

NAMES = ["random", "epoch-1", "epoch-5", "final"]


@pytest.fixture(scope="module")
def sets(data_zip: Path, pictures: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The forty pictures, and a smaller set made of every second one."""
    half = write_zip(tmp_path_factory.mktemp("half") / "half.zip", dict(list(pictures.items())[::2]))
    return [data_zip, half]


@pytest.fixture(scope="module")
def bundle(finished_run: Path, sets: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command makes of the finished run."""
    out = tmp_path_factory.mktemp("card") / "weights"
    assert main(_arguments(finished_run, sets, out)) == 0
    return out


def _arguments(run: Path, sets: list[Path], out: Path) -> list[str]:
    return [*map(str, ["--run", run, "--lossless", sets[0], "--test", sets[1], "--out", out])]


def test_the_runs_weights_are_copied_and_listed_in_training_order(bundle: Path, finished_run: Path) -> None:
    listed = checkpoints.checkpoints(bundle)
    assert [checkpoint.name for checkpoint in listed] == NAMES
    for checkpoint in listed:
        content = (bundle / checkpoint.file).read_bytes()
        assert content == (finished_run / checkpoint.file).read_bytes()
        assert checkpoint.sha256 == hashlib.sha256(content).hexdigest()
        assert list(checkpoint.accuracy) == ["tiny.zip", "half.zip"]
    assert (bundle / "log.csv").read_text() == (finished_run / "log.csv").read_text()
    assert {path.suffix for path in bundle.iterdir()} == {".safetensors", ".json", ".csv", ".svg", ".md"}


def test_the_cards_figures_are_those_that_evaluate_prints(
    bundle: Path, sets: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkpoints, "FOLDER", bundle)
    text = (bundle / "MODEL_CARD.md").read_text()
    for checkpoint in checkpoints.checkpoints(bundle):
        cells = []
        for pictures in sets:
            assert evaluate([str(pictures), "--weights", checkpoint.name]) == 0
            printed = capsys.readouterr().out
            cells.append(printed.splitlines()[0].split(": ")[1].split(" ")[0])
            assert cells[-1] == f"{checkpoint.accuracy[pictures.name]:.2%}"
            if checkpoint.name == "final":
                assert f"```\n{printed}```" in text
        assert f"| `@{checkpoint.name}` | {cells[0]} | {cells[1]} |" in text


def test_the_card_has_the_recipe_of_the_run(bundle: Path) -> None:
    text = (bundle / "MODEL_CARD.md").read_text()
    assert "- seed 3; He-normal" in text
    assert "- 5 epochs, batches of 20" in text
    assert "in cycles of 3 and 2 epochs: 1 epochs of linear warm-up" in text
    assert "--cycles 3 2 --seed 3" in text
    assert "`tiny.zip`: 40 pictures" in text
    assert "`half.zip`: 20 pictures" in text
    assert "269,722 parameters" in text
    assert "{" not in text


def test_making_the_card_again_changes_no_byte(
    bundle: Path, finished_run: Path, sets: list[Path], tmp_path: Path
) -> None:
    assert main(_arguments(finished_run, sets, tmp_path)) == 0
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        p.name: p.read_bytes() for p in bundle.iterdir()
    }


def test_the_curve_is_an_svg_with_a_line_a_set(bundle: Path) -> None:
    text = (bundle / "curve.svg").read_text()
    assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 - a file made just now by this project
    for label in ("tiny.zip (never trained on)", "training pictures, augmented", "epoch", "accuracy, %"):
        assert f">{label}</text>" in text
    with (bundle / "log.csv").open(newline="") as log:
        assert learning_curve(list(csv.DictReader(log)), "tiny.zip") == text.encode()


def test_a_run_that_was_not_measured_has_a_curve_of_its_training_only() -> None:
    log = [{"epoch": str(n), "train_accuracy": "0.5", "validation_accuracy": ""} for n in (1, 2)]
    assert b"training pictures" in learning_curve(log, "none")


def test_an_unfinished_run_changes_nothing(
    finished_run: Path, sets: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    for name in ("resume.pt", "log.csv", "random.safetensors"):
        (run / name).write_bytes((finished_run / name).read_bytes())
    assert main(_arguments(run, sets, out)) == 2
    assert "is not a finished run" in (message := capsys.readouterr().err)
    assert "epoch-1.safetensors" in message
    assert not out.exists()


def test_without_matplotlib_it_says_what_to_install(
    finished_run: Path,
    sets: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(_arguments(finished_run, sets, tmp_path / "out")) == 2
    assert "pip install matplotlib" in capsys.readouterr().err


def test_a_failure_leaves_the_old_files_as_they_were(
    bundle: Path, finished_run: Path, sets: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "manifest.json").write_text("old")

    def fail(*_: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr(card, "report", fail)
    assert main(_arguments(finished_run, sets, tmp_path)) == 2
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"manifest.json": "old"}
    assert len(json.loads((bundle / "manifest.json").read_text())) == 4
