"""Runs that the server keeps, and what the bundled pictures are taken for, by plain hooks."""

from collections.abc import Sequence

from actviz_core.samples import open_source
from actviz_core.sweep import Run, sweep
from actviz_core.workspace.shared import shared_workspace
from tests.pages.truth import MODEL, said_classes

SOURCE = "bundled-cifar10"
LAYERS = ["layer1.0.conv1", "layer3"]


def keep(
    key: str = MODEL, source: str = SOURCE, *, layers: Sequence[str] = LAYERS, limit: int | None = None
) -> Run:
    """Sweep here and now, so that the server has a run."""
    workspace = shared_workspace()
    pictures = open_source(source, workspace.settings)
    return sweep(workspace.model(key), pictures, layers, limit=limit, settings=workspace.settings)


def answers(key: str = MODEL) -> list[tuple[str, str, float]]:
    """What each bundled picture shows, what the network says, and how sure it is; by plain hooks."""
    source = open_source(SOURCE)
    found = [said_classes(f"{SOURCE}/{index}", key) for index in range(len(source))]
    return [(str(source.label(at)), names[0], float(shares[0])) for at, (names, shares) in enumerate(found)]
