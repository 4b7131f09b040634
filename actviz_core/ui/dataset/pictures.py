"""Pictures of a run as a sheet: each with what it shows and what the network says, each a click from Why."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.figures import contact_sheet
from actviz_core.sweep import Run
from actviz_core.ui.content_width import column_width
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.view import choose_image
from actviz_core.units import percent

THUMBNAIL = 48
_OPEN = "dataset_open"  # in the session: a picture was clicked, and is to be explained


def picture_sheet(
    hand: RunInHand,
    rows: Sequence[int] | npt.NDArray[np.int64],
    *,
    key: str,
    alt: str,
    share: float,
    columns: int,
) -> None:
    """Draw these pictures of the run; a click opens one on the page Why. Nothing where they are gone."""
    if hand.source is None or not len(rows):
        return
    shown = [int(row) for row in rows]
    draw_clickable(
        contact_sheet(
            hand.source.thumbnails(shown, THUMBNAIL),
            indices=shown,
            labels=[told_of(hand.run, row) for row in shown],
            columns=columns,
            width=column_width(share),
        ),
        key=key,
        alt=f"{alt} Arrow keys walk through them, Enter opens one on the page Why.",
        clicked=lambda click: _clicked(hand, click),
    )


def open_clicked() -> None:
    """Turn to Why once a picture was clicked."""
    if st.session_state.pop(_OPEN, False):
        st.switch_page("why.py")


def told_of(run: Run, row: int) -> str:
    """What a picture shows and what the network says of it: ``cat, taken for dog, 98 %``."""
    label, answer = int(run.labels[row]), int(run.answers[row, 0])
    shows = run.manifest.labels[label] if label >= 0 else "no label"
    if answer < 0:
        return f"{shows}, no answer"
    said = class_name(run, answer)
    verb = "named right" if label >= 0 and int(run.said[row, 0]) == label else f"taken for {said}"
    return f"{shows}, {verb}, {percent(float(run.probabilities[row, 0]))}"


def class_name(run: Run, index: int) -> str:
    """The name of one of the network's classes; its number where it has none."""
    names = run.manifest.classes
    return names[index] if index < len(names) else f"class {index}"


def open_picture(hand: RunInHand, row: int) -> None:
    """Have the next run turn to Why with a picture of the run; nothing where the pictures are gone."""
    if hand.source is not None:
        choose_image(hand.run.image(row))
        st.session_state[_OPEN] = True


def _clicked(hand: RunInHand, click: Click) -> None:
    if click.item is not None:
        open_picture(hand, int(click.item))
