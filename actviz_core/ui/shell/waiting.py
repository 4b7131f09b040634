"""What a page shows while it waits for a network, and when that takes too long."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from actviz_core.errors import StillWorkingError
from actviz_core.system.waiting import Patience, Work, patient
from actviz_core.ui.shell.defaults import DEFAULT_MODEL
from actviz_core.ui.shell.view import choose_model
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace

_WAIT_ON = "wait_on"

# The notice lies over the page and takes no place in it, so that nothing moves when it comes and goes.
_STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-waiting_for"]) {
  position: fixed; z-index: 999; bottom: 1.5rem; left: 50%; transform: translateX(-50%);
  width: max-content; max-width: calc(100vw - 2rem);
}
[class*="st-key-waiting_for"] [data-testid="stAlert"] {
  border-radius: 0.5rem; background: Canvas; box-shadow: 0 2px 12px rgb(0 0 0 / 30%);
}
</style>"""


@contextmanager
def waiting_shown(workspace: Workspace, *, key: str) -> Iterator[None]:
    """Within it, what takes over a second is told, and given up after the server's ``wait_seconds``.

    ``key`` tells the parts of a page apart that run on their own.
    """
    with st.container(key=f"waiting_for_{key}"):
        st.html(_STYLE)
        place = st.empty()

    def tell(work: Work | None) -> None:
        if work is None:
            place.empty()
        else:
            words = f"{work.what}: {work.seconds:,.0f} s so far"
            place.info(plain(words), icon=":material/hourglass_top:")

    wait_on = st.session_state.pop(_WAIT_ON, False)
    with patient(Patience(workspace.settings.wait_seconds, tell, wait_on=wait_on)):
        yield


def offer_ways_on(error: StillWorkingError, model_key: str | None) -> None:
    """Say what is not done yet, with a way to something else and one to wait on."""
    st.warning(plain(str(error)), icon=":material/hourglass_disabled:")
    with st.container(horizontal=True):
        wait_on_button(key="wait_on_button")
        if model_key != DEFAULT_MODEL:
            st.button(
                f"Look at {DEFAULT_MODEL}",
                key="look_at_default",
                icon=":material/visibility:",
                on_click=choose_model,
                args=(DEFAULT_MODEL,),
            )


def wait_on_button(*, key: str) -> None:
    """Offer to wait once more, for as long as the first time."""
    st.button("Wait on", key=key, icon=":material/hourglass_top:", on_click=_wait_on)


def _wait_on() -> None:
    st.session_state[_WAIT_ON] = True
