"""Draws the learning curve of a training run as an SVG."""

import io
from collections.abc import Mapping, Sequence

from actviz_core.errors import ActVizError


def learning_curve(log: Sequence[Mapping[str, str]], validation: str) -> bytes:
    """Draw the accuracies of a run's ``log.csv`` over its epochs; the same log gives the same bytes.

    ``validation`` names the pictures measured after each epoch. Raises `ActVizError` without matplotlib.
    """
    try:
        import matplotlib as mpl  # here, because only this drawing needs it
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ActVizError("The curve needs matplotlib: pip install matplotlib, then try again.") from error
    lines = {
        f"{validation} (never trained on)": ("validation_accuracy", "#0072b2"),
        "training pictures, augmented": ("train_accuracy", "#d55e00"),
    }
    with mpl.rc_context({"svg.hashsalt": "curve", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        for label, (column, colour) in lines.items():
            points = [(int(row["epoch"]), 100 * float(row[column])) for row in log if row[column]]
            axes.plot(*zip(*points, strict=True), color=colour, label=label, marker=".")
        axes.set(xlabel="epoch", ylabel="accuracy, %", ylim=(0, 100))
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")
        image = io.BytesIO()
        figure.savefig(image, format="svg", metadata={"Date": None})
    return image.getvalue()
