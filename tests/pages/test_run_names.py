"""Runs are called by what tells them apart."""

import re
from collections.abc import Callable, Sequence

from actviz_core.models import Model
from actviz_core.samples.source import ArraySource
from actviz_core.sweep import sweep
from actviz_core.ui.dataset import comparing
from actviz_core.workspace.shared import Workspace
from tests.pages.kept_runs import keep
from tests.pages.truth import MODEL
from tests.sweep.toys import net, pixels


def a_source(classes: Sequence[str]) -> ArraySource:
    return ArraySource("patterns", "Noise", tuple(classes), [-1] * 5, pixels(5))


def names_of(models: Sequence[Model], workspace: Workspace) -> list[str]:
    runs = [sweep(model, a_source(()), ["fc"], settings=workspace.settings) for model in models]
    return comparing.run_names(runs, workspace)


def test_runs_are_called_by_what_tells_them_apart(new_server: Callable[..., Workspace]) -> None:
    workspace = new_server()
    same = names_of([net(seed=1), net(seed=2)], workspace)
    assert len(set(same)) == 2
    assert all(re.fullmatch(r"toy \([0-9a-f]{6}\)", name) for name in same)
    run, other = keep(), keep(f"{MODEL}@random")
    assert comparing.run_names([run, other], workspace) == ["final", "random"]
    toy = sweep(net(), a_source(()), ["fc"], settings=workspace.settings)
    assert comparing.run_names([run, toy], workspace) == [MODEL, "toy"]
