"""The page Why: the picture with the class to explain, and a card for each map."""

import numpy as np
import streamlit as st

from actviz_core.figures import class_picker, lay_on_pictures, overlay
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.ui.class_choice import Classes, against_choice, choose_class, chosen_classes, class_choice
from actviz_core.ui.figure import draw, draw_clickable
from actviz_core.ui.making import begin
from actviz_core.ui.picture_parts import picture_part
from actviz_core.ui.shell.content_width import content_width
from actviz_core.ui.shell.tab_title import name_tab
from actviz_core.ui.shell.view import View
from actviz_core.ui.text import plain
from actviz_core.ui.why.cards import Place, map_card, shared_reach
from actviz_core.ui.why.choices import chosen_look, chosen_methods
from actviz_core.ui.why.untrained import find_twin
from actviz_core.workspace.explanations import Asked
from actviz_core.workspace.shared import Workspace

NARROWEST, GAP = 210, 16  # pixels: of a card (two fit into a window of 800), and between two
ACROSS = 4
BARS = 6


def show_why(model: Model, sample: Sample, _view: View, workspace: Workspace) -> None:
    """Draw the whole page below its title."""
    prediction = workspace.prediction(model, sample, k=None)
    if prediction.problem is not None:
        st.info(plain(f"{prediction.problem} So there is no class to explain."), icon=":material/block:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar_why"):
        classes = chosen_classes(prediction, compared=True)
        class_choice(classes)
        against_choice(classes)
        look = chosen_look()
    name_tab(f"Why {classes.name}? {sample.title}")
    methods = chosen_methods()
    wanted = [Asked(model, sample, classes.question, method, look.absolute) for method in methods]
    twin = find_twin(model, workspace) if look.against_random_weights else None
    beside = [] if twin is None or twin.model is None else [twin.asked(asked) for asked in wanted]
    begin([*wanted, *beside], workspace.explanations)
    across, width = _columns()
    with st.grid(across, min_column_width=NARROWEST, gap="small") as grid:
        with grid.cell():
            _picture(model, sample, classes, width)
        place = Place(np.asarray(model.preprocess.seen(sample.image)), picture_part(model, sample), width)
        reach = shared_reach(wanted, workspace.explanations) if look.one_range else None
        for asked in wanted:
            with grid.cell(), st.container(key=f"why_card_{asked.method}"):
                map_card(asked, classes, look, place, workspace.explanations, reach=reach, twin=twin)
    if not methods:
        st.info("Choose a method above to see its map.", icon=":material/touch_app:")


def _columns() -> tuple[int, int]:
    """How many cards stand side by side, and how wide each is in pixels."""
    width = content_width()
    across = max(1, min(ACROSS, (width + GAP) // (NARROWEST + GAP)))
    return across, (width - GAP * (across - 1)) // across


def _picture(model: Model, sample: Sample, classes: Classes, width: int) -> None:
    st.markdown("**The picture**")
    with st.container(key="about_map_picture"):
        st.caption("As the network sees it. Point at a place to find it in every map.")
    seen = np.asarray(model.preprocess.seen(sample.image))
    draw(
        lay_on_pictures(overlay(None, seen / 255, opacity=1.0, width=width), [picture_part(model, sample)]),
        key="why_picture",
        alt=f"The picture as the network sees it: {sample.title}",
    )
    best = [*classes.prediction.indices[:BARS]]
    for index in (classes.chosen, classes.against):
        if index is not None and index not in best:
            best.append(index)
    shares = dict(zip(classes.prediction.indices, classes.prediction.probabilities, strict=True))
    draw_clickable(
        class_picker(
            best,
            [classes.names[index] for index in best],
            [shares[index] for index in best],
            chosen=classes.chosen,
            against=classes.against,
            width=width,
        ),
        key="why_classes",
        alt=f"The most probable classes; {classes.name} is explained. Click a class to explain it.",
        clicked=lambda click: choose_class(int(click.item), classes.prediction.indices[0]),
    )
    against = "" if classes.against_name is None else f", rather than {classes.against_name}"
    said = "the answer" if classes.is_predicted else "which is not the answer"
    if classes.is_predicted and classes.prediction.tied > 1:
        said = f"one of {classes.prediction.tied:,} classes that tie for the answer"
    st.caption(plain(f"Explained: {classes.name}, {said}{against}. Click a bar to explain another class."))
