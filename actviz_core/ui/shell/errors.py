"""The one place where errors become messages that say what to do, also those that nobody foresaw."""

import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from actviz_core.errors import ActVizError, BudgetError, MissingWeightsError, StillWorkingError
from actviz_core.models import Model, find_weights_download, list_weights, start_weights_download
from actviz_core.models.network import RANDOM
from actviz_core.names import ModelKey
from actviz_core.samples import Sample
from actviz_core.ui.shell.jobs import download_panel
from actviz_core.ui.shell.view import View, choose_layers, choose_model, model_of, sample_of
from actviz_core.ui.shell.waiting import offer_ways_on
from actviz_core.ui.text import plain
from actviz_core.units import megabytes
from actviz_core.workspace.shared import Workspace

_LOG = logging.getLogger(__name__)

# A link that loads the app again: what a widget has in the address, nothing that runs here may forget.
BEGIN_ANEW = (
    '<a class="begin-anew" href="." title="Forgets what was chosen, but not your tray, and shows the page, '
    'network and picture that the app begins with.">Begin anew</a>'
)


class PageEndError(Exception):
    """Ends a page that has said what is missing."""


@contextmanager
def shown_errors(view: View, workspace: Workspace) -> Iterator[None]:
    """Show the page's errors as messages with a way on.

    An `ActVizError` says itself what is wrong; where weights are missing, there is an offer to get them. Any
    other exception is a fault of this app, which `say_fault` tells of.
    """
    try:
        yield
    except PageEndError:
        pass
    except StillWorkingError as error:
        offer_ways_on(error, view.model_key)
    except MissingWeightsError as error:
        st.info(plain(error.problem), icon=":material/cloud_download:")
        _offer_weights(view, workspace)
        _offer_untrained(view, workspace)
    except BudgetError as error:
        st.error(plain(str(error)), icon=":material/memory:")
        _offer_fitting(view, workspace)
    except ActVizError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Exception as error:
        say_fault(error, _shown(view))


@contextmanager
def shown_faults(what: str) -> Iterator[None]:
    """Show an exception that nobody foresaw as `say_fault` does, and let the rest of the page be drawn."""
    try:
        yield
    except Exception as error:
        say_fault(error, what)


def say_fault(error: Exception, what: str) -> None:
    """Tell a person that the app failed at ``what``, with a way on and the number in the log."""
    number = log_fault(error, what)
    st.error(plain(fault_text(what, number)), icon=":material/bug_report:")
    st.html(BEGIN_ANEW)


def say_uncaught(error: Exception) -> bool:
    """Tell of an exception outside of any page, such as in what a click does; True: nothing else is shown."""
    say_fault(error, "what was just clicked or opened")
    return True


def log_fault(error: Exception, what: str) -> str:
    """Write an exception to the server's log; returns the number that finds it there."""
    number = secrets.token_hex(4)
    _LOG.error("Fault %s in %s", number, what, exc_info=error)
    return number


def fault_text(what: str, number: str) -> str:
    """Say that something failed which nobody foresaw, and what a person can do."""
    return (
        f"This app failed at {what}. That is its own fault, not yours. Go on with another layer, picture or "
        f"network, or begin anew. Whoever runs this server finds the reason in its log under {number}."
    )


def _shown(view: View) -> str:
    layers = ", ".join(view.layers[:3]) + (" and more" if len(view.layers) > 3 else "")
    of = f", {layers}" if layers else ""
    return f"this page for {view.model_key or 'no network'}, {view.image_id or 'no picture'}{of}"


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
    (model,) = require_network(view, workspace)
    sample = sample_of(view, workspace)
    if sample is None:
        st.info("Choose a picture to go on.", icon=":material/image_search:")
        st.page_link("samples.py", label="Browse pictures", icon=":material/photo_library:")
        raise PageEndError
    return model, sample


def require_network(view: View, workspace: Workspace) -> tuple[Model]:
    """The network in hand; ends the page with a way on where a link named none."""
    model = model_of(view, workspace)
    if model is None:
        st.info("Choose a model in the sidebar to go on.", icon=":material/arrow_back:")
        raise PageEndError
    return (model,)


def _offer_fitting(view: View, workspace: Workspace) -> None:
    model = model_of(view, workspace)
    fitting = () if model is None else workspace.fitting(model, view.layers)
    if fitting and fitting != view.layers:
        st.button(
            "Keep the layers that fit", icon=":material/check:", on_click=choose_layers, args=(fitting,)
        )


def _offer_untrained(view: View, workspace: Workspace) -> None:
    name = ModelKey.parse(view.model_key or "").network
    key = next((info.key for info in list_weights(name, workspace.settings) if info.name == RANDOM), None)
    if key is not None:
        st.button("Show untrained", icon=":material/shuffle:", on_click=choose_model, args=(key,))


def _offer_weights(view: View, workspace: Workspace) -> None:
    key = view.model_key
    if key is None:
        return
    info = next(
        (w for w in list_weights(ModelKey.parse(key).network, workspace.settings) if w.key == key), None
    )
    if info is None or info.ready or info.bytes == 0:
        return
    download_panel(
        f"Download these weights ({megabytes(info.bytes)})" if info.bytes else "Download these weights",
        find=lambda: find_weights_download(key),
        start=lambda: start_weights_download(key, workspace.settings),
        key="get_weights",
    )
