"""The tray as the Samples page shows it: its pictures, each with a way to look at it or to remove it."""

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.tray import TRAY_SIZE, take_from_tray, tray
from actviz_core.ui.shell.view import choose_image
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace


def tray_shelf(workspace: Workspace) -> None:
    """Draw the pictures of the tray in a row; nothing while it is empty."""
    kept = tray()
    if not kept:
        return
    st.subheader("Tray", help=meaning(Term.TRAY))
    row = st.grid(TRAY_SIZE, min_column_width=120)
    for image_id in kept:
        with row.cell():
            try:
                sample = workspace.sample(image_id)
            except ActVizError as error:
                st.caption(plain(str(error)))
            else:
                st.image(sample.image, width=120, alt=f"{sample.title}, {image_id}")
                st.caption(plain(sample.name or f"{sample.title} {image_id}"))
                st.button("Look at it", key=f"look_{image_id}", on_click=choose_image, args=(image_id,))
            st.button(
                "Remove", key=f"remove_{image_id}", type="tertiary", on_click=take_from_tray, args=(image_id,)
            )
