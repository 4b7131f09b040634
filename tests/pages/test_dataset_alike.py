"""Alike inside: the values equal the definition of CKA, claims leave the diagonal out, cells open a board."""

import re
import shutil
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from actviz_core.sweep import Run, sweep
from actviz_core.ui.dataset import comparing
from actviz_core.ui.dataset.checkpoints import checkpoint_keys
from actviz_core.units import megabytes
from actviz_core.workspace.shared import Workspace, shared_workspace
from actviz_core.workspace.sweep_queue import SweepState
from tests.pages import kept_runs
from tests.pages.channel_page import settle
from tests.pages.kept_runs import SOURCE
from tests.pages.truth import MODEL
from tests.pages.visit import (
    check_fine,
    choose,
    click,
    described,
    drawn,
    figure,
    offered,
    press,
    read_page,
    said,
    visit,
    widget,
)
from tests.sweep.toys import net, noise
from tests.workspace.test_sweep_queue import LONG

LAYERS = ["conv1", "layer1.0.conv1", "layer2", "layer3.0.conv1", "fc"]


def keep(key: str = MODEL, layers: Sequence[str] = LAYERS, limit: int | None = None) -> Run:
    return kept_runs.keep(key, layers=layers, limit=limit)


def opened(**link: str) -> AppTest:
    return settle(visit("dataset", {"question": "alike", **link}))


