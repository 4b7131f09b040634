"""Does what the first visitor would otherwise wait for."""

import gc
import logging

from actviz_core.activations import ROOT
from actviz_core.allocator import keep_freed_memory
from actviz_core.analysis import first_of_each_stage
from actviz_core.errors import ActVizError
from actviz_core.models import list_models
from actviz_core.ui.defaults import DEFAULT_IMAGE, DEFAULT_MODEL
from actviz_core.workspace import shared_workspace

_log = logging.getLogger(__name__)


def warm_up() -> None:
    """Load the default network and capture the first view; a failure is logged and left to the pages."""
    keep_freed_memory()
    try:
        workspace = shared_workspace()
        model = workspace.model(DEFAULT_MODEL)
        layers = first_of_each_stage(workspace.tree(model))
        workspace.calls(model, workspace.sample(DEFAULT_IMAGE), [*layers, ROOT])
        list_models(workspace.settings)  # imports timm, where it is installed
    except ActVizError as error:
        _log.warning("The first view could not be prepared: %s", error)
    # Streamlit collects garbage after every run of a page. What has been loaded by now stays for good, and
    # going through all of it would take longer than the page.
    gc.collect()
    gc.freeze()
