"""Pictures of a run as a sheet: each with what it shows and what the network says, each a click from Why."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from actviz_core.figures import contact_sheet
from actviz_core.sweep import Run
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.dataset.ways import go_to_why
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.shell.content_width import column_width
from actviz_core.units import percent

THUMBNAIL = 48


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
            labels=[label_of(hand.run, row) for row in shown],
            columns=columns,
            width=column_width(share),
        ),
        key=key,
        alt=f"{alt} Arrow keys walk through them, Enter opens one on the page Why.",
        clicked=lambda click: _clicked(hand.run, click),
    )


def label_of(run: Run, row: int) -> str:
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


def _clicked(run: Run, click: Click) -> None:
    if click.item is not None:
        go_to_why(run.image(int(click.item)))
