"""How good is it: accuracy, what it takes for what, its surest mistakes, and how sure it should be."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.analysis.accuracy import confusion_part, frequent_mistakes
from actviz_core.analysis.calibration import calibration
from actviz_core.figures import calibration_figure, class_picker, confusion_figure
from actviz_core.sweep import Run
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.dataset.pictures import class_name, picture_sheet
from actviz_core.ui.figure import Click, draw, draw_clickable
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.ui.text import plain
from actviz_core.units import percent
from actviz_core.wording.accuracy import accuracy_sentence, calibration_sentence

MOST_CLASSES = 24
SHEET, SUREST = 60, 24
WIDE, SIDE = 0.65, 0.31  # shares of the page's width


def _read_cell(texts: Sequence[str]) -> tuple[int, int] | None:
    parts = texts[-1].split(",")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts):
        return int(parts[0]), int(parts[1])
    return None


CELL = LinkValue("cell", _read_cell, lambda cell: [f"{cell[0]},{cell[1]}"])
"""The cell of the confusion matrix that is open: the numbers of a label and of an answer."""


def show_good(hand: RunInHand) -> None:
    """Draw the view."""
    run = hand.run
    answered = run.swept & (run.answers[:, 0] >= 0)
    if not answered.any():
        st.info("The network gives no class for these pictures, so nothing can be right or wrong.")
        return
    right = _right(run)
    st.markdown(f"**{plain(_sentence(run, right))}**")
    page = st.grid(3, min_column_width=260, gap="medium")
    with page.cell(column_span=2):
        _matrix(hand, right)
        _surest(hand)
    with page.cell():
        _by_class(run)
        _calibration(run)


def _right(run: Run) -> npt.NDArray[np.bool_]:
    """Which cells of the confusion matrix are right answers, (labels, classes)."""
    shape = run.confusion.shape
    classes = np.full(shape[1], -1)
    classes[: len(run.manifest.label_classes)] = run.manifest.label_classes
    found: npt.NDArray[np.bool_] = classes[None, :] == np.arange(shape[0])[:, None]
    return found


def _sentence(run: Run, right: npt.NDArray[np.bool_]) -> str:
    known = run.known_labels
    count = int((known >= 0).sum())
    if not count:
        if (run.labels >= 0).any():
            return (
                "No label of these pictures is the name of one of its classes, so right and wrong cannot be "
                "told. Below is what it answers."
            )
        return "These pictures have no labels, so right and wrong cannot be told. Below is what it answers."
    labelled = np.flatnonzero(known >= 0)
    named = int((run.said[labelled, 0] == known[labelled]).sum())
    among = int((run.said[labelled, :5] == known[labelled, None]).any(axis=1).sum())
    judged: npt.NDArray[np.bool_] = np.asarray(right.any(axis=1))
    confusion = np.where(judged[:, None], run.confusion, 0)
    mistakes = [
        (run.manifest.labels[row], class_name(run, column), times)
        for row, column, times in frequent_mistakes(confusion, right)
    ]
    return accuracy_sentence(named, count, among if len(run.manifest.classes) > 5 else None, mistakes)


def _matrix(hand: RunInHand, right: npt.NDArray[np.bool_]) -> None:
    run = hand.run
    counts = run.confusion
    rows, columns = confusion_part(counts, right, MOST_CLASSES)
    if not len(rows):
        _answers(hand)
        return
    width = column_width(WIDE)
    names = [run.manifest.labels[row] for row in rows]
    draw_clickable(
        confusion_figure(
            counts[np.ix_(rows, columns)],
            names,
            [_as_label(run, int(column)) for column in columns],
            width=width,
        ),
        key="dataset_confusion",
        alt="The confusion matrix: rows are what the pictures show, columns what the network says. Click a "
        "cell to see its pictures.",
        clicked=lambda click: _open(click, rows, columns),
    )
    left_out = int((counts.sum(axis=1) > 0).sum()) - len(rows)
    more = (
        f" The {len(rows)} classes with the most mistakes; {left_out:,} more are left out."
        if left_out
        else ""
    )
    st.caption(
        "Rows: what the picture shows. Columns: what the network says. Click a cell to see its pictures."
        f"{more}"
    )
    _cell_pictures(hand)


def _as_label(run: Run, column: int) -> str:
    """An answer as the label of the same name is written, so that right answers can be told."""
    labels = run.manifest.label_classes
    if column < len(labels) and labels[column] >= 0:
        return run.manifest.labels[labels[column]]
    return class_name(run, column)


def _open(click: Click, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> None:
    if click.item is not None:
        row, column = divmod(int(click.item), len(columns))
        CELL.choose((int(rows[row]), int(columns[column])))


def _cell_pictures(hand: RunInHand) -> None:
    run = hand.run
    possible = "It can be the numbers of a label and of an answer, such as 3,5."
    cell = CELL.get(possible)
    if cell is None:
        return
    if cell[0] >= run.confusion.shape[0] or cell[1] >= run.confusion.shape[1]:
        CELL.warn(f"{cell[0]},{cell[1]}", possible)
        CELL.choose(None)
        return
    label, answer = run.manifest.labels[cell[0]], class_name(run, cell[1])
    found = np.flatnonzero(run.swept & (run.labels == cell[0]) & (run.answers[:, 0] == cell[1]))
    found = found[np.argsort(-run.probabilities[found, 0], kind="stable")]
    count = f"{len(found):,} pictures" if len(found) != 1 else "1 picture"
    of = f"{count} of {label}, taken for {answer}" if label != answer else f"{count} of {label}, named right"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        some = f" The {SHEET} that it is surest of:" if len(found) > SHEET else ""
        st.markdown(plain(f"{of}.{some}"))
        st.button(
            "Close", key="dataset_close_cell", type="tertiary", icon=":material/close:", on_click=_close
        )
    picture_sheet(hand, found[:SHEET], key="dataset_cell", alt=f"{of}.", share=WIDE, columns=12)


def _close() -> None:
    CELL.choose(None)


def _answers(hand: RunInHand) -> None:
    """Draw how often each class is the answer, where no picture has a label."""
    run = hand.run
    said = run.answers[run.swept & (run.answers[:, 0] >= 0), 0]
    classes, counts = np.unique(said, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    names = [class_name(run, int(classes[at])) for at in order]
    draw(
        class_picker(
            [int(classes[at]) for at in order],
            names,
            [float(counts[at] / len(said)) for at in order],
            chosen=-1,
            width=column_width(WIDE),
        ),
        key="dataset_answers",
        alt="How often each class is the answer: "
        + ", ".join(f"{name} {int(counts[at])}" for name, at in zip(names, order, strict=True)),
    )
    st.caption(f"The share of the {len(said):,} pictures for which each class is the answer.")


def _surest(hand: RunInHand) -> None:
    run = hand.run
    wrong = np.flatnonzero(
        (run.known_labels >= 0) & (run.said[:, 0] != run.known_labels) & (run.answers[:, 0] >= 0)
    )
    if not len(wrong) or hand.source is None:
        return
    surest = wrong[np.argsort(-run.probabilities[wrong, 0], kind="stable")][:SUREST]
    st.subheader("The surest mistakes")
    st.caption("What it is wrong about and surest of comes first. Click a picture to ask why it says so.")
    picture_sheet(
        hand,
        surest,
        key="dataset_surest",
        alt=f"The {len(surest)} mistakes of which the network is surest.",
        share=WIDE,
        columns=12,
    )


def _by_class(run: Run) -> None:
    known = run.known_labels
    labels = np.unique(known[known >= 0])
    if not len(labels):
        return
    shares = np.array([(run.said[known == label, 0] == label).mean() for label in labels])
    order = np.argsort(shares, kind="stable")[:MOST_CLASSES]
    names = [run.manifest.labels[labels[at]] for at in order]
    st.subheader("By class")
    draw(
        class_picker(
            [int(labels[at]) for at in order],
            names,
            [float(shares[at]) for at in order],
            chosen=-1,
            width=column_width(SIDE),
        ),
        key="dataset_classes",
        alt="The share of right answers of each class, the worst first: "
        + ", ".join(f"{name} {percent(float(shares[at]), 1)}" for name, at in zip(names, order, strict=True)),
    )
    more = len(labels) - len(order)
    few = f" The {len(order)} worst; {more:,} more are better." if more else ""
    st.caption(f"The share of each class's pictures that is named right, the worst first.{few}")


def _calibration(run: Run) -> None:
    known = run.known_labels >= 0
    judged = known & np.isfinite(run.probabilities[:, 0])
    if not judged.any():
        return
    found = calibration(run.probabilities[judged, 0], run.said[judged, 0] == run.known_labels[judged])
    st.subheader("Does it know how sure to be")
    said = calibration_sentence(found)
    st.markdown(plain(said))
    draw(calibration_figure(found), key="dataset_calibration", alt=said)
    st.caption(
        "Pictures by the probability of the answer, and how often it is right. Where a bar reaches the line, "
        "it is as right as it is sure."
    )
