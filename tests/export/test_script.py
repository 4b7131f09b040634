"""Replay scripts find the exported values again, or say what differs."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torchvision
from PIL import Image
from torch import Tensor

from actviz_core import capture, load_model, open_sample
from actviz_core.board import Panel
from actviz_core.errors import UnknownImageError
from actviz_core.export import Provenance, Run, replay_script, value_names, values_npz
from actviz_core.samples import Sample
from actviz_core.samples.variants import vary

PROJECT = Path(__file__).parents[2]


def exported(folder: Path, *runs: Run) -> dict[str, Tensor]:
    """Put the script and the NPZ of some runs into a folder, as the app would, and return the values."""
    panels = [Panel(run.model.key, run.image_id, call) for run in runs for call in run.calls]
    captured = [
        capture(run.model.module, run.model.preprocess(open_sample(run.image_id).image), [call], steps=True)[
            call
        ]
        for run in runs
        for call in run.calls
    ]
    values = dict(zip(value_names(panels), captured, strict=True))
    told = [Provenance.of(run.model, run.image_id, run.calls) for run in runs]
    (folder / "values.npz").write_bytes(values_npz(values, told))
    (folder / "replay.py").write_text(replay_script(runs, npz_name="values.npz"))
    return values


def replayed(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in a process of its own, from its own folder."""
    return subprocess.run(
        [sys.executable, "replay.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "ACTVIZ_DEVICE": "cpu"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("key", "image_id", "calls"),
    [
        ("cifar-resnet20", "bundled-cifar10/3", ("layer1.0.conv1", "layer3.2.relu2")),
        ("resnet18@random", "bundled-imagenet/2", ("bn1", "layer1.0.relu#2", "layer4.0.conv1", "")),
        ("cifar-resnet20@epoch-1", "bundled-cifar10/0~mirror", ("layer2.0.shortcut",)),
        ("cifar-resnet20", "patterns/5~noise-0.2", ("conv1",)),
        ("resnet18@random", "bundled-cifar10/3", ("layer1.0/add#1", "layer1.0", "/flatten#1")),
    ],
)
def test_a_script_finds_the_same_bits(
    key: str, image_id: str, calls: tuple[str, ...], tmp_path: Path
) -> None:
    exported(tmp_path, Run(load_model(key), image_id, calls))
    done = replayed(tmp_path)
    assert done.stderr == ""
    assert done.stdout.count(": equal bit for bit\n") == len(calls)
    assert done.stdout.endswith(f"All {len(calls)} arrays equal values.npz, bit for bit.\n")
    assert done.returncode == 0


def test_a_board_with_several_networks_and_pictures_is_one_script(tmp_path: Path) -> None:
    trained, untrained = load_model("cifar-resnet20"), load_model("cifar-resnet20@random")
    values = exported(
        tmp_path,
        Run(untrained, "bundled-cifar10/0", ("conv1",)),
        Run(trained, "bundled-cifar10/0", ("conv1",)),
        Run(trained, "bundled-cifar10/0", ("layer1",)),
        Run(trained, "bundled-cifar10/0~mirror", ("conv1",)),
    )
    assert "cifar-resnet20@random,bundled-cifar10/0,conv1" in values
    text = (tmp_path / "replay.py").read_text()
    assert text.count("computed |= ") == 3  # one pass for both calls of the same network and picture
    done = replayed(tmp_path)
    assert done.stdout.endswith("All 4 arrays equal values.npz, bit for bit.\n")
    assert done.returncode == 0


def test_a_script_of_steps_says_that_it_needs_this_project_for_them(tmp_path: Path) -> None:
    untrained = load_model("resnet18@random")
    exported(tmp_path, Run(untrained, "bundled-cifar10/0", ("layer1.0/add#1",)))
    text = (tmp_path / "replay.py").read_text()
    assert "Hooks see no steps between layers: those are captured as the dashboard does." in text
    assert "register_forward_hook" not in text
    alone = replay_script([Run(untrained, "cifar10-test/0", ("layer1.0/add#1",))], npz_name="v.npz")
    assert "Its way to see steps comes from the activation dashboard: set PYTHONPATH" in alone
    both = Run(load_model("cifar-resnet20"), "bundled-cifar10/0", ("conv1",))
    exported(tmp_path, Run(untrained, "bundled-cifar10/0", ("layer1.0/add#1",)), both)
    assert replayed(tmp_path).stdout.endswith("All 2 arrays equal values.npz, bit for bit.\n")


def test_an_altered_value_is_found_and_measured(tmp_path: Path) -> None:
    run = Run(load_model("cifar-resnet20"), "bundled-cifar10/3", ("conv1",))
    values = exported(tmp_path, run)
    altered = values["conv1"].clone()
    altered[0, 2, 3, 4] += 0.25
    provenance = Provenance.of(run.model, run.image_id, run.calls)
    (tmp_path / "values.npz").write_bytes(values_npz({"conv1": altered}, provenance))
    done = replayed(tmp_path)
    assert "conv1 (1, 16, 32, 32): 1 of 16384 values differ, by at most 0.25" in done.stdout
    assert "Exported with python" in done.stdout
    assert done.returncode == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    exported(tmp_path, Run(load_model("cifar-resnet20"), "patterns/0", ("conv1",)))
    (tmp_path / "values.npz").unlink()
    done = replayed(tmp_path)
    assert "values.npz is not there" in done.stdout
    assert done.returncode == 2


@pytest.mark.parametrize("variant", ["", "mirror", "noise-0.1"])
def test_cifar10_comes_from_torchvision_and_so_do_its_variants(
    variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 32, 32, 3)).astype(np.uint8)

    def dataset(_root: Path, *, train: bool, download: bool) -> list[tuple[Image.Image, int]]:
        assert not train
        assert download
        return [(Image.fromarray(picture), 0) for picture in pixels]

    model = load_model("resnet18@random")
    sample = Sample("cifar10-test/42", Image.fromarray(pixels[42]), None)
    sample = vary(sample, variant) if variant else sample
    values = capture(model.module, model.preprocess(sample.image), ["layer1.0.conv1"])
    text = replay_script([Run(model, sample.id, tuple(values))], npz_name="v.npz")
    assert "actviz_core" not in text
    assert "picture = middle(picture, longest=8)" in text  # as the app does before resizing
    (tmp_path / "v.npz").write_bytes(values_npz(dict(values), Provenance.of(model, sample.id, tuple(values))))
    (tmp_path / "replay.py").write_text(text)
    monkeypatch.setattr(torchvision.datasets, "CIFAR10", dataset)
    monkeypatch.setattr(sys, "argv", ["replay.py"])
    assert runpy.run_path(str(tmp_path / "replay.py"))["main"]() == 0
    assert "All 1 arrays equal v.npz, bit for bit." in capsys.readouterr().out


