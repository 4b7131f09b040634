"""The bundled network's model card: accuracy of what, the learning curve, and what it confuses."""

import pandas as pd
import streamlit as st

from actviz_core.figures import confusion_figure, learning_curve_figure
from actviz_core.models.cifar_resnet20.checkpoints import checkpoints
from actviz_core.models.cifar_resnet20.measured import epochs, measured, most_confused, read_card
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.ui.choices import linked_selectbox
from actviz_core.ui.figure import draw
from actviz_core.ui.text import plain
from actviz_core.units import percent

CONFUSION_WIDTH = 560


def show_card() -> None:
    """Draw the whole page below its title."""
    every = measured()
    counts = every[0]
    right = percent(counts.right / counts.total, 1)
    st.markdown(
        f"**{right}** is the share of {counts.total:,} pictures of CIFAR-10 that the final weights name "
        f"right: {counts.right:,} of them. The network never learned from these pictures. They have their "
        "original pixels, while those that it learned from had been through JPEG."
    )
    _accuracies()
    st.subheader("What it takes for what")
    chosen = linked_selectbox("Pictures", [one.pictures for one in every], key="measured_on", width=260)
    shown = next(one for one in every if one.pictures == chosen)
    mistakes = "; ".join(
        f"{true} for {said}, {count} of {int(shown.confusion[CLASSES.index(true)].sum())}"
        for true, said, count in most_confused(shown.confusion)
    )
    st.markdown(plain(f"Most often it takes one for another so: {mistakes}."))
    st.caption("Final weights. Rows: what the picture shows. Columns: what the network says.")
    with st.container(width=CONFUSION_WIDTH):
        draw(
            confusion_figure(shown.confusion, CLASSES, width=CONFUSION_WIDTH),
            key="card_confusion",
            alt=f"The confusion matrix on {shown.pictures}. Most frequent mistakes: {mistakes}.",
        )
    st.subheader("While it learned")
    _curve(counts.pictures)
    with st.expander("The whole model card"):
        lines = read_card().splitlines()[1:]  # the page has a title, and its own curve
        st.markdown("\n".join(line.replace("## ", "#### ") for line in lines if not line.startswith("![")))


def _accuracies() -> None:
    """Draw the table of all checkpoints on both sets."""
    listed = checkpoints()
    st.dataframe(
        pd.DataFrame(
            {"Weights": [one.name.replace("-", " ") for one in listed]}
            | {name: [percent(one.accuracy[name], 1) for one in listed] for name in listed[0].accuracy}
        ),
        hide_index=True,
        width="content",
        alt="The accuracy of each set of bundled weights on both sets of pictures",
    )


def _curve(pictures: str) -> None:
    log = epochs()
    lines = {
        f"{pictures}, never learned from": [epoch.validation for epoch in log],
        "pictures it learned from, augmented": [epoch.training for epoch in log],
    }
    draw(
        learning_curve_figure([epoch.number for epoch in log], lines),
        key="card_curve",
        alt=f"The accuracy over {len(log)} epochs, in the end {percent(log[-1].validation, 1)} on {pictures}",
    )
