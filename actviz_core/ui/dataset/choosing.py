"""Which source and which run the page shows, in step with the network in hand and with the link."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.models import Model
from actviz_core.samples import Source, SourceInfo, list_sources, open_source, parse_image_id
from actviz_core.sweep import KeptRun
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.samples.browser import is_offered
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.ui.shell.view import View, choose_model
from actviz_core.ui.text import shorten
from actviz_core.units import megabytes
from actviz_core.workspace.shared import Workspace

BUNDLED = "bundled-cifar10"


def _last(texts: Sequence[str]) -> str | None:
    return texts[-1] or None


SOURCE = LinkValue("source", _last, lambda key: [key])
RUN = LinkValue("run", _last, lambda run: [run])

_RUN_OF = "dataset_run_of"  # the network and the source for which the run was chosen


def offered_sources(workspace: Workspace) -> dict[str, SourceInfo]:
    """The sources that can be swept here, by key; one that is not there yet is among them."""
    return {info.key: info for info in list_sources(workspace.settings) if is_offered(info, workspace)}


def chosen_source(view: View, sources: dict[str, SourceInfo]) -> str:
    """The source that a person or a link chose, else that of the picture in hand, else the bundled one."""
    possible = f"It can be: {', '.join(sources)}."
    chosen = SOURCE.get(possible)
    if chosen is not None and chosen not in sources:
        SOURCE.choose(None)
        SOURCE.warn(chosen, possible)
        chosen = None
    if chosen is not None:
        return chosen
    of_picture = parse_image_id(view.image_id).source if view.image_id else BUNDLED
    return of_picture if of_picture in sources and sources[of_picture].available else BUNDLED


def linked_run(view: View, workspace: Workspace) -> str | None:
    """The run that was chosen; a link to one brings its network and its source along."""
    is_new = RUN.is_new()
    asked = RUN.get("")
    if not is_new or asked is None:
        return asked
    kept = next((run for run in workspace.sweeps.runs() if run.id == asked), None)
    if kept is None or not kept.finished:
        RUN.choose(None)
        RUN.warn(shorten(asked, 60), "There is no such run here, or it is not finished.")
        return None
    told = kept.manifest
    choose_run(told.id, told.model, told.source)
    if view.model_key != told.model:
        choose_model(told.model)
        st.rerun()
    return asked


def choose_run(run: str, model_key: str, source: str) -> None:
    """Show this run, which is of this network and source, from now on."""
    RUN.choose(run)
    SOURCE.choose(source)
    st.session_state[_RUN_OF] = (model_key, source)


def run_to_show(asked: str | None, model: Model, source: str, workspace: Workspace) -> KeptRun | None:
    """The run that was chosen, as long as its network and source are in hand; else the largest of these."""
    of_both = (model.key, source)
    runs = {run.id: run for run in workspace.sweeps.runs() if run.finished}
    if asked in runs and st.session_state.get(_RUN_OF) == of_both:
        return runs[asked]
    best = next(iter(runs_of(model, source, workspace)), None)
    RUN.choose(None if best is None else best.id)
    st.session_state[_RUN_OF] = of_both
    return best


def runs_of(model: Model, source: str, workspace: Workspace) -> tuple[KeptRun, ...]:
    """The finished runs of a network over a source, those of most pictures first."""
    return tuple(run for run in workspace.sweeps.finished_runs(model) if run.manifest.source == source)


def in_hand(kept: KeptRun, model: Model, workspace: Workspace) -> RunInHand:
    """Open a run, with its network and pictures as far as they are still those that were swept."""
    run = workspace.sweeps.open(kept.id)
    source: Source | None
    try:
        source = open_source(kept.manifest.source, workspace.settings)
    except ActVizError:
        source = None
    if source is not None and not workspace.sweeps.is_same(source, run):
        source = None
    same = model.fingerprint == kept.manifest.network
    return RunInHand(run, model if same else None, source, workspace)


def run_title(run: KeptRun) -> str:
    """A run in the list of runs: ``10,000 pictures, 5 layers, 4.2 MB``."""
    told = run.manifest
    pictures = "1 picture" if told.pictures == 1 else f"{told.pictures:,} pictures"
    layers = "1 layer" if len(told.layers) == 1 else f"{len(told.layers)} layers"
    return f"{pictures}, {layers}, {megabytes(run.bytes)} ({run.id[:6]})"
