"""What a layer tells apart: all pictures as a map, layer after layer, and a sheet of those drawn around."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from actviz_core.analysis.projection import Projection
from actviz_core.analysis.telling_apart import chance_agreement
from actviz_core.figures.picture_map import MapPoints, picture_map, value_map
from actviz_core.figures.separation import separation_figure
from actviz_core.sweep.map_pictures import MapPictures, pictures_of
from actviz_core.system.background import Task
from actviz_core.ui.choices import keep_warnings
from actviz_core.ui.dataset.apart_choices import Coloring, choose_coloring, choose_method, slide_layer
from actviz_core.ui.dataset.apart_colours import ColorBy, groups_of
from actviz_core.ui.dataset.apart_maps import PATIENCE, Method, Shares, pca_task, separation_task
from actviz_core.ui.dataset.apart_selection import chosen_pictures, outline_here, select, show_selection
from actviz_core.ui.dataset.apart_t_sne import made_t_sne
from actviz_core.ui.dataset.hand import LAYER, RunInHand
from actviz_core.ui.dataset.ways import go_to_why
from actviz_core.ui.figure import Click, draw_clickable, draw_selectable
from actviz_core.ui.figure.thumbnails import thumbnail_address
from actviz_core.ui.text import plain
from actviz_core.wording.telling_apart import (
    SEPARATION_HELP,
    T_SNE_HELP,
    left_out_sentence,
    separation_sentence,
    variance_sentence,
)


def show_apart(hand: RunInHand) -> None:
    """Draw the view: the layers as a slider, what they tell apart, the map, and what is chosen on it."""
    run = hand.run
    if not run.calls:
        st.info("This run holds no layer, so there is no map.", icon=":material/info:")
        return
    pictures = pictures_of(run)
    call = slide_layer(run.calls)
    task = pca_task(hand, pictures, call)
    task.ended.wait(PATIENCE)
    if not task.done:
        _wait(task)
        return
    components = task.result()
    _separation(hand, pictures, call, components)
    channels = run.plan(call).channels
    with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar_apart"):
        method = choose_method(len(pictures.indices))
        coloring = choose_coloring(pictures, call, channels)
    projection = components
    if method is Method.T_SNE:
        projection = made_t_sne(hand, pictures, call, components) or components
    skipped = ~np.asarray(run.swept[pictures.indices])
    st.markdown(plain(variance_sentence(projection, call, channels)), help=T_SNE_HELP)
    source = run.manifest.source_title
    if left_out := left_out_sentence(projection, skipped, len(run), source=source):
        st.caption(plain(left_out))
    _map(hand, pictures, call, projection, coloring)
    show_selection(hand, pictures, call)


def _separation(hand: RunInHand, pictures: MapPictures, call: str, components: Projection) -> None:
    """Say how far the layer tells classes apart, above the line of all layers."""
    if len(np.unique(pictures.labels[pictures.labels >= 0])) < 2:
        st.markdown(
            "The pictures have no labels of two classes, so it cannot be said how far a layer tells classes "
            "apart. The map shows which pictures it takes for similar."
        )
        return
    task = separation_task(hand, pictures)
    task.ended.wait(0.3)
    count = int((components.usable & (pictures.labels >= 0)).sum())
    if task.done:
        _told_apart(task.result(), pictures, call, count, list(hand.run.calls))
    else:
        _comparing(task, pictures, call, count, list(hand.run.calls))


@st.fragment(run_every=1.0)
def _comparing(task: Task[Shares], pictures: MapPictures, call: str, count: int, calls: list[str]) -> None:
    """Show the layers that are compared by now."""
    if task.done:
        keep_warnings()
        st.rerun()
    found: Shares = task.report or {}
    with st.container(horizontal=True, vertical_alignment="center"):
        words = f"Comparing {count:,} pictures with each other: {len(found):,} of {len(calls):,} layers"
        st.progress(len(found) / len(calls), text=words)
    _told_apart(found, pictures, call, count, calls)


def _told_apart(shares: Shares, pictures: MapPictures, call: str, count: int, calls: list[str]) -> None:
    chance = chance_agreement(pictures.labels)
    if call in shares:
        st.markdown(plain(separation_sentence(call, shares, chance, count)), help=SEPARATION_HELP)
    if len(calls) > 1 and shares:
        draw_clickable(
            separation_figure(calls, [shares.get(name) for name in calls], chance=chance, chosen=call),
            key="dataset_apart_line",
            alt="For each layer, the share of pictures whose most similar other picture is of the same "
            "class. Click a point to see its layer.",
            clicked=lambda click: LAYER.choose(str(click.item)),
        )


def _map(
    hand: RunInHand, pictures: MapPictures, call: str, projection: Projection, coloring: Coloring
) -> None:
    """Draw the map; a click opens a picture, and a line drawn around some chooses them."""
    run = hand.run
    method = Method.PCA if projection.shares else Method.T_SNE
    shares = projection.shares
    points = MapPoints(
        projection.points,
        pictures.indices.tolist(),
        [pictures.words(at) for at in range(len(pictures.indices))],
        None
        if hand.source is None
        else thumbnail_address(run.manifest.source, run.manifest.source_fingerprint),
        chosen_pictures(hand, pictures),
        outline_here(method, call),
        ("component 1", "component 2") if shares else ("", ""),
    )
    if coloring.by is ColorBy.CHANNEL:
        values = run.mean(call)[pictures.indices, coloring.channel]
        figure = value_map(points, values, name=f"mean of channel {coloring.channel}")
    else:
        figure = picture_map(points, groups_of(pictures, coloring.by))

    def drawn_around(outline: Sequence[tuple[float, float]]) -> None:
        select(method, call, outline)

    def open_clicked(click: Click) -> None:
        if hand.source is not None:
            go_to_why(run.image(int(click.item)))

    draw_selectable(
        figure,
        key="dataset_apart_map",
        alt=f"{int(projection.usable.sum()):,} pictures as points, by what {call} does with them, coloured "
        f"by {coloring.words}. Arrow keys walk through them, Enter opens one on the page Why, and a line "
        "drawn around some with the mouse chooses them.",
        clicked=open_clicked,
        selected=drawn_around,
    )
    hint = (
        "Point at a picture to see it, click it to ask why the network says so, drag around some to choose "
        "them."
    )
    if hand.source is None:
        hint = (
            "The pictures of this run are not there any more, or have changed, so they cannot be shown or "
            "opened. Drag around some points to choose them."
        )
    st.caption(hint)


@st.fragment(run_every=0.5)
def _wait(task: Task[Projection]) -> None:
    if task.done:
        keep_warnings()
        st.rerun()
    st.markdown(":material/hourglass_top: Working out the principal components")
