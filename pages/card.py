"""What the bundled network's accuracy means, and what it confuses."""

import streamlit as st

from actviz_core.ui.card_page import show_card
from actviz_core.ui.glossary import Term, meaning

st.title("Model card of cifar-resnet20")
st.caption(
    "How good the network that comes along is, measured on pictures that it never learned from.",
    help=meaning(Term.WEIGHTS),
)

show_card()