def test_torchvisions_own_weights_are_named_in_full() -> None:
    model = load_model("resnet18@random")
    for key, weights in (("resnet18", "IMAGENET1K_V1"), ("resnet50@IMAGENET1K_V1", "IMAGENET1K_V1")):
        named = Run(type(model)(**{**vars(model), "key": key}), "patterns/0", ("conv1",))
        text = replay_script([named], npz_name="v.npz")
        name = key.partition("@")[0]
        assert f"torchvision.models.get_model('{name}', weights='{weights}')" in text
        assert "def untrained" not in text


def test_names_cannot_break_out_of_the_script(tmp_path: Path) -> None:
    model = load_model("cifar-resnet20")
    nasty = 'x"""\nraise SystemExit(7)\n#\\'
    text = replay_script([Run(model, "patterns/0", (nasty,))], npz_name=f"{nasty}.npz")
    (tmp_path / "replay.py").write_text(text)
    assert "main" in runpy.run_path(str(tmp_path / "replay.py"))
    with pytest.raises(UnknownImageError, match="no image id"):
        replay_script([Run(model, nasty, ("conv1",))], npz_name="v.npz")


@pytest.mark.parametrize(
    ("key", "calls"),
    [
        ("cifar-resnet20", ("conv1",)),
        ("resnet18@random", ("layer1.0/add#1",)),
        ("resnet18@random", ("conv1", "/flatten#1")),
    ],
)
def test_a_script_is_short_and_well_formed(key: str, calls: tuple[str, ...], tmp_path: Path) -> None:
    script = tmp_path / "replay.py"
    run = Run(load_model(key), "bundled-cifar10/3", calls)
    script.write_text(replay_script([run], npz_name="values.npz"))
    assert len(script.read_text().splitlines()) < 190
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E,F,I,B",
        "--line-length",
        "110",
    ]
    done = subprocess.run([*command, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
