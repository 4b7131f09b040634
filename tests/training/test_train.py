"""Training: what a run leaves, that it goes on after a kill, and what it refuses."""

import csv
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from actviz_core.errors import TrainingDataError
from actviz_core.models.cifar_resnet20.network import seeded_network
from actviz_core.training import train as training
from actviz_core.training.data import read_pictures
from actviz_core.training.train import Recipe, augment, main, read_recipe, train
from tests.training.conftest import RECIPE

WEIGHTS = ("random", "epoch-1", "epoch-5", "final")


def rows(run: Path) -> list[dict[str, str]]:
    """The log without the seconds, which differ from run to run."""
    with (run / "log.csv").open(newline="") as log:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(log)]


def test_a_run_leaves_its_checkpoints(finished_run: Path) -> None:
    assert {path.name for path in finished_run.iterdir()} == {
        *(f"{name}.safetensors" for name in WEIGHTS),
        "log.csv",
        "resume.pt",
    }
    states = {name: load_file(finished_run / f"{name}.safetensors") for name in WEIGHTS}
    start = seeded_network(RECIPE.seed).state_dict()
    assert all(torch.equal(states["random"][name], start[name]) for name in start)
    assert not torch.equal(states["epoch-1"]["conv1.weight"], start["conv1.weight"])
    assert all(torch.equal(states["final"][name], states["epoch-5"][name]) for name in start)
    floats = [value for name, value in states["final"].items() if not name.endswith("num_batches_tracked")]
    assert {value.dtype for value in floats} == {torch.float32}
    assert all(value.isfinite().all() for value in floats)


def test_the_log_has_a_row_an_epoch_and_the_network_learns(finished_run: Path) -> None:
    log = rows(finished_run)
    assert [int(row["epoch"]) for row in log] == [1, 2, 3, 4, 5]
    losses = [float(row["train_loss"]) for row in log]
    assert losses[-1] < losses[0]
    assert all(0 <= float(row["validation_accuracy"]) <= 1 for row in log)


@pytest.mark.parametrize("killed_in", ["_save_state", "confusion_matrix"])
def test_a_killed_run_goes_on_to_bit_equal_weights(
    finished_run: Path, data_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    """The kill comes in epoch 3: after its row of the log but before its state, or before both."""
    data = read_pictures(data_zip, train=True)
    real, calls = getattr(training, killed_in), []

    def kill(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt("killed")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, killed_in, kill)
        with pytest.raises(KeyboardInterrupt, match="killed"):
            train(RECIPE, data, data, tmp_path, show_progress=False)
    assert not (tmp_path / "final.safetensors").exists()
    train(RECIPE, data, data, tmp_path, show_progress=False)
    for name in WEIGHTS:
        file = f"{name}.safetensors"
        assert (tmp_path / file).read_bytes() == (finished_run / file).read_bytes()
    assert rows(tmp_path) == rows(finished_run)


def test_a_finished_run_is_not_trained_further(finished_run: Path, data_zip: Path) -> None:
    before = (finished_run / "final.safetensors").read_bytes()
    network = train(RECIPE, read_pictures(data_zip, train=True), None, finished_run, show_progress=False)
    assert (finished_run / "final.safetensors").read_bytes() == before
    assert len(rows(finished_run)) == 5
    assert not network.training


def test_a_run_is_not_resumed_with_another_recipe(finished_run: Path, data_zip: Path) -> None:
    data = read_pictures(data_zip, train=True)
    with pytest.raises(
        TrainingDataError, match=r"belongs to another recipe \(Recipe\(cycles=\(3, 2\), batch=20"
    ):
        train(Recipe(cycles=(6,), seed=3), data, None, finished_run, show_progress=False)
    assert read_recipe(finished_run / "resume.pt") == RECIPE


def test_a_damaged_state_is_named(finished_run: Path, data_zip: Path, tmp_path: Path) -> None:
    (tmp_path / "resume.pt").write_bytes((finished_run / "resume.pt").read_bytes()[:5000])
    with pytest.raises(TrainingDataError, match=r"resume\.pt is missing or damaged .*Remove it to start"):
        train(RECIPE, read_pictures(data_zip, train=True), None, tmp_path, show_progress=False)


def test_a_loss_that_is_not_finite_stops_the_run(
    data_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(seed: int) -> nn.Module:
        network = seeded_network(seed)
        nn.init.constant_(network.fc.bias, float("nan"))
        return network

    monkeypatch.setattr(training, "seeded_network", broken)
    with pytest.raises(TrainingDataError, match="The loss became nan in epoch 1"):
        train(RECIPE, read_pictures(data_zip, train=True), None, tmp_path, show_progress=False)


def test_augmentation_cuts_windows_and_mirrors_about_half() -> None:
    columns = torch.arange(40.0).expand(200, 3, 40, 40)
    position = torch.stack([columns, columns.transpose(2, 3)], 1)[:, :, 0]  # channels: column, row
    windows = augment(position, torch.Generator().manual_seed(0))
    assert windows.shape == (200, 2, 32, 32)
    column, row = windows[:, 0, 0], windows[:, 1, :, 0]
    steps = column.diff(dim=1)
    mirrored = steps[:, 0] < 0
    assert 70 < int(mirrored.sum()) < 130
    assert torch.equal(steps, torch.where(mirrored, -1.0, 1.0).view(-1, 1).expand_as(steps))
    assert torch.equal(row.diff(dim=1), torch.ones(200, 31))
    assert _offsets(column) == _offsets(row) == set(range(9))


def _offsets(window: Tensor) -> set[int]:
    return {int(value) for value in window.amin(1)}


def test_the_learning_rate_rises_to_its_peak_then_falls_to_zero() -> None:
    recipe = Recipe(cycles=(10,), peak_learning_rate=0.2, warmup_epochs=2)
    rates = [recipe.learning_rate(step, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[19] == rates[20] == pytest.approx(0.2)
    assert rates[60] == pytest.approx(0.1)
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[99] < 0.001


def test_each_further_cycle_begins_anew_with_half_the_peak() -> None:
    recipe = Recipe(cycles=(4, 6, 3), peak_learning_rate=0.2, warmup_epochs=1)
    rates = [recipe.learning_rate(step, 10) for step in range(10 * recipe.epochs)]
    alone = [Recipe(cycles=(epochs,), warmup_epochs=1) for epochs in recipe.cycles]
    expected = [
        cycle.learning_rate(step, 10) / 2**number
        for number, cycle in enumerate(alone)
        for step in range(10 * cycle.epochs)
    ]
    assert rates == pytest.approx(expected)
    assert max(rates[40:100]) == pytest.approx(0.1)


def test_the_command_trains_and_says_where_the_weights_are(
    data_zip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "names.txt").write_text("cat/0.png\ndog/1.png\n")
    run, names = tmp_path / "run", tmp_path / "names.txt"
    arguments = ["--data", data_zip, "--exclude", names, "--validation", data_zip, "--out", run]
    assert main([*map(str, arguments), "--cycles", "1", "--seed", "8"]) == 0
    assert "38 pictures to train on, 40 to measure on" in capsys.readouterr().out
    assert read_recipe(run / "resume.pt") == Recipe(cycles=(1,), seed=8)
    assert (run / "final.safetensors").is_file()


def test_the_command_gives_the_reason_before_it_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path / "gone.zip"), "--out", str(tmp_path / "run")]) == 2
    assert "gone.zip does not exist" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
