"""The page Data set: choosing and starting, and the run in the link."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from torch import nn

from actviz_core.samples import open_source
from actviz_core.sweep import delete_run, sweep
from actviz_core.workspace.shared import Workspace
from actviz_core.workspace.sweep_queue import SweepOrder, SweepQueue, SweepState
from tests.pages.kept_runs import SOURCE, keep
from tests.pages.truth import MODEL
from tests.pages.visit import (
    check_fine,
    choose,
    drawn,
    go_to,
    offered,
    press,
    read_page,
    said,
    visit,
    widget,
)
from tests.sweep.toys import pixels
from tests.workspace.test_sweep_queue import LONG, when


def test_a_first_visitor_starts_a_sweep_with_one_press_and_sees_what_came_of_it(
    new_server: Callable[..., Workspace],
) -> None:
    workspace = new_server()
    app = visit("dataset")
    check_fine(app)
    assert f"{MODEL} has not looked at all pictures of CIFAR-10, bundled yet." in read_page(app)
    assert "20 pictures, 4 layers: about " in read_page(app)
    press(app, "Start")
    (job,) = workspace.sweeps.queue.unfinished()
    assert job.ended.wait(LONG)
    assert job.status.state is SweepState.DONE
    app.run()
    check_fine(app)
    assert "95.0 % right: 19 of 20." in read_page(app)
    assert app.query_params["run"] == job.order.run
    other = visit("dataset", {"run": job.order.run})
    assert "95.0 % right: 19 of 20." in read_page(other)


def test_a_link_to_a_run_brings_its_network_and_source_along(new_server: Callable[..., Workspace]) -> None:
    new_server()
    run = keep(f"{MODEL}@epoch-5")
    app = visit("dataset", {"run": run.id, "model": MODEL})
    check_fine(app)
    assert app.query_params["model"] == f"{MODEL}@epoch-5"
    assert f"{MODEL}@epoch-5 over 20 pictures of CIFAR-10, bundled" in read_page(app)


def test_another_network_in_the_sidebar_leaves_the_run_of_the_one_before(
    new_server: Callable[..., Workspace],
) -> None:
    new_server()
    keep()
    other = keep(f"{MODEL}@random")
    app = visit("dataset")
    choose(app, "Weights", f"{MODEL}@random")
    assert app.query_params["run"] == other.id
    choose(app, "Weights", f"{MODEL}@epoch-1")
    assert "run" not in app.query_params
    assert f"{MODEL}@epoch-1 has not looked at all pictures" in read_page(app)


def test_a_link_to_a_run_that_is_not_here_says_so(new_server: Callable[..., Workspace]) -> None:
    new_server()
    app = visit("dataset", {"run": "0123456789abcdef"})
    assert said(app) == [
        "The link's run=0123456789abcdef is not possible here. "
        "There is no such run here, or it is not finished."
    ]
    assert [button for button in app.button if button.label == "Start"]


def test_unknown_questions_cells_and_sources_of_a_link_are_told(new_server: Callable[..., Workspace]) -> None:
    new_server()
    keep()
    for name, value in {"question": "why", "cell": "9,x", "source": "nowhere"}.items():
        app = visit("dataset", {name: value})
        assert any(f"The link's {name}={value}" in line for line in said(app)), (name, said(app))


def test_pictures_that_changed_are_not_shown_as_those_that_were_swept(
    new_server: Callable[..., Workspace], tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    for index, picture in enumerate(pixels(6)):
        file = folder / ("cat" if index % 2 else "dog") / f"{index}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(file)
    new_server(ACTVIZ_IMAGES=str(folder))
    run = keep(source="folder")
    assert "dataset_surest" in drawn(visit("dataset", {"source": "folder"}))
    Image.fromarray(pixels(7)[6]).save(folder / "cat" / "9.png")
    app = visit("dataset", {"run": run.id})
    assert said(app) == [
        "The pictures have changed, or are gone, since they were swept: they cannot be shown here."
    ]
    assert "dataset_surest" not in drawn(app)
    assert "dataset_confusion" in drawn(app)


def test_a_network_that_gives_no_class_says_so(serve_toy: Callable[[nn.Module], Workspace]) -> None:
    workspace = serve_toy(nn.Conv2d(3, 4, 3))
    sweep(workspace.model(MODEL), open_source(SOURCE), [""], settings=workspace.settings)
    app = visit("dataset")
    check_fine(app)
    assert "The network gives no class for these pictures" in offered(app)[-1]
    assert not drawn(app)


def test_while_a_sweep_is_at_work_every_page_says_how_far_it_is(new_server: Callable[..., Workspace]) -> None:
    workspace = new_server()
    lines = (
        "import json, sys",
        "sys.stdin.readline()",
        "print(json.dumps({'done': 4, 'skipped': 0, 'total': 20}), flush=True)",
        "sys.stdin.read()",
    )
    workspace.sweeps.queue = SweepQueue(workspace.settings, (sys.executable, "-c", "\n".join(lines)))
    app = visit("start")
    assert f"{MODEL} over {SOURCE}" not in read_page(app)
    job = workspace.sweeps.queue.start(SweepOrder("0" * 16, MODEL, SOURCE, ("fc",), 20))
    when(job, SweepState.RUNNING, done=4)
    try:
        for page in ("samples", "layers", "activations"):
            go_to(app, page)
            assert f"{MODEL} over {SOURCE}: 4 of 20 pictures" in read_page(app), page
        go_to(app, "dataset")
        press(app, "Cancel")
    finally:
        job.cancel()
    assert job.ended.wait(LONG)
    app.run()
    assert job.status.state is SweepState.STOPPED
    assert [button for button in app.button if button.label == "Start"]


def test_a_sweep_that_failed_is_told_beside_the_run_that_there_is(
    new_server: Callable[..., Workspace],
) -> None:
    workspace = new_server()
    keep()
    failing = (
        "import json, sys",
        "sys.stdin.readline()",
        "print(json.dumps({'error': 'There is no room.'}))",
    )
    workspace.sweeps.queue = SweepQueue(workspace.settings, (sys.executable, "-c", "\n".join(failing)))
    job = workspace.sweeps.queue.start(SweepOrder("0" * 16, MODEL, SOURCE, ("conv1",), 20))
    assert job.ended.wait(LONG)
    app = visit("dataset")
    assert said(app) == ["There is no room."]
    assert "95.0 % right: 19 of 20." in read_page(app)


def test_an_edited_network_is_swept_as_it_is_and_that_is_said(new_server: Callable[..., Workspace]) -> None:
    new_server()
    keep()
    app = visit("dataset", {"edit": "layer1.0.conv1:5*0"})
    assert any("The network is swept as it is" in hint for hint in offered(app))
    assert "95.0 % right: 19 of 20." in read_page(app)


def test_other_layers_and_fewer_pictures_make_a_run_of_their_own(
    new_server: Callable[..., Workspace],
) -> None:
    workspace = new_server()
    app = visit("dataset", {"sweep": ["conv1", "fc"], "limit": "5"})
    check_fine(app)
    assert "5 pictures, 2 layers: about " in read_page(app)
    assert widget(app, "Layers to keep").value == ["conv1", "fc"]
    small = keep(limit=5)
    assert workspace.sweeps.runs()[0].id == small.id
    app = visit("dataset")
    assert "over 5 pictures of CIFAR-10, bundled, 2 layers." in read_page(app)
    everything = keep()
    app = visit("dataset")
    assert app.query_params["run"] == everything.id
    choose(app, "Run", small.id)
    assert app.query_params["run"] == small.id
    assert "over 5 pictures" in read_page(app)


def test_a_deleted_run_is_gone_for_everybody(new_server: Callable[..., Workspace]) -> None:
    workspace = new_server()
    run = keep()
    app = visit("dataset")
    delete_run(run.id, workspace.settings)
    app.run()
    assert f"{MODEL} has not looked at all pictures" in read_page(app)
    assert "run" not in app.query_params


def test_start_leads_to_the_questions_that_people_ask_next() -> None:
    shown: list[Any] = [*visit("start").get("page_link")]
    links = {link.label: link.page for link in shown}
    assert links["How good is it, and where is it wrong?"] == "dataset"
    assert links["How did it learn?"] == "card"
    shown = [*visit("start", {"model": "resnet18@random"}).get("page_link")]
    other = {link.label for link in shown}
    assert "How good is it, and where is it wrong?" in other
    assert "How did it learn?" not in other
