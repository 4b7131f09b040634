"""Which channels matter for a class: all of a layer switched off in turn, listed by how far it falls."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.choices import check_switches
from actviz_core.ui.class_choice import Classes, chosen_classes
from actviz_core.ui.making import begin, made
from actviz_core.ui.text import plain
from actviz_core.units import percent
from actviz_core.workspace.layer_worth import WorthAsked
from actviz_core.workspace.shared import shared_workspace

KEY = "which_matter"
POINT = 0.01
HELP = "Every channel is switched off by itself, and the network runs again. Click a row to see the channel."


def which_matter(layer: SelectedLayer, *, clicked: Callable[[int | None], None]) -> None:
    """Draw the switch, and once it is on the list; ``clicked`` gets the channel of a row that is chosen."""
    check_switches(KEY)
    axis = layer.layout.axes.find("C")
    if axis < 1 or not st.toggle("Which channels matter?", key=KEY, bind="query-params", help=HELP):
        return
    workspace = shared_workspace()
    prediction = workspace.prediction(layer.model, layer.sample, k=None)
    if prediction.problem is not None:
        st.caption(plain(f"{prediction.problem} So no channel can be worth anything for a class."))
        return
    classes = chosen_classes(prediction)
    asked = WorthAsked(layer.model, layer.sample, layer.call, axis, classes.chosen)
    begin([asked], workspace.worths)
    found = made(asked, workspace.worths, key="worth")
    if found is None:
        return
    share = dict(zip(prediction.indices, prediction.probabilities, strict=True))[classes.chosen]
    st.markdown(plain(worth_sentence(found.falls, classes, share)))
    _table(found.falls, classes, share, clicked)


def worth_sentence(falls: npt.NDArray[np.float64], classes: Classes, share: float) -> str:
    """Which channel the class needs most, and how many it hardly needs; ``share`` is its probability."""
    usable = np.where(np.isfinite(falls), falls, -np.inf)
    best = int(usable.argmax())
    hardly = int((np.abs(falls) < POINT).sum())
    small = f"{hardly:,} of {len(falls):,} channels change it by less than 1 point."
    if usable[best] <= 0:
        return f"No channel is needed: {classes.name} does not fall without any one of them. {small}"
    return (
        f"{classes.name} needs channel {best} most: without it, {classes.name} falls "
        f"from {percent(share, 1)} to {percent(share - falls[best], 1)}. {small}"
    )


def _table(
    falls: npt.NDArray[np.float64],
    classes: Classes,
    share: float,
    clicked: Callable[[int | None], None],
) -> None:
    order = np.argsort(-falls, kind="stable")
    key = "worth_table"

    def choose() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            clicked(int(order[rows[0]]))

    st.dataframe(
        pd.DataFrame(
            {
                "Channel": order,
                f"{classes.name} without it": 100 * (share - falls[order]),
                "Falls by": 100 * falls[order],
            }
        ),
        key=key,
        height=320,
        hide_index=True,
        selection_mode="single-row",
        on_select=choose,
        column_config={
            f"{classes.name} without it": st.column_config.NumberColumn(format="%.2f %%"),
            "Falls by": st.column_config.NumberColumn(format="%.2f", help="In points of a hundred."),
        },
        alt=f"The channels by how far {classes.name} falls without them",
    )
