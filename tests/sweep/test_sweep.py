"""A sweep's numbers are those of a plain loop, and what goes wrong on the way is told."""

import errno
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import actviz_core
from actviz_core import capture, load_model, open_source, sweep
from actviz_core.analysis import top_k
from actviz_core.errors import ModelFailedError, SweepError, UnknownLayerError, UnknownRunError
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import Settings
from actviz_core.sweep import delete_run, list_runs, open_run, plan_sweep, planning
from actviz_core.sweep.__main__ import main
from actviz_core.sweep.ranks import on_first
from actviz_core.sweep.run import Run
from actviz_core.sweep.storage import RunFiles
from actviz_core.sweep.sweeping import Progress
from tests.hooks.test_left_as_found import hooks_of
from tests.sweep.toys import LAYERS, folder_of, net, noise, plain_loop, same
from tests.toy_models import PREPROCESS


@pytest.fixture(autouse=True)
def parts_of_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small runs have several parts too."""
    monkeypatch.setattr(planning, "_PART", 8)


@pytest.mark.parametrize("batch", [4, 7, 64])
def test_numbers_equal_a_plain_loop_over_single_pictures(settings: Settings, batch: int) -> None:
    model, source = net(), noise(21)
    run = sweep(model, source, ["conv", "fc"], batch=batch, settings=settings)
    for layer in ("conv", "fc"):
        expected = plain_loop(model, source, layer)
        np.testing.assert_allclose(run.mean(layer), expected["mean"], rtol=1e-5, atol=1e-7)
        for name in ("maximum", "place", "active", "silent"):
            np.testing.assert_array_equal(getattr(run, name)(layer), expected[name])
        assert run.mean(layer).dtype == run.maximum(layer).dtype == np.float32
        assert run.mean(layer).shape == (21, {"conv": 5, "fc": 3}[layer])


def test_the_bundled_pictures_and_network_are_swept_as_captured(settings: Settings) -> None:
    model, source = load_model("cifar-resnet20", settings=settings), open_source("bundled-cifar10")
    run = sweep(model, source, layers=["layer3.0.conv1"], settings=settings)
    inputs = torch.cat([model.preprocess(sample.image) for sample in source])
    maps = capture(model.module, inputs, ["layer3.0.conv1", "fc"])
    np.testing.assert_array_equal(run.maximum("layer3.0.conv1"), maps["layer3.0.conv1"].amax((2, 3)).numpy())
    for row, logits in enumerate(maps["fc"]):
        best = top_k(logits.numpy(), model.classes, 10)
        assert tuple(run.answers[row]) == best.indices
        np.testing.assert_allclose(run.probabilities[row], best.probabilities, rtol=1e-6)
    said = maps["fc"].argmax(1).tolist()
    right = [model.classes[answer] == sample.label for answer, sample in zip(said, source, strict=True)]
    assert run.accuracy == sum(right) / 20
    assert run.confusion.sum() == 20
    hits = run.top("layer3.0.conv1", channel=7, k=9)
    assert [hit.value for hit in hits] == sorted(run.maximum("layer3.0.conv1")[:, 7].tolist(), reverse=True)[
        :9
    ]
    for hit in hits:
        assert hit.image == f"bundled-cifar10/{hit.index}"
        assert float(maps["layer3.0.conv1"][hit.index, 7, hit.row, hit.column]) == hit.value


def test_calls_steps_and_the_network_itself_can_be_swept(settings: Settings) -> None:
    model, source = net(), noise(9)
    run = sweep(model, source, ["relu", "/add#1", ""], batch=4, settings=settings)
    assert run.calls == ("relu#1", "/add#1", "relu#2", "")
    inputs = torch.cat([model.preprocess(sample.image) for sample in source])
    record = capture(model.module, inputs, ["relu", "/add#1", ""], steps=True)
    for call in run.calls:
        maps = record[call].numpy()
        np.testing.assert_array_equal(run.maximum(call), maps.max((2, 3)) if maps.ndim == 4 else maps)
    with pytest.raises(UnknownLayerError, match="several calls; choose one of relu#1, relu#2"):
        run.mean("relu")


def test_a_finished_run_is_opened_and_not_made_again(settings: Settings) -> None:
    told: list[Progress] = []
    first = sweep(net(), noise(20), LAYERS, batch=4, settings=settings, progress=told.append)
    assert [step.done for step in told] == [0, 8, 16, 20]
    again = sweep(net(), noise(20), LAYERS, batch=4, settings=settings, progress=told.append)
    assert (again.id, len(told)) == (first.id, 4)
    assert [run.id for run in list_runs(settings)] == [first.id]
    assert open_run(first.id, settings).accuracy == first.accuracy
    others = [
        sweep(net(seed=1), noise(20), LAYERS, batch=4, settings=settings),
        sweep(net(), noise(19), LAYERS, batch=4, settings=settings),
        sweep(net(), noise(20, bright=[3]), LAYERS, batch=4, settings=settings),
        sweep(net(), noise(20), ["conv"], batch=4, settings=settings),
        sweep(net(), noise(20), LAYERS, batch=4, limit=5, settings=settings),
        sweep(replace(net(), classes=("ant", "cow", "bee")), noise(20), LAYERS, batch=4, settings=settings),
        sweep(
            replace(net(), preprocess=replace(PREPROCESS, mean=(0.4, 0.5, 0.5))),
            noise(20),
            LAYERS,
            batch=4,
            settings=settings,
        ),
    ]
    assert len({run.id for run in (first, *others)}) == 8
    delete_run(first.id, settings)
    with pytest.raises(UnknownRunError, match=f"no run {first.id}"):
        open_run(first.id, settings)


def test_accuracy_goes_by_the_names_of_classes_and_leaves_out_pictures_without_a_label(
    settings: Settings,
) -> None:
    model, source = net(), noise(23)
    run = sweep(model, source, ["fc"], settings=settings)
    names = [model.classes[answer] for answer in run.answers[:, 0]]
    pairs = [(name, sample.label) for name, sample in zip(names, source, strict=True) if sample.label]
    assert 0 < len(pairs) < 23
    assert run.accuracy == sum(name == label for name, label in pairs) / len(pairs)
    assert run.top5_accuracy == 1
    assert run.confusion.shape == (2, 3)
    assert run.confusion.sum() == len(pairs)


def test_a_broken_picture_is_named_and_skipped_and_changes_no_other(
    settings: Settings, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "pictures", 20)
    whole = sweep(net(), FolderSource(folder), LAYERS, batch=4, settings=settings)
    file = folder / "ant" / "0005.png"
    file.write_bytes(file.read_bytes()[:-40])
    run = sweep(net(), FolderSource(folder), LAYERS, batch=4, settings=settings)
    assert list(run.problems) == [5]
    assert "0005.png cannot be decoded" in run.problems[5]
    assert run.swept.tolist() == [index != 5 for index in range(20)]
    assert np.isnan(run.mean("conv")[5]).all()
    assert run.answers[5, 0] == -1
    kept = run.swept
    np.testing.assert_array_equal(run.mean("conv")[kept], whole.mean("conv")[kept])
    assert run.summary("conv").pictures == int(run.confusion.sum()) == 19
    assert 5 not in run.summary("conv").largest


def test_a_picture_that_the_network_raises_for_is_named_and_skipped(settings: Settings) -> None:
    source = noise(20, bright=[6])
    run = sweep(net(fussy=True), source, LAYERS, batch=4, settings=settings)
    assert run.problems == {6: "toy could not process it (ValueError: a corner is too bright)"}
    calm = sweep(net(), source, LAYERS, batch=4, settings=settings)
    np.testing.assert_array_equal(run.maximum("conv")[run.swept], calm.maximum("conv")[run.swept])


def test_a_network_that_can_process_none_says_so_at_once(settings: Settings) -> None:
    with pytest.raises(ModelFailedError, match=r"None of the first 8 pictures.*a corner is too bright"):
        sweep(net(fussy=True), noise(40, bright=range(40)), LAYERS, batch=4, settings=settings)


def test_files_that_cannot_be_read_stop_a_sweep_only_where_all_are_so(
    settings: Settings, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "pictures", 20)
    files = sorted(folder.rglob("*.png"))
    for file in files[:10]:  # more than the first part
        file.write_bytes(file.read_bytes()[:-40])
    run = sweep(net(), FolderSource(folder), LAYERS, batch=4, settings=settings)
    assert list(run.problems) == list(range(10))
    for file in files[10:]:
        file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ModelFailedError, match=r"None of the first 20 pictures.*0000.png cannot be decoded"):
        sweep(net(), FolderSource(folder), LAYERS, batch=4, settings=settings)


def test_networks_of_other_types_get_what_they_get_on_the_pages(settings: Settings) -> None:
    model, source = net(), noise(9)
    model.module.double()
    sweep(model, source, batch=4, settings=settings)
    inputs = torch.cat([model.inputs(sample.image) for sample in source])
    maps = capture(model.module, inputs, ["conv"])["conv"]
    assert maps.dtype == torch.float64
    run = sweep(model, source, ["conv"], batch=4, settings=settings)
    np.testing.assert_array_equal(run.maximum("conv"), maps.amax((2, 3)).float().numpy())


def test_processes_that_decode_change_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests of pages leave a page as the main module, which each of these processes would run.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    folder = folder_of(tmp_path / "pictures", 20)
    broken = folder / "ant" / "0005.png"
    broken.write_bytes(broken.read_bytes()[:-40])
    source = FolderSource(folder)
    by_thread = sweep(net(), source, LAYERS, batch=4, settings=settings)
    other = replace(settings, data=tmp_path / "other")
    by_process = sweep(net(), source, LAYERS, batch=4, workers=1, settings=other)
    assert list(by_process.problems) == [5]
    assert same(by_thread, by_process)


def test_pictures_that_change_meanwhile_end_the_sweep(settings: Settings, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "pictures", 40)

    def change(progress: Progress) -> None:
        if progress.done == 8:
            file = folder / "bee" / "0039.png"
            file.write_bytes(file.read_bytes() + b"more")

    with pytest.raises(SweepError, match=r"folder/39 changed during the sweep.*is kept \(32 of 40\)"):
        sweep(net(), FolderSource(folder), LAYERS, batch=4, settings=settings, progress=change)
    assert not list_runs(settings)[0].finished
    run = sweep(net(), FolderSource(folder), LAYERS, batch=4, settings=settings)
    assert len(run) == 40


def test_files_that_come_meanwhile_end_the_sweep(settings: Settings, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "pictures", 40)

    def add(progress: Progress) -> None:
        if progress.done == 16:
            (folder / "bee" / "new.png").write_bytes(b"")

    with pytest.raises(SweepError, match="The source changed during the sweep"):
        sweep(net(), FolderSource(folder), LAYERS, batch=4, settings=settings, progress=add)


def test_a_full_disk_is_told_and_nothing_is_lost(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = RunFiles.write, [0]

    def until_full(files: RunFiles, part: object) -> None:
        written[0] += 1
        if written[0] == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(files, part)  # type: ignore[arg-type]

    monkeypatch.setattr(RunFiles, "write", until_full)
    with pytest.raises(SweepError, match=r"No space left on device\). 16 of 40 pictures are kept"):
        sweep(net(), noise(40), LAYERS, batch=4, settings=settings)
    told: list[Progress] = []
    run = sweep(net(), noise(40), LAYERS, batch=4, settings=settings, progress=told.append)
    assert told[0].done == 16
    other = sweep(net(), noise(40), LAYERS, batch=4, settings=replace(settings, data=settings.data / "other"))
    assert same(run, other)


def test_a_folder_that_cannot_be_written_to_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    nowhere = replace(settings, data=tmp_path / "file" / "data")
    with pytest.raises(SweepError, match=r"Nothing can be written to .*set ACTVIZ_DATA to another folder"):
        sweep(net(), noise(4), LAYERS, settings=nowhere)


def test_disk_use_is_known_beforehand_and_limited(settings: Settings) -> None:
    plan = plan_sweep(net(), noise(400), LAYERS)
    run = sweep(net(), noise(400), LAYERS, settings=settings)
    taken = sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())
    assert 0.5 * plan.bytes < taken <= plan.bytes
    with pytest.raises(SweepError, match=rf"are taken.*delete a run \({run.id}\).*ACTVIZ_RUNS_MB"):
        sweep(net(), noise(401), LAYERS, settings=replace(settings, runs_bytes=int(1.5 * plan.bytes)))


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        (["conv9"], {}, "'conv9' is not a layer of this network. Closest: 'conv'"),
        ([], {}, "at least one layer"),
        (["conv"], {"batch": 1}, "2 pictures or more; got 1"),
        (["conv"], {"limit": 0}, "one picture or more; got a limit of 0"),
    ],
)
def test_what_cannot_be_swept_is_refused(
    settings: Settings, layers: list[str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises((SweepError, UnknownLayerError), match=message):
        sweep(net(), noise(4), layers, settings=settings, **options)


def test_a_run_that_another_process_makes_is_left_to_it(settings: Settings) -> None:
    def meddle(progress: Progress) -> None:
        if progress.done == 8:
            with pytest.raises(SweepError, match="being made by another process"):
                sweep(net(), noise(20), LAYERS, batch=4, settings=settings)

    assert len(sweep(net(), noise(20), LAYERS, batch=4, settings=settings, progress=meddle)) == 20


def test_the_network_is_left_as_found(settings: Settings) -> None:
    model = net(fussy=True)
    model.module.train()
    model.module.get_submodule("fc").eval()
    torch.manual_seed(3)
    state = torch.get_rng_state()
    sweep(model, noise(12, bright=[2]), [*LAYERS, "/add#1"], batch=4, settings=settings)
    assert torch.equal(torch.get_rng_state(), state)
    assert hooks_of(model.module) == 0
    assert [part.training for part in model.module.modules()] == [True, True, False, True]
    assert all(parameter.grad is None for parameter in model.module.parameters())


def test_the_package_is_the_function_and_the_command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(actviz_core.sweep)
    assert len(actviz_core.sweep(net(), noise(4), ["fc"], settings=settings)) == 4
    monkeypatch.setenv("ACTVIZ_DATA", str(settings.data))
    monkeypatch.delitem(sys.modules, "actviz_core.sweep.__main__", raising=False)  # what runpy warns of
    monkeypatch.setattr(sys, "argv", ["sweep", "--model", "cifar-resnet20", "--source", "bundled-cifar10"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("actviz_core.sweep", run_name="__main__")
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    run = next(run for run in list_runs(settings) if run.manifest.model == "cifar-resnet20")
    assert f"Run {run.id}: cifar-resnet20 over 20 pictures" in printed
    assert run.manifest.layers == ("layer1", "layer2", "layer3", "fc")
    assert "Accuracy 95.00 %, top 5 100.00 %, of 20 labelled pictures." in printed.replace("\xa0", " ")


def test_an_interrupted_command_says_that_it_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setenv("ACTVIZ_DATA", str(settings.data))
    monkeypatch.setattr("actviz_core.sweep.__main__.make_run", interrupted)
    assert main(["--model", "cifar-resnet20", "--source", "bundled-cifar10"]) == 130
    assert "The same command goes on from here" in capsys.readouterr().err


def test_a_process_by_itself_does_what_the_first_one_does() -> None:
    assert on_first(lambda: 3) == 3


def test_a_folder_that_is_no_run_is_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnknownRunError, match="'x' is no run"):
        open_run("x", settings)
    with pytest.raises(UnknownRunError, match="There is no run"):
        Run(tmp_path)
