"""Replay scripts find the exported values again, or say what differs."""

import os
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from actviz_core import capture, load_model, open_sample
from actviz_core.errors import UnknownImageError
from actviz_core.export import (
    Provenance,
    Run,
    replay_script,
    replay_zip,
    replay_zip_bytes,
    value_names,
    values_npz,
)
from actviz_core.models import Model
from actviz_core.models.wrappers import SCRIPTED_NOTE, UNCOMPILED_NOTE
from actviz_core.names import Panel
from actviz_core.settings import read_settings
from tests.export.unpacking import unpack

PROJECT = Path(__file__).parents[2]
TEAM = "tests.export.team:mixed"
BOARD_FILES = ("picture-1.png", "picture-2.png", "weights-1.pt", "weights-2.pt")


ALONE = """
import runpy, sys
sys.modules.update(dict.fromkeys(sys.argv[1:]))
sys.argv[1:] = []
runpy.run_path("replay.py", run_name="__main__")
"""
"""Runs the script where Python knows nothing of its folder and finds no module of these names."""


def run_of(key: str, image_id: str, *calls: str, model: Model | None = None) -> Run:
    return Run(model or load_model(key), image_id, open_sample(image_id).image, calls)


def exported(folder: Path, *runs: Run) -> dict[str, Tensor]:
    """Unpack the ZIP file of some runs into a folder, as a person would, and return the values."""
    panels = [Panel(run.model.key, run.image_id, call) for run in runs for call in run.calls]
    captured = [
        capture(run.model.module, run.model.inputs(run.picture), [call], steps=True)[call]
        for run in runs
        for call in run.calls
    ]
    values = dict(zip(value_names(panels), captured, strict=True))
    told = [Provenance.of(run.model, run.image_id, run.calls) for run in runs]
    script = replay_script(runs, npz_name="replay.npz")
    content = replay_zip(script, values, told, name="replay")
    assert len(content) == pytest.approx(replay_zip_bytes(script, values, told), rel=0.02, abs=2000)
    unpack(content, folder)
    return values


def replayed(folder: Path, *, missing: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script in its folder, without this project unless PYTHONPATH is given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ACTVIZ"))}
    alone = ["-I", "-c", ALONE, *filter(None, ["actviz_core", missing])]
    return subprocess.run(
        [sys.executable, *(["replay.py"] if environment else alone)],
        cwd=folder,
        env={**clean, **environment, "ACTVIZ_DEVICE": "cpu"},
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
        ("fcn_resnet50@random", "patterns/2", ("backbone.layer1", "[out]")),
    ],
)
def test_a_script_finds_the_same_bits_without_this_project(
    key: str, image_id: str, calls: tuple[str, ...], tmp_path: Path
) -> None:
    exported(tmp_path, run_of(key, image_id, *calls))
    check_equal(replayed(tmp_path), len(calls))


def check_equal(done: subprocess.CompletedProcess[str], count: int) -> None:
    assert done.stderr == ""
    assert done.stdout.count(": equal bit for bit\n") == count
    assert f"All {count} arrays equal replay.npz, bit for bit.\n" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["cifar-resnet20", "resnet18"])
def test_uploaded_weights_lie_beside_the_script(name: str, tmp_path: Path) -> None:
    model = load_model(f"{name}@random")
    with torch.no_grad():
        for parameter in model.module.parameters():
            parameter.mul_(1.5)
    uploaded = replace(model, key=f"{name}@0123456789ab", note="Uploaded weights: mine.pth.")
    exported(tmp_path, run_of("", "bundled-cifar10/3", "conv1", "layer2", model=uploaded))
    done = replayed(tmp_path)
    check_equal(done, 2)
    assert done.stdout.endswith("bit for bit.\nNote: Uploaded weights: mine.pth.\n")


def test_a_team_network_needs_this_project_and_its_builder(tmp_path: Path) -> None:
    settings = read_settings({"ACTVIZ_MODELS": TEAM, "ACTVIZ_DEVICE": "cpu"})
    model = load_model(TEAM, settings=settings)
    exported(tmp_path, run_of("", "patterns/3", "conv", "between", "between.1", "fc", model=model))
    text = (tmp_path / "replay.py").read_text()
    first = " ".join(text.splitlines()[2:5])
    assert "for its network, the activation dashboard itself: set PYTHONPATH to that project's" in first
    assert f"folder, and the folder of {TEAM}." in first
    done = replayed(tmp_path)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("actviz_core cannot be imported. This script needs torch and torchvision")
    assert f"and the folder of {TEAM}.\n" in done.stdout
    (tmp_path / "tests").mkdir()  # hides the folder that the builder lies in
    (tmp_path / "tests" / "__init__.py").touch()
    done = replayed(tmp_path, PYTHONPATH=str(PROJECT))
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith(f"{TEAM} cannot be built here. ")
    shutil.rmtree(tmp_path / "tests")
    done = replayed(tmp_path, PYTHONPATH=str(PROJECT))
    check_equal(done, 4)
    assert UNCOMPILED_NOTE in done.stdout
    assert SCRIPTED_NOTE in done.stdout


