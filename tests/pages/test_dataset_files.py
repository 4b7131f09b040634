"""Taking a run away: what the buttons give, opened again, with their sizes and the command told."""

import io
import shlex
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from actviz_core.samples import open_source
from actviz_core.sweep import Run, sweep
from actviz_core.sweep.__main__ import main
from actviz_core.ui import take_away
from actviz_core.ui.dataset import files as module
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.pages.channel_page import settle
from tests.pages.truth import MODEL
from tests.pages.visit import as_read, check_fine, choose, drawn, read_page, visit

SOURCE = "bundled-cifar10"
LAYERS = ["layer1.0.conv1", "layer3"]


def keep() -> Run:
    workspace = shared_workspace()
    source = open_source(SOURCE, workspace.settings)
    return sweep(workspace.model(MODEL), source, LAYERS, settings=workspace.settings)


def opened(question: str = "alike") -> AppTest:
    """The page with its popover open."""
    app = settle(visit("dataset", {"question": question}))
    assert buttons(app) == {}  # nothing is made for those who don't ask
    app.session_state["take_run"] = True
    app.run()
    settle(app)
    check_fine(app)
    return app


def buttons(app: AppTest) -> dict[str, Any]:
    """The download buttons by their keys."""
    found: list[Any] = [*app.get("download_button")]
    return {button.proto.id.split("-")[-1]: button.proto for button in found}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Callable[[], bytes], int]]:
    """What makes each file, and the size that was told, by the file's name."""
    found: dict[str, tuple[Callable[[], bytes], int]] = {}
    real = take_away.offer_file

    def offer(failures: Any, label: Any, name: Any, mime: Any, size: Any, make: Any, **more: Any) -> None:
        found[name] = (make, size)
        real(failures, label, name, mime, size, make, **more)

    monkeypatch.setattr(module, "offer_file", offer)
    return found


def test_every_file_holds_what_the_run_holds(
    new_server: Callable[..., Workspace], made: dict[str, tuple[Callable[[], bytes], int]]
) -> None:
    new_server()
    run = keep()
    app = opened()
    name = f"{MODEL}-{SOURCE}-{run.id[:6]}"
    kinds = ["pictures.csv", "pictures.parquet", "channels.csv", "channels.parquet"]
    assert list(made) == [*(f"{name}-{kind}" for kind in kinds), f"{name}.npz", f"{name}.html"]
    contents = {file: make() for file, (make, _) in made.items()}
    for file, (_, size) in made.items():
        assert 0.5 < size / len(contents[file]) < 2, file
    pictures = pd.read_csv(io.BytesIO(contents[f"{name}-pictures.csv"]))
    assert list(pictures["right"]) == (run.said[:, 0] == run.known_labels).tolist()
    again = pd.read_parquet(io.BytesIO(contents[f"{name}-pictures.parquet"]))
    np.testing.assert_array_equal(again["probability"], run.probabilities[:, 0])
    channels = pd.read_csv(io.BytesIO(contents[f"{name}-channels.csv"]))
    means = channels[channels["call"] == "layer3"]["mean"]
    np.testing.assert_allclose(np.asarray(means), run.mean("layer3").mean(0, dtype=np.float64))
    assert len(pd.read_parquet(io.BytesIO(contents[f"{name}-channels.parquet"]))) == 16 + 64
    with np.load(io.BytesIO(contents[f"{name}.npz"])) as arrays:
        for call in LAYERS:
            np.testing.assert_array_equal(arrays[f"{call}/maximum"], run.maximum(call))
    page = contents[f"{name}.html"].decode()
    assert "are most alike" in page or "alike, from 0" in page
    assert "figure-0-0" in page
    assert run.manifest.network in page
    labels = [as_read(button.label) for button in buttons(app).values()]
    assert labels[0].startswith("Pictures (CSV, ")
    assert labels[-1].startswith("This view (HTML, ")


def test_the_arrays_of_one_layer_alone(
    new_server: Callable[..., Workspace], made: dict[str, tuple[Callable[[], bytes], int]]
) -> None:
    new_server()
    run = keep()
    app = opened()
    choose(app, "Arrays of", "layer3")
    name = f"{MODEL}-{SOURCE}-{run.id[:6]}-layer3.npz"
    make, size = made[name]
    assert len(make()) == size
    with np.load(io.BytesIO(make())) as arrays:
        assert "layer3/mean" in arrays
        assert not any(entry.startswith("layer1") for entry in arrays)


def test_large_files_are_asked_about_first(
    new_server: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_away, "LARGE_EXPORT", 30_000)
    new_server()
    run = keep()
    app = opened()
    npz = f"{MODEL}-{SOURCE}-{run.id[:6]}.npz"
    (question,) = [box for box in app.checkbox if npz in box.label]
    disabled = [as_read(button.label) for button in buttons(app).values() if button.disabled]
    assert any(label.startswith("Arrays (NPZ, ") for label in disabled)
    question.check().run()
    settle(app)
    enabled = [as_read(button.label) for button in buttons(app).values() if not button.disabled]
    assert any(label.startswith("Arrays (NPZ, ") for label in enabled)


def test_the_command_makes_the_same_run(
    new_server: Callable[..., Workspace], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = new_server()
    run = keep()
    app = opened()
    (code,) = app.code
    python, module_flag, name, *arguments = shlex.split(code.value)
    assert (python, module_flag, name) == ("python", "-m", "actviz_core.sweep")
    assert main(arguments) == 0
    assert run.id in capsys.readouterr().out
    assert len(workspace.sweeps.runs()) == 1
    assert "It needs" not in read_page(app)


def test_what_the_command_needs_is_told(new_server: Callable[..., Workspace]) -> None:
    new_server()
    run = keep()
    told = run.manifest.__dict__ | {}
    for changes, needs in (
        ({"source": "folder"}, ["ACTVIZ_IMAGES set to the folder of the pictures"]),
        ({"model": "team.nets:build"}, ["team.nets:build named in ACTVIZ_MODELS"]),
        (
            {"model": f"{MODEL}@0123456789ab"},
            ["ACTVIZ_DATA set to this server's folder, with what was downloaded or uploaded"],
        ),
        ({"model": f"{MODEL}@epoch-1"}, []),
    ):
        run.manifest.__dict__.update(told | changes)
        assert module.needs_of(run) == needs


def test_all_figures_of_a_view_are_in_its_file(
    new_server: Callable[..., Workspace], made: dict[str, tuple[Callable[[], bytes], int]]
) -> None:
    new_server()
    keep()
    app = opened("good")
    shown = [key for key in drawn(app) if key.startswith("dataset_")]
    (page,) = [make().decode() for name, (make, _) in made.items() if name.endswith(".html")]
    assert len(shown) > 1
    assert page.count('id="figure-') == len(shown)
