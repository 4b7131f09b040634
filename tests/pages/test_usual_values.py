"""What is usual for a channel over a source, on every page that shows a channel, counted again."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from actviz_core.samples import open_source
from actviz_core.sweep import Run, delete_run, list_runs, sweep
from actviz_core.units import share_in_words
from actviz_core.workspace import sweeps
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.pages.channel_page import settle
from tests.pages.truth import MODEL, truth
from tests.pages.visit import check_fine, read_page, visit

SOURCE = "bundled-cifar10"
LAYER, CHANNEL = "layer2.0.conv1", 7
SAID = re.compile(r"sual largest value of this channel over |ts largest value is .* in all of ")


def keep(key: str = MODEL, source: str = SOURCE, **options: Any) -> Run:
    workspace = shared_workspace()
    pictures = open_source(source, workspace.settings)
    return sweep(workspace.model(key), pictures, [LAYER, "fc"], settings=workspace.settings, **options)


def usual(app: AppTest) -> list[str]:
    """All that the page says of what is usual."""
    check_fine(app)
    return [line for line in read_page(app).splitlines() if SAID.search(line)]


def expected(here: str, others: list[str], key: str = MODEL, *, channel: int = CHANNEL, of: str = "") -> str:
    """The sentence, counted over plain hooks' values of single pictures."""
    value = float(truth(LAYER, here, key)[channel].max())
    rest = np.array([float(truth(LAYER, image, key)[channel].max()) for image in others])
    below = float((rest < value * (1 - 1e-5 * np.sign(value))).mean())
    place = {0.0: "none", 1.0: "all"}.get(below, share_in_words(below))
    which = f"the {'other ' if of else ''}{len(rest)} pictures of CIFAR-10, bundled"
    said = (
        f"Usual largest value of this channel over {which}: {np.median(rest):.4g} (median); "
        f"here {value:.4g}, higher than in {place} of them."
    )
    return said.replace("\xa0", " ")


def all_but(index: int | None) -> list[str]:
    return [f"{SOURCE}/{at}" for at in range(20) if at != index]


@pytest.mark.parametrize("index", [0, 5, 19])
def test_a_channels_side_and_its_page_say_where_this_picture_stands(
    new_server: Callable[..., Workspace], index: int
) -> None:
    new_server()
    keep()
    image = f"{SOURCE}/{index}"
    said = [expected(image, all_but(index), of="others")]
    link = {"layers": LAYER, "channel": str(CHANNEL), "image": image}
    assert usual(visit("activations", link)) == said
    assert usual(settle(visit("channel", link))) == said


def test_a_picture_of_another_source_is_compared_with_all(new_server: Callable[..., Workspace]) -> None:
    new_server()
    keep()
    image = "patterns/1"
    app = visit("activations", {"layers": LAYER, "channel": str(CHANNEL), "image": image})
    assert usual(app) == [expected(image, all_but(None))]


def test_a_board_of_one_channel_says_it_of_every_panel(new_server: Callable[..., Workspace]) -> None:
    new_server()
    keep()
    keep(f"{MODEL}@random")
    panels = [
        f"{MODEL},{SOURCE}/2,{LAYER}",
        f"{MODEL}@random,{SOURCE}/2,{LAYER}",
        f"{MODEL},{SOURCE}/2,layer1",
    ]
    link = {"panel": panels, "show": "one channel", "board_channel": str(CHANNEL), "layers": LAYER}
    said = usual(visit("compare", link))
    image, others = f"{SOURCE}/2", all_but(2)
    for number, (line, key) in enumerate(zip(said, (MODEL, f"{MODEL}@random"), strict=True), 1):
        title, _, words = line.partition(": ")
        assert title.startswith(f"{number} ")
        assert f"{words[0].upper()}{words[1:]}" == expected(image, others, key, of="others")
    assert usual(visit("compare", {"panel": panels, "layers": LAYER})) == []  # all channels are shown


def test_nothing_is_said_where_nothing_is_known(new_server: Callable[..., Workspace]) -> None:
    new_server()
    link = {"layers": LAYER, "channel": str(CHANNEL)}
    assert usual(visit("activations", link)) == []
    keep(f"{MODEL}@epoch-1")  # another network's run
    assert usual(visit("activations", link)) == []
    run = keep()
    assert len(usual(visit("activations", link))) == 1
    assert usual(visit("activations", link | {"layers": "layer1"})) == []  # not swept
    assert usual(visit("activations", link | {"values": "gradient"})) == []
    assert usual(visit("activations", link | {"edit": "layer1.0.conv1:5*0"})) == []  # another network
    delete_run(run.id, shared_workspace().settings)
    assert usual(visit("activations", link)) == []


def test_the_run_of_the_pictures_source_is_used_else_the_largest(
    new_server: Callable[..., Workspace],
) -> None:
    workspace = new_server()
    small, large = keep(limit=6), keep()
    patterns = keep(source="patterns", limit=4)
    network, channels = workspace.model(MODEL).fingerprint, 32

    def found(source: str) -> Run | None:
        return workspace.sweeps.of_call(network, LAYER, source=source, channels=channels)

    for source, run in ((SOURCE, large), ("upload", large), ("patterns", patterns)):
        assert (one := found(source)) is not None
        assert one.id == run.id
    assert workspace.sweeps.of_call(network, LAYER, source=SOURCE, channels=31) is None
    assert workspace.sweeps.of_call("other", LAYER, source=SOURCE, channels=channels) is None
    delete_run(large.id, workspace.settings)
    assert (one := found("upload")) is not None
    assert one.id == small.id


def test_manifests_are_not_read_again_at_each_click(
    new_server: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    new_server()
    keep()
    link = {"layers": LAYER, "channel": str(CHANNEL)}
    app = visit("activations", link)
    read: list[object] = []

    def counted(settings: Any) -> Any:
        read.append(settings)
        return list_runs(settings)

    monkeypatch.setattr(sweeps, "list_runs", counted)
    app.run()
    assert len(usual(app)) == 1
    assert read == []
    keep(limit=3)
    app.run()
    assert len(usual(app)) == 1
    assert len(read) == 1