def test_what_scripted_layers_return_is_found_again(tmp_path: Path) -> None:
    model = load_model(TEAM, settings=read_settings({"ACTVIZ_MODELS": TEAM, "ACTVIZ_DEVICE": "cpu"}))
    assert isinstance(model.module.get_submodule("between.0"), torch.jit.ScriptModule)
    exported(tmp_path, run_of("", "patterns/3", "between.0", model=model))
    check_equal(replayed(tmp_path, PYTHONPATH=str(PROJECT)), 1)


@pytest.mark.parametrize("library", ["torch", "torchvision", "numpy"])
def test_a_library_that_is_not_there_is_named(library: str, tmp_path: Path) -> None:
    exported(tmp_path, run_of("cifar-resnet20", "patterns/0", "conv1"))
    done = replayed(tmp_path, missing=library)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == (
        f"{library} cannot be imported. This script needs torch and torchvision "
        "(pip install torch torchvision).\n"
    )


@pytest.mark.parametrize("file", ["replay.npz", "picture.png", "weights.pt"])
def test_a_file_that_is_not_there_is_named(file: str, tmp_path: Path) -> None:
    exported(tmp_path, run_of("cifar-resnet20", "patterns/0", "conv1"))
    (tmp_path / file).unlink()
    done = replayed(tmp_path)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == (
        f"{file} is not in {tmp_path.resolve()}: unpack the whole ZIP file that this script is from.\n"
    )


def test_a_board_with_several_networks_and_pictures_is_one_script(tmp_path: Path) -> None:
    trained, untrained = load_model("cifar-resnet20"), load_model("cifar-resnet20@random")
    values = exported(
        tmp_path,
        run_of("", "bundled-cifar10/0", "conv1", model=untrained),
        run_of("", "bundled-cifar10/0", "conv1", model=trained),
        run_of("", "bundled-cifar10/0", "layer1", model=trained),
        run_of("", "bundled-cifar10/0~mirror", "conv1", model=trained),
    )
    assert "cifar-resnet20@random,bundled-cifar10/0,conv1" in values
    text = (tmp_path / "replay.py").read_text()
    assert text.count("computed |= ") == 3  # one pass for both calls of the same network and picture
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"replay.py", "replay.npz", *BOARD_FILES}
    check_equal(replayed(tmp_path), 4)


def test_a_script_of_steps_says_that_it_needs_this_project_for_them(tmp_path: Path) -> None:
    untrained = load_model("resnet18@random")
    steps = ("layer1.0/add#1", "layer1.0", "/flatten#1")
    exported(tmp_path, run_of("", "bundled-cifar10/0", steps[0], model=untrained))
    text = (tmp_path / "replay.py").read_text()
    assert "register_forward_hook" not in text
    assert text.startswith('"""Computes activations again as the dashboard does,')
    said = " ".join(text.splitlines()[2:5])
    assert "for steps between layers, which hooks do not see, the activation dashboard itself: set" in said
    exported(
        tmp_path,
        run_of("", "bundled-cifar10/0", *steps, model=untrained),
        run_of("cifar-resnet20", "bundled-cifar10/0", "conv1"),
    )
    done = replayed(tmp_path)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("actviz_core cannot be imported. This script needs torch")
    check_equal(replayed(tmp_path, PYTHONPATH=str(PROJECT)), 4)


def test_an_altered_value_is_found_and_measured(tmp_path: Path) -> None:
    run = run_of("cifar-resnet20", "bundled-cifar10/3", "conv1")
    values = exported(tmp_path, run)
    altered = values["conv1"].clone()
    altered[0, 2, 3, 4] += 0.25
    provenance = Provenance.of(run.model, run.image_id, run.calls)
    (tmp_path / "replay.npz").write_bytes(values_npz({"conv1": altered}, provenance))
    done = replayed(tmp_path)
    assert "conv1 (1, 16, 32, 32): 1 of 16384 values differ, by at most 0.25" in done.stdout
    assert "Exported with python" in done.stdout
    assert done.returncode == 1


def test_torchvisions_own_weights_are_named_in_full() -> None:
    model = load_model("resnet18@random")
    for key, weights in (("resnet18", "IMAGENET1K_V1"), ("resnet50@IMAGENET1K_V1", "IMAGENET1K_V1")):
        script = replay_script(
            [run_of("", "patterns/0", "conv1", model=replace(model, key=key))], npz_name="v.npz"
        )
        assert script.weights == {}
        name = key.partition("@")[0]
        assert f"torchvision.models.get_model('{name}', weights='{weights}')" in script.text


def test_names_cannot_break_out_of_the_script(tmp_path: Path) -> None:
    model = load_model("cifar-resnet20")
    nasty = 'x"""\nraise SystemExit(7)\n#\\'
    picture = open_sample("patterns/0").image
    nasty_note = replace(model, note=nasty)
    script = replay_script([Run(nasty_note, "patterns/0", picture, (nasty,))], npz_name=f"{nasty}.npz")
    (tmp_path / "replay.py").write_text(script.text)
    assert "main" in runpy.run_path(str(tmp_path / "replay.py"))
    with pytest.raises(UnknownImageError, match="no image id"):
        replay_script([Run(model, nasty, picture, ("conv1",))], npz_name="v.npz")


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
    script.write_text(replay_script([run_of(key, "bundled-cifar10/3", *calls)], npz_name="values.npz").text)
    assert len(script.read_text().splitlines()) < 280
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
