"""Does what the first visitor would otherwise wait for."""

import gc
import inspect
import logging
import pkgutil
from importlib import import_module

import numpy as np

from actviz_core import ui
from actviz_core.analysis import Summary, first_of_each_stage, summary_map
from actviz_core.errors import ActVizError
from actviz_core.figures import channel_grid, histogram, overlay, prediction_bars
from actviz_core.models import Model, list_models
from actviz_core.samples import Sample
from actviz_core.samples.visitor_pictures import picture_readers
from actviz_core.system.allocator import keep_freed_memory
from actviz_core.ui.figure.assets import PLOTLY, asset, scripts
from actviz_core.ui.shell.defaults import DEFAULT_IMAGE, DEFAULT_MODEL
from actviz_core.workspace.activations import ROOT
from actviz_core.workspace.leftovers import clear_leftovers
from actviz_core.workspace.shared import Workspace, shared_workspace

_log = logging.getLogger(__name__)


def warm_up() -> None:
    """Load the default network and draw the first view; a failure is logged and left to the pages."""
    keep_freed_memory()
    picture_readers().prepare()
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        import_module(module.name)
    try:
        workspace = shared_workspace()
        clear_leftovers(workspace.settings)
        _draw_first_view(workspace.model(DEFAULT_MODEL), workspace.sample(DEFAULT_IMAGE), workspace)
        list_models(workspace.settings)  # imports timm, where it is installed
    except ActVizError as error:
        _log.warning("The first view could not be prepared: %s", error)
    for address in (PLOTLY, *scripts()):
        asset(address)  # compressed once
    inspect.stack()  # Streamlit asks for it once, and the first time goes through all loaded modules
    # Streamlit collects garbage after every run of a page. What has been loaded by now stays for good, and
    # going through all of it would take longer than the page: 255 ms (`python -m benchmarks process`).
    gc.collect()
    gc.freeze()


def _draw_first_view(model: Model, sample: Sample, workspace: Workspace) -> None:
    """Capture it, and make plotly load what it first loads when it makes figures."""
    layers = first_of_each_stage(workspace.tree(model))
    workspace.calls(model, sample, [*layers, ROOT])
    call, value = next(iter(workspace.activations(model, sample, layers).items()))
    maps = workspace.maps(model, call, value)
    for figure in (
        channel_grid(maps),
        overlay(np.asarray(model.preprocess.seen(sample.image)), summary_map(maps, Summary.MEAN)),
        histogram(maps),
        prediction_bars(workspace.prediction(model, sample)),
    ):
        figure.to_json()
