"""A sweep's numbers are those of a plain loop, whichever way it is started."""

import runpy
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import actviz_core
from actviz_core import capture, load_model, open_source, sweep
from actviz_core.analysis import top_k
from actviz_core.errors import UnknownLayerError, UnknownRunError
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import Settings
from actviz_core.sweep import delete_run, list_runs, open_run
from actviz_core.sweep.ranks import on_first
from actviz_core.sweep.sweeping import Progress
from tests.hooks.test_left_as_found import hooks_of
from tests.sweep.toys import LAYERS, folder_of, net, noise, plain_loop, same
from tests.toy_models import PREPROCESS

pytestmark = pytest.mark.usefixtures("parts_of_eight")


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


def test_a_process_by_itself_does_what_the_first_one_does() -> None:
    assert on_first(lambda: 3) == 3
