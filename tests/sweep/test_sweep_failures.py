"""What goes wrong in a sweep is told: pictures, networks, disks, and what cannot be swept."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actviz_core import sweep
from actviz_core.errors import ModelFailedError, SweepError, UnknownLayerError, UnknownRunError
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import Settings
from actviz_core.sweep import list_runs, open_run, plan_sweep
from actviz_core.sweep.__main__ import main
from actviz_core.sweep.run import Run
from actviz_core.sweep.storage import RunFiles
from actviz_core.sweep.sweeping import Progress
from tests.sweep.toys import LAYERS, folder_of, net, noise, same

pytestmark = pytest.mark.usefixtures("parts_of_eight")


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


def test_an_interrupted_command_says_that_it_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setenv("ACTVIZ_DATA", str(settings.data))
    monkeypatch.setattr("actviz_core.sweep.__main__.make_run", interrupted)
    assert main(["--model", "cifar-resnet20", "--source", "bundled-cifar10"]) == 130
    assert "The same command goes on from here" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnknownRunError, match="'x' is no run"):
        open_run("x", settings)
    with pytest.raises(UnknownRunError, match="There is no run"):
        Run(tmp_path)