def by_definition(x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with linear kernels and the centring matrix written out."""
    centring = np.eye(len(x)) - 1 / len(x)
    k, m = (centring @ one.astype(np.float64) @ one.astype(np.float64).T @ centring for one in (x, y))
    return float((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()))


def values(app: AppTest, key: str = "dataset_alike", panel: int = 0) -> NDArray[np.float64]:
    maps = [trace for trace in figure(app, key)["data"] if trace["type"] == "heatmap"]
    found: NDArray[np.float64] = np.asarray(maps[panel]["z"])
    return found


def labels(app: AppTest, key: str = "dataset_alike", panel: int = 0) -> list[str]:
    told: list[str] = figure(app, key)["layout"]["meta"]["panels"][panel]["labels"]
    return told


def expected(first: Run, second: Run) -> NDArray[np.float64]:
    both = np.asarray(first.swept) & np.asarray(second.swept)
    return np.array(
        [
            [by_definition(first.mean(one)[both], second.mean(other)[both]) for other in second.calls]
            for one in first.calls
        ]
    )


def test_a_run_with_itself_is_the_definition_and_the_sentence_leaves_the_diagonal_out(
    new_server: Callable[..., Workspace],
) -> None:
    new_server()
    run = keep()
    app = opened()
    check_fine(app)
    truth = expected(run, run)
    np.testing.assert_allclose(values(app), truth, rtol=1e-9)
    np.testing.assert_allclose(np.diag(values(app)), 1)
    pairs = {(one, two): truth[one, two] for one in range(5) for two in range(one + 1, 5)}
    most, least = max(pairs, key=pairs.__getitem__), min(pairs, key=pairs.__getitem__)
    names = [" and ".join(run.calls[at] for at in pair) for pair in (most, least)]
    sentence = f"{names[0]} are most alike ({pairs[most]:.2f}); {names[1]} least ({pairs[least]:.2f})."
    assert f"**{sentence}**" in read_page(app)
    assert sentence in described(app, "dataset_alike")
    for cell, label in enumerate(labels(app)):
        row, column = divmod(cell, 5)
        told = re.fullmatch(r"(\S+) and (\S+): (\S+), shuffled (\S+)", label)
        assert told is not None
        assert told.groups()[:2] == (run.calls[row], run.calls[column])
        assert float(told[3]) == pytest.approx(truth[row, column], abs=5e-7)


def test_chance_is_what_shuffled_pictures_give(new_server: Callable[..., Workspace]) -> None:
    new_server()
    run = keep(layers=["layer3", "fc"])
    app = opened()
    x, y = (np.asarray(run.mean(call)) for call in run.calls)
    rng = np.random.default_rng(0)
    shuffled = np.mean([by_definition(x, y[rng.permutation(20)]) for _ in range(2000)])
    (told,) = re.findall(
        r"with the 20 pictures of one layer shuffled, a pair would be (\S+) alike", read_page(app)
    )
    assert float(told) == pytest.approx(float(shuffled), abs=0.02)


def test_another_run_is_a_link_away_and_its_cells_open_the_board(
    new_server: Callable[..., Workspace],
) -> None:
    new_server()
    run, other = keep(), keep(f"{MODEL}@epoch-1", layers=["conv1", "layer3.0.conv1"])
    keep(f"{MODEL}@epoch-1", limit=7)  # of other pictures: not offered
    app = opened()
    assert widget(app, "Compare with").options == [
        "its own layers",
        "all checkpoints with the last one",
        f"{MODEL}@epoch-1, 2 layers ({other.id[:6]})",
    ]
    choose(app, "Compare with", other.id)
    settle(app)
    assert app.query_params["with"] == other.id
    app = opened(**{"with": other.id})
    check_fine(app)
    truth = expected(run, other)
    np.testing.assert_allclose(values(app), truth, rtol=1e-9)
    page = read_page(app)
    at = np.unravel_index(truth.argmax(), truth.shape)
    most = f"{run.calls[at[0]]} of final and {other.calls[at[1]]} of epoch 1"
    assert f"{most} are most alike ({truth.max():.2f}); " in page
    same = {"conv1": truth[0, 0], "layer3.0.conv1": truth[3, 1]}
    nearest, least = max(same, key=same.__getitem__), min(same, key=same.__getitem__)
    assert f"{nearest} is most like the one of its name ({same[nearest]:.2f}) and {least} least" in page
    assert "Rows: final. Columns: epoch 1. Over 20 pictures that were swept in both." in page
    click(app, "dataset_alike", 2 * 2 + 1)  # layer2 and layer3.0.conv1
    assert app.query_params["panel"] == [",,layer2", f"{MODEL}@epoch-1,,layer3.0.conv1"]
    assert "compare_board" in drawn(app)
    check_fine(app)
    assert app.query_params["image"] == f"{SOURCE}/0"


def test_the_diagonal_opens_nothing(new_server: Callable[..., Workspace]) -> None:
    new_server()
    keep(layers=["conv1", "fc"])
    app = opened()
    click(app, "dataset_alike", 3)
    assert said(app) == ["fc with itself: choose a cell beside the diagonal."]
    assert "dataset_alike" in drawn(app)


def test_a_network_that_is_gone_opens_nothing_and_says_so(
    new_server: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_server()
    keep()
    app = opened()
    monkeypatch.setattr(comparing, "is_there", lambda *_: False)
    click(app, "dataset_alike", 1)
    assert said(app) == [f"{MODEL} is not here any more as it was swept: its layers cannot be shown."]


def test_a_network_is_only_there_as_it_was_swept(new_server: Callable[..., Workspace]) -> None:
    workspace = new_server()
    run = keep()
    other = sweep(net(), noise(4), ["fc"], settings=workspace.settings)
    assert comparing.is_there(run, workspace)
    assert not comparing.is_there(other, workspace)


@pytest.mark.parametrize("asked", ["nonsense", "0123456789abcdef"])
def test_a_run_that_is_not_there_is_told(new_server: Callable[..., Workspace], asked: str) -> None:
    new_server()
    keep()
    app = opened(**{"with": asked})
    assert said(app) == [
        f"The link's with={asked} is not possible here. It can be a finished run of the same pictures, of "
        "which there is none. Or checkpoints."
    ]
    assert "dataset_alike" in drawn(app)
    assert "with" not in app.query_params


def test_one_layer_or_one_picture_cannot_be_compared(new_server: Callable[..., Workspace]) -> None:
    new_server()
    keep(layers=["fc"])
    app = opened()
    assert any("This run has one layer only." in hint for hint in offered(app))
    new_server(ACTVIZ_DATA=str(shared_workspace().settings.data / "other"))
    keep(limit=1)
    app = opened()
    assert "It takes two pictures or more to compare layers." in offered(app)
    assert "dataset_alike" not in drawn(app)


def test_checkpoints_stand_beside_the_last_one(new_server: Callable[..., Workspace]) -> None:
    new_server()
    layers = ["conv1", "layer2", "fc"]
    runs = [keep(key, layers) for key in checkpoint_keys()]
    assert [run.manifest.model for run in runs] == [
        *(f"{MODEL}@{weights}" for weights in ("random", "epoch-1", "epoch-5")),
        MODEL,
    ]
    for key in (MODEL, f"{MODEL}@epoch-1"):  # whichever of them is in hand
        app = opened(**{"with": "checkpoints", "model": key})
        check_fine(app)
        means = []
        for panel, run in enumerate(runs):
            truth = expected(run, runs[-1])
            np.testing.assert_allclose(values(app, "dataset_checkpoints", panel), truth, rtol=1e-9)
            means.append(np.diag(truth).mean())
        assert (
            "How alike their layers are to the same layers of final, on average: "
            f"random {means[0]:.2f}, epoch 1 {means[1]:.2f}, epoch 5 {means[2]:.2f}."
        ) in read_page(app)
    app = opened(**{"with": "checkpoints"})
    click(app, "dataset_checkpoints", 1, panel=2)
    assert app.query_params["panel"] == [f"{MODEL}@epoch-5,,conv1", ",,layer2"]


def test_one_press_sweeps_the_checkpoints_that_are_missing(new_server: Callable[..., Workspace]) -> None:
    workspace = new_server()
    run = keep(layers=["conv1", "fc"])
    keep(f"{MODEL}@epoch-5", layers=["conv1", "fc"])
    app = opened(**{"with": "checkpoints"})
    check_fine(app)
    size = megabytes(run.manifest.bytes)
    said_first = (
        f"random and epoch 1 have not been swept over these pictures. Each takes {size} of disk space."
    )
    assert said_first in read_page(app)
    assert len(figure(app, "dataset_checkpoints")["layout"]["meta"]["panels"]) == 2  # those that are there
    press(app, "Sweep random and epoch 1")
    jobs = workspace.sweeps.queue.unfinished()
    assert [job.order.model for job in jobs] == [f"{MODEL}@random", f"{MODEL}@epoch-1"]
    assert {(job.order.source, job.order.layers, job.order.pictures) for job in jobs} == {
        (SOURCE, ("conv1", "fc"), 20)
    }
    for job in jobs:
        assert job.ended.wait(LONG)
        assert job.status.state is SweepState.DONE
    app.run()
    settle(app)
    check_fine(app)
    assert len(figure(app, "dataset_checkpoints")["layout"]["meta"]["panels"]) == 4
    assert "have not been swept" not in read_page(app)
    assert app.query_params["run"] == run.id  # still the run that was looked at


def test_pictures_that_one_run_skipped_do_not_count(new_server: Callable[..., Workspace]) -> None:
    workspace = new_server()
    source = noise(30, bright=[2, 9])
    first = sweep(net(fussy=True, seed=1), source, ["conv", "fc"], settings=workspace.settings)
    second = sweep(net(seed=2), source, ["conv", "relu"], settings=workspace.settings)
    assert comparing.pictures_of_both(first, second) == 28
    found = comparing.compared_now(first, second)
    np.testing.assert_allclose(found.cka, expected(first, second), rtol=1e-9)
    assert found.pictures == 28


def test_a_layer_without_finite_values_is_named(new_server: Callable[..., Workspace]) -> None:
    workspace = new_server()
    run = keep(layers=["conv1", "fc"])
    path = next(run.folder.glob("calls/000/mean.npy"))
    spoilt = np.load(path)
    spoilt[3, 0] = np.nan
    np.save(path, spoilt)
    del workspace
    app = opened()
    assert "**No two layers can be compared.**" in read_page(app)
    assert "conv1 cannot be compared: the means over the map are the same" in read_page(app)
    assert np.isnan(values(app)[0]).all()
    assert values(app)[1, 1] == pytest.approx(1)


def test_a_run_that_is_deleted_meanwhile_is_told(new_server: Callable[..., Workspace]) -> None:
    new_server()
    run, other = keep(), keep(f"{MODEL}@random")
    app = opened()
    shutil.rmtree(other.folder)
    app.run()
    check_fine(app)
    app = opened(**{"with": other.id})
    assert f"The link's with={other.id} is not possible here." in said(app)[0]
    assert len(run.calls) == 5
