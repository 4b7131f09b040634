"""The part of a page that its own controls change."""

import itertools
from collections.abc import Callable
from typing import Any

import streamlit as st

from actviz_core.ui.choices import check_links_anew
from actviz_core.ui.shell.errors import require, shown_errors
from actviz_core.ui.shell.view import View, current_view
from actviz_core.ui.shell.waiting import waiting_shown
from actviz_core.workspace.shared import Workspace


def page_body(
    draw: Callable[..., None],
    view: View,
    workspace: Workspace,
    needs: Callable[[View, Workspace], tuple[Any, ...]] = require,
) -> None:
    """Draw it so that a click in it runs ``draw`` alone: the sidebar and the title stay as they are.

    ``needs`` looks up what ``draw`` is given before the view and the workspace: the network and the picture.
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
                draw(*needs(view, workspace), view, workspace)

    body()
