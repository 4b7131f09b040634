"""Runs before every page: configuration, navigation, sidebar, and errors shown as messages."""

import streamlit as st

from actviz_core.errors import SettingsError
from actviz_core.ui.activations.edits_view import tell_edits
from actviz_core.ui.choices import check_links_anew
from actviz_core.ui.dataset.line import sweep_line
from actviz_core.ui.shell.answers import tell_random_weights
from actviz_core.ui.shell.app_icon import app_icon
from actviz_core.ui.shell.content_width import watch_content_width
from actviz_core.ui.shell.errors import show_problems, shown_errors, shown_faults
from actviz_core.ui.shell.sidebar import draw_sidebar
from actviz_core.ui.shell.tab_title import APP, name_tab
from actviz_core.ui.shell.tray_memory import remember_tray
from actviz_core.ui.shell.view import current_view, show_link
from actviz_core.ui.shell.waiting import waiting_shown
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import shared_workspace

st.set_page_config(page_title=APP, page_icon=app_icon(), layout="wide")

page = st.navigation(
    [
        st.Page("start.py", title="Start", icon=":material/home:", default=True),
        st.Page("samples.py", title="Samples", icon=":material/photo_library:"),
        st.Page("layers.py", title="Layers", icon=":material/account_tree:"),
        st.Page("activations.py", title="Activations", icon=":material/grid_view:"),
        st.Page("why.py", title="Why", icon=":material/help_center:"),
        st.Page("compare.py", title="Compare", icon=":material/compare:"),
        st.Page("dataset.py", title="Data set", icon=":material/dataset:"),
        st.Page("channel.py", title="Channel", icon=":material/center_focus_strong:", visibility="hidden"),
        st.Page("card.py", title="Model card", icon=":material/fact_check:", visibility="hidden"),
        # The sidebar leads to these: a shorter menu shows all others in a window of 800.
        st.Page("weights.py", title="Own weights", icon=":material/upload_file:", visibility="hidden"),
        st.Page("about.py", title="About this server", icon=":material/info:", visibility="hidden"),
    ],
    position="top",
)

try:
    workspace = shared_workspace()
except SettingsError as error:
    st.error(plain(str(error)), icon=":material/settings:")
    st.stop()

name_tab(page.title)
check_links_anew()
with waiting_shown(workspace, key="page"):
    view = current_view()
    show_link(view)
    with st.sidebar, shown_faults("this side bar"):
        draw_sidebar(view, workspace)
    with st.sidebar:
        sweep_line(workspace)
        watch_content_width()
        remember_tray()
    show_problems(view)
    with shown_errors(view, workspace):
        tell_edits(view)
        tell_random_weights(view, workspace)
        page.run()
