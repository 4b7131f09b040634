"""What the network says about a picture, in one line that claims no more than is known."""

import streamlit as st

from actviz_core.analysis import UNSURE_RULE, Certainty, TopK, certainty, classes_sentence, outside_sentence
from actviz_core.errors import ActVizError
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.tasks import Task, Training
from actviz_core.ui.shell.view import View, model_of
from actviz_core.ui.text import plain
from actviz_core.units import percent
from actviz_core.workspace.shared import Workspace

RANDOM_WEIGHTS = (
    "Random weights: this network has learned nothing yet. Its channels stand for nothing, and its answers "
    "come about by chance."
)


def answer_line(prediction: TopK, model: Model) -> str:
    """The best class with what has to be said along with it, as Markdown; ``prediction`` must have one."""
    best, share = f"**{plain(prediction.labels[0])}**", percent(float(prediction.probabilities[0]))
    area = model.task is Task.SEGMENTATION
    match certainty(prediction, training=model.training, task=model.task):
        case Certainty.UNDECIDED:
            said = "Largest area" if area else "Network says"
            return f"{said}: undecided, {prediction.tied:,} classes tie at {share}"
        case Certainty.CHANCE:
            said = "Largest area, by chance" if area else "By chance"
            return f"{said}: {best} {share}"
        case Certainty.UNSURE:
            return f"Network says: {best} {share}, unsure"
        case Certainty.CLEAR:
            return f"{'Largest area' if area else 'Network says'}: {best} {share}"


def answer_help(model: Model) -> str:
    """What stands behind the line, for its hover text: all that can be said, and when it is unsure."""
    rule = f" {UNSURE_RULE}" if model.task is Task.CLASSIFICATION else ""
    return plain(classes_sentence(model.classes) + rule)


def tell_answer(prediction: TopK, model: Model, sample: Sample) -> None:
    """Write the line, and that the picture's label is none of the classes where that is so."""
    if prediction.problem is not None:
        st.markdown("The network gave no usable answer.")
        return
    st.markdown(answer_line(prediction, model), help=answer_help(model))
    if outside := outside_sentence(sample.label, model.classes):
        st.caption(plain(outside))


def tell_random_weights(view: View, workspace: Workspace) -> None:
    """Say, above every page, that the network in hand has learned nothing, where that is so."""
    try:
        model = model_of(view, workspace)
    except ActVizError:
        return  # the page meets the same error, and says it
    if model is not None and model.training is Training.RANDOM:
        st.caption(f":material/casino: {RANDOM_WEIGHTS}")
