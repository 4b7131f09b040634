"""The part of a page that its own controls change."""

import itertools
from collections.abc import Callable

import streamlit as st

from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.ui.choices import check_links_anew
from actviz_core.ui.errors import require, shown_errors
from actviz_core.ui.view import View, current_view
from actviz_core.ui.waiting import waiting_shown
from actviz_core.workspace import Workspace


def page_body(
    draw: Callable[[Model, Sample, View, Workspace], None], view: View, workspace: Workspace
) -> None:
    """Draw it so that a click in it runs ``draw`` alone: the sidebar and the title stay as they are.

    A click that chooses another network, picture or layers runs everything. The network is looked up in each
    run: the session keeps this function, and with it whatever it would hold on to.
    """
    runs = itertools.count()

    @st.fragment
    def body() -> None:
        with waiting_shown(workspace, key="body"):
            if next(runs):  # a click in it, and the first run is over
                check_links_anew()
                if current_view() != view:
                    st.rerun()
            with shown_errors(view, workspace):
                draw(*require(view, workspace), view, workspace)

    body()
