"""What the theme cannot say: text that can be read, names that are shown whole, focus that can be seen."""

import streamlit as st

# Captions at full colour would compete with the text; Streamlit's own 60 % are below 4.5 : 1 on white.
# Chips keep one dark ground in both themes, on which their white text has 5.5 : 1.
# Widgets are drawn once their scripts have arrived; until then their places are lower, or higher, than they:
# toolbars and the choice of a page keep the height that they will have, so that nothing below them moves.
_STYLE = """<style>
div[data-testid="stCaptionContainer"] { opacity: 0.8; }
div[data-testid="stMultiSelectTagsContainer"] span[data-tag]
  { background-color: #0f766e; height: auto; min-height: 1.6rem; max-width: 100%; }
div[data-testid="stMultiSelectTagsContainer"] span[data-tag] > span[title]
  { white-space: normal; overflow-wrap: anywhere; overflow: visible; max-width: 100%; line-height: 1.25;
    padding-block: 0.15rem; }
a[data-testid="stTopNavLink"]:focus-visible, div[data-testid="stPageLink"] a:focus-visible
  { outline: 2px solid currentColor; outline-offset: -2px; }
[class*="st-key-toolbar_"], [class*="st-key-toolbar_"] .stElementContainer:has([data-testid="stSkeleton"])
  { min-height: 4.25rem; }
.stElementContainer.st-key-grid_page, .stElementContainer.st-key-page { height: 2rem; }
@media (max-width: 1000px) {
  nav[data-testid="stTopNav"] a[data-testid="stTopNavLink"] > span:has([data-testid="stIconMaterial"])
    { display: none; }
  nav[data-testid="stTopNav"] a[data-testid="stTopNavLink"] { padding-inline: 0.25rem; gap: 0; }
  nav[data-testid="stTopNav"] a[data-testid="stTopNavLink"] p { font-size: 0.8rem; }
}
</style>"""


def apply_look() -> None:
    """Draw it once a run, before anything that it is about."""
    st.html(_STYLE)
