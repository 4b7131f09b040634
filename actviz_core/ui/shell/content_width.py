"""How wide the browser draws the page's content, so that figures can be made for that width."""

import streamlit as st

USUAL = 980
"""Pixels in a window of 1440 with the sidebar open: what figures are made for while nothing else is known."""

SIDE_BY_SIDE = 800
"""Pixels of the page from which on columns stand side by side."""

SIDE_SHARE = 0.3
"""Of the page's width, taken by the column beside a grid or a sheet."""

_KEY = "content_width"
_CHANGED = "content_width_changed"

# Nothing is reported near the usual width, so that most visitors' pages run once. Steps keep a window that is
# being dragged from drawing every figure anew at each pixel.
_JS = """
export default function ({ parentElement, data, setStateValue }) {
  const main = document.querySelector('[data-testid="stMainBlockContainer"]');
  if (!main) return;
  let told = data.known, timer;
  const tell = () => {
    const style = getComputedStyle(main);
    const inner = main.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const usual = Math.abs(inner - data.usual) < 0.1 * data.usual;
    const width = usual ? 0 : Math.max(data.step, data.step * Math.floor(inner / data.step));
    if (width !== told) { told = width; setStateValue("width", width); }
  };
  const observer = new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(tell, 200); });
  observer.observe(main);
  const stop = () => { clearTimeout(timer); observer.disconnect(); };
  parentElement.stopWatching?.();  // Streamlit does not end a call that a newer one follows
  parentElement.stopWatching = stop;
  return stop;
}
"""

_WATCH = st.components.v2.component("content_width", html="<span></span>", js=_JS)


def watch_content_width() -> None:
    """Learn the width of the page's content; the page runs again where it is far from the usual one."""
    _WATCH(
        key=_KEY,
        data={"usual": USUAL, "step": 40, "known": _known()},
        default={"width": 0},
        on_width_change=_changed,
        height=1,
    )


def content_width() -> int:
    """Pixels from side to side of the page's content, as far as they are known."""
    return _known() or USUAL


def column_width(share: float) -> int:
    """Pixels of a column that takes this share of the page, or of all of it where columns have no room."""
    width = content_width()
    return round(width * share) if width >= SIDE_BY_SIDE else width


def only_width_changed() -> bool:
    """Whether the page runs again for a new width alone, and not because a person acted. Asked once a run."""
    return bool(st.session_state.pop(_CHANGED, False))


def _changed() -> None:
    st.session_state[_CHANGED] = True


def _known() -> int:
    state = st.session_state.get(_KEY)
    return int((state or {}).get("width") or 0)
