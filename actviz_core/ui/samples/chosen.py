"""The chosen picture: large, as the model sees it, and what the model says."""

import streamlit as st

from actviz_core.figures import prediction_bars
from actviz_core.ui.figure import draw
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.content_width import SIDE_SHARE, column_width
from actviz_core.ui.shell.errors import require
from actviz_core.ui.shell.tray import keep_in_tray, take_from_tray, tray
from actviz_core.ui.shell.view import View
from actviz_core.ui.text import plain
from actviz_core.units import percent
from actviz_core.workspace.shared import Workspace


def chosen_picture(view: View, workspace: Workspace) -> None:
    """Draw the picture in hand beside what the model sees, with its label and top-5."""
    model, sample = require(view, workspace)
    picture, seen = st.columns(2)
    shown = model.preprocess.seen(sample.image)
    with picture:
        st.image(sample.image, width="stretch", alt=f"The chosen picture, {sample.id}, {sample.title}")
        st.caption(f"The picture, {sample.image.width} x {sample.image.height}")
    with seen:
        # As PNG: a JPEG would change pixels of what is shown as exactly this.
        st.image(shown, width="stretch", output_format="PNG", alt="The picture as the model sees it")
        st.caption(f"What the model sees, {shown.width} x {shown.height}")
    st.markdown(f"**{plain(sample.title)}** {plain(sample.id)}")
    prediction = workspace.prediction(model, sample)
    said = ", ".join(
        f"{label} {percent(share)}"
        for label, share in zip(prediction.labels, prediction.probabilities, strict=True)
    )
    draw(
        prediction_bars(prediction, label=sample.label, width=column_width(SIDE_SHARE)),
        key="samples_top5",
        alt=f"The model says: {said}",
    )
    with st.container(horizontal=True):
        if sample.id in tray():
            st.button(
                "Remove from tray", icon=":material/remove:", on_click=take_from_tray, args=(sample.id,)
            )
        else:
            st.button(
                "Keep in tray",
                icon=":material/add:",
                on_click=keep_in_tray,
                args=(sample.id,),
                help=meaning(Term.TRAY),
            )
        st.page_link("activations.py", label="Show activations", icon=":material/grid_view:")
