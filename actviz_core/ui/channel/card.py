"""The frame of a card: a title, a link of its own, and a part of the page that runs and waits by itself."""

import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from actviz_core.errors import ActVizError, StillWorkingError
from actviz_core.system.background import Task
from actviz_core.ui.channel.hand import Asked, ChannelInHand, hand_again
from actviz_core.ui.channel.opening import choose_card
from actviz_core.ui.shell.errors import shown_faults
from actviz_core.ui.shell.waiting import wait_on_button, waiting_shown
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace

Result = TypeVar("Result")

GRACE = 0.3
"""Seconds that all cards of a page together wait for what is quick, so that they need no second run."""

ASK_AFTER = 400
"""Milliseconds after which a card asks again for what is not ready."""

_UNTIL = "channel_grace_until"

_ASK = st.components.v2.component(
    "ask_again",
    html="<span></span>",
    js="""
export default function ({ parentElement, data, setTriggerValue }) {
  clearInterval(parentElement.asking);  // Streamlit does not end a call that a newer one follows
  const timer = setInterval(() => setTriggerValue("asked", data.asked), data.after);
  parentElement.asking = timer;
  return () => clearInterval(timer);
}
""",
)
_SHOW = st.components.v2.component(
    "show_card",
    html="<span></span>",
    js="""
export default function ({ data }) {
  if (window.shownCard === data.link) return;
  window.shownCard = data.link;
  const show = () => document.querySelector(`.st-key-card_${data.card}`)?.scrollIntoView({ block: "start" });
  setTimeout(show, 300);
}
""",
)


def begin_waiting() -> None:
    """Give the cards of this run their time to wait."""
    st.session_state[_UNTIL] = time.monotonic() + GRACE


def card(
    name: str,
    title: str,
    draw: Callable[[ChannelInHand], None],
    asked: Asked,
    workspace: Workspace,
    *,
    chosen: bool,
) -> None:
    """Draw a card; a click in it, and what it waits for, runs ``draw`` alone."""
    with st.container(border=True, key=f"card_{name}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"#### {':red[:material/arrow_right:] ' if chosen else ''}{title}")
            st.button(
                "Link",
                key=f"link_{name}",
                icon=":material/link:",
                type="tertiary",
                help="Puts this card into the page's address, so that the link opens here.",
                on_click=choose_card,
                args=(name,),
            )
        if chosen:
            _SHOW(
                key=f"show_{name}",
                data={"card": name, "link": f"{name} {asked.call} {asked.channel}"},
                height=1,
            )

        @st.fragment
        def body() -> None:
            if asked.is_past():
                st.rerun()
            with waiting_shown(workspace, key=f"card_{name}"), shown_faults(f"the card {title}"):
                try:
                    draw(hand_again(asked, workspace))
                except StillWorkingError as error:
                    st.info(plain(str(error)), icon=":material/hourglass_top:")
                    wait_on_button(key=f"wait_{name}")
                except ActVizError as error:
                    st.info(plain(str(error)), icon=":material/info:")

        body()


def ready(task: Task[Result], words: str, *, key: str, share: float | None = None) -> bool:
    """Whether a task is done; if not, say what it does, and have the card ask again.

    ``share`` is how much is done, 0 to 1, where that is known.
    """
    until = st.session_state.get(_UNTIL, 0.0)
    task.ended.wait(max(0.0, until - time.monotonic()))
    if task.done:
        return True
    if share is None:
        st.markdown(f":material/hourglass_top: {plain(words)}")
    else:
        st.progress(min(1.0, share), text=plain(words))
    ask_again(key)
    return False


def found_by(task: Task[Result] | None) -> Result | None:
    """What a task has found, if it has by now, and did not fail."""
    if task is None or not task.done:
        return None
    try:
        return task.result()
    except ActVizError:
        return None


def ask_again(key: str) -> None:
    """Have the card run again in a moment.

    Cards that ask at the same instant reach the server as one, so each asks in a rhythm of its own, and goes
    on asking until it is drawn anew.
    """
    count = st.session_state[f"asked_{key}"] = st.session_state.get(f"asked_{key}", 0) + 1
    _ASK(
        key=f"ask_{key}",
        data={"asked": count, "after": ASK_AFTER + 31 * len(key)},
        on_asked_change=lambda: None,
        height=1,
    )
