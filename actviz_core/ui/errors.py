"""The one place where a page's errors become messages that say what to do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from actviz_core.errors import ActVizError, BudgetError, StillWorkingError, WeightsError
from actviz_core.models import Model, find_weights_download, list_weights, start_weights_download
from actviz_core.samples import Sample
from actviz_core.ui.jobs import download_panel
from actviz_core.ui.text import megabytes, plain
from actviz_core.ui.view import View, choose_layers, model_of, sample_of
from actviz_core.ui.waiting import offer_ways_on
from actviz_core.workspace import Workspace


class PageEndError(Exception):
    """Ends a page that has said what is missing."""


@contextmanager
def shown_errors(view: View, workspace: Workspace) -> Iterator[None]:
    """Show an `ActVizError` of the page as a message; where weights are missing, offer to get them."""
    try:
        yield
    except PageEndError:
        pass
    except StillWorkingError as error:
        offer_ways_on(error, view.model_key)
    except WeightsError as error:
        st.error(plain(str(error)), icon=":material/cloud_download:")
        _offer_weights(view, workspace)
    except BudgetError as error:
        st.error(plain(str(error)), icon=":material/memory:")
        _offer_fitting(view, workspace)
    except ActVizError as error:
        st.error(plain(str(error)), icon=":material/error:")


def show_problems(view: View) -> None:
    """Say what a link asked for in vain, and what would work."""
    for problem in view.problems:
        st.warning(plain(problem), icon=":material/link_off:")


def warn_of_size(model: Model, layers: Sequence[str], workspace: Workspace) -> None:
    """Say beforehand that some layers are more than fits in memory."""
    try:
        workspace.check_budget(model, layers)
    except BudgetError as error:
        st.warning(plain(str(error)), icon=":material/memory:")


def require(view: View, workspace: Workspace) -> tuple[Model, Sample]:
    """The network and picture in hand; ends the page with a way on where a link named neither."""
    model, sample = model_of(view, workspace), sample_of(view, workspace)
    if model is None:
        st.info("Choose a model in the sidebar to go on.", icon=":material/arrow_back:")
        raise PageEndError
    if sample is None:
        st.info("Choose a picture to go on.", icon=":material/image_search:")
        st.page_link("samples.py", label="Browse pictures", icon=":material/photo_library:")
        raise PageEndError
    return model, sample


def _offer_fitting(view: View, workspace: Workspace) -> None:
    model = model_of(view, workspace)
    fitting = () if model is None else workspace.fitting(model, view.layers)
    if fitting and fitting != view.layers:
        st.button(
            "Keep the layers that fit", icon=":material/check:", on_click=choose_layers, args=(fitting,)
        )


def _offer_weights(view: View, workspace: Workspace) -> None:
    key = view.model_key
    if key is None:
        return
    info = next((w for w in list_weights(key.split("@")[0], workspace.settings) if w.key == key), None)
    if info is None or info.ready or info.bytes == 0:
        return
    download_panel(
        f"Download these weights ({megabytes(info.bytes)})" if info.bytes else "Download these weights",
        find=lambda: find_weights_download(key),
        start=lambda: start_weights_download(key, workspace.settings),
        key="get_weights",
    )
