"""Files to take away: made when they are asked for, with their size told beforehand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st
from torch import Tensor

from actviz_core.analysis import ChannelStatistics
from actviz_core.errors import ActVizError
from actviz_core.export import (
    LARGE_EXPORT,
    Provenance,
    Run,
    Script,
    caption,
    csv_bytes,
    figure_html,
    html_bytes,
    npz_bytes,
    replay_script,
    replay_zip,
    replay_zip_bytes,
    statistics_csv,
    value_names,
    values_npz,
)
from actviz_core.models import Model
from actviz_core.names import Panel
from actviz_core.samples import Sample
from actviz_core.ui.compare.names import uploaded_files
from actviz_core.ui.figure import FigureLabel, save_button
from actviz_core.ui.shell.errors import fault_text, log_fault
from actviz_core.ui.text import file_name, plain
from actviz_core.units import megabytes
from actviz_core.workspace.gradients import Followed
from actviz_core.workspace.shared import shared_workspace

SLOW_EXPORT = 30_000_000
"""Bytes from which on a person waits so long that it is said beforehand: nothing can be said meanwhile."""

SECONDS_UNTIL_TOLD = 2
"""How often an open popover asks whether a file failed: a browser is not told why a download doesn't come."""

SCALES = {"1x": 1.0, "2x": 2.0, "3x": 3.0}


@dataclass(frozen=True)
class ExportItem:
    """One panel or layer with everything that files tell of it."""

    model: Model
    sample: Sample
    call: str
    value: Tensor
    statistics: ChannelStatistics
    followed: Followed | None = None

    @property
    def named(self) -> str:
        """What files call its values: the call, unless they are gradients."""
        return self.call if self.followed is None else self.followed.of(self.call)

    @property
    def panel(self) -> Panel:
        """What it shows, as links write it."""
        return Panel(self.model.key, self.sample.id, self.named)

    @property
    def provenance(self) -> Provenance:
        """Where its values came from."""
        usable = self.statistics.peak_row >= 0
        span = None
        if usable.any():
            span = (
                float(self.statistics.minimum[usable].min()),
                float(self.statistics.maximum[usable].max()),
            )
        files = uploaded_files(self.model, self.sample, shared_workspace())
        return Provenance.of(self.model, self.sample.id, [self.named], span, files)


def label_of(taken: Sequence[ExportItem], *, name: str, title: str) -> FigureLabel:
    """What pictures of these values say; ``name`` is what their files are called."""
    return FigureLabel(title, caption([one.provenance for one in taken]), name)


def take_away(figure: go.Figure, taken: Sequence[ExportItem], label: FigureLabel, *, key: str) -> None:
    """Draw the popover; its content is only made while it is open. ``key`` is the figure's."""
    popover = st.popover(
        "Take away",
        icon=":material/download:",
        key="take_away",
        on_change="rerun",
        help="Picture, interactive page, values, statistics, or a script that computes them again",
    )
    if popover.open:
        with popover:
            failures: list[str] = []
            _files(figure, taken, label, failures, key=key)
            tell_failures(failures)


@st.fragment(run_every=SECONDS_UNTIL_TOLD)
def tell_failures(failures: list[str]) -> None:
    """Say why a file did not come."""
    for failure in failures:
        st.error(plain(failure), icon=":material/file_download_off:")


def telling(make: Callable[[], bytes], name: str, failures: list[str]) -> Callable[[], bytes]:
    """``make``, which runs after the page is drawn; where it fails, ``failures`` gets a sentence.

    The exception passes through all the same, so that the browser gets no file.
    """

    def made() -> bytes:
        failures.clear()
        try:
            return make()
        except ActVizError as error:
            failures.append(str(error))
            raise
        except Exception as error:
            what = f"making {name}"
            failures.append(fault_text(what, log_fault(error, what)))
            raise

    return made


def _files(
    figure: go.Figure, taken: Sequence[ExportItem], label: FigureLabel, failures: list[str], *, key: str
) -> None:
    name = file_name(label.name)
    provenance = [one.provenance for one in taken]
    panels = [one.panel for one in taken]
    values = dict(zip(value_names(panels), (one.value for one in taken), strict=True))
    statistics = dict(zip(panels, (one.statistics for one in taken), strict=True))
    dark = st.context.theme.type == "dark"
    chosen = st.segmented_control("Scale of the PNG", list(SCALES), default="2x", required=True)
    save_button("Picture (PNG)", figure_key=key, name=name, scale=SCALES[chosen or "2x"])
    offer_file(
        failures,
        "Interactive page",
        f"{name}.html",
        "text/html",
        html_bytes(figure),
        lambda: figure_html(figure, title=label.title, provenance=provenance, dark=dark),
    )
    offer_file(
        failures,
        "Values",
        f"{name}.npz",
        "application/octet-stream",
        npz_bytes(values, provenance),
        lambda: values_npz(values, provenance),
    )
    offer_file(
        failures,
        "Statistics",
        f"{name}.csv",
        "text/csv",
        csv_bytes(statistics),
        lambda: statistics_csv(statistics),
    )
    runs = [Run(one.model, one.sample.id, one.sample.image, (one.call,), one.followed) for one in taken]
    script = replay_script(runs, npz_name=f"{name}.npz")
    offer_file(
        failures,
        "Script",
        f"{name}.zip",
        "application/zip",
        replay_zip_bytes(script, values, provenance),
        lambda: replay_zip(script, values, provenance, name=name),
    )
    st.caption(_about(script))


def _about(script: Script) -> str:
    """What the ZIP file holds, and what its script needs."""
    pictures = "pictures" if len(script.pictures) > 1 else "picture"
    weights = ", the weights" if script.weights else ""
    computes = (
        f"The ZIP file holds a Python script, the {pictures}{weights} and "
        "the values. The script computes the values anew and compares every bit; it"
    )
    return plain(f"{computes} {script.needs}")


def offer_file(
    failures: list[str],
    label: str,
    file_name: str,
    mime: str,
    size: int,
    make: Callable[[], bytes],
    *,
    key: str = "",
) -> None:
    """Draw the button of one file, made when it is pressed; a large one is asked about first.

    ``key`` tells files of one kind apart.
    """
    kind = file_name.rsplit(".", 1)[-1].upper()
    key = f"{key}_{kind}" if key else kind
    about = megabytes(size)
    ready = True
    if size > SLOW_EXPORT:
        st.caption(
            f"{label}: {megabytes(size)} are made once you press the button. The download starts when they "
            "are complete; stay on this page until then."
        )
    if size > LARGE_EXPORT:
        ready = st.checkbox(f"Make {file_name} although it is large ({megabytes(size)})", key=f"large_{key}")
    st.download_button(
        f"{label} ({kind}, {about})",
        telling(make, file_name, failures),
        file_name,
        mime,
        key=f"take_{key}",
        on_click="ignore",
        icon=":material/download:",
        disabled=not ready,
        width="stretch",
    )
