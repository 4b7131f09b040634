"""Files of a run to take away: tables, arrays, the figures that are shown, and the command that made it."""

import re
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from actviz_core.export import (
    channel_csv_bytes,
    channel_parquet_bytes,
    channel_table,
    html_bytes,
    picture_csv_bytes,
    picture_parquet_bytes,
    picture_table,
    run_npz,
    run_npz_bytes,
    run_provenance,
    table_csv,
    table_parquet,
)
from actviz_core.export.sections_html import Section, sections_html
from actviz_core.models.own_entry import DIGITS
from actviz_core.names import ModelKey
from actviz_core.sweep import Run
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.figure import Drawn
from actviz_core.ui.shell.content_width import content_width
from actviz_core.ui.take_away import offer_file, tell_failures
from actviz_core.ui.text import file_name, plain

ALL = "all layers"
_CSV, _PARQUET = "text/csv", "application/vnd.apache.parquet"


def take_run_away(hand: RunInHand, drawn: Sequence[Drawn] = ()) -> None:
    """Draw the popover; ``drawn`` are the figures that are shown. A file is made when it is asked for."""
    popover = st.popover(
        "Take away",
        icon=":material/download:",
        key="take_run",
        on_change="rerun",
        help="Tables, arrays, the figures shown, and the command that made them",
    )
    if popover.open:
        with popover:
            failures: list[str] = []
            name = file_name(f"{hand.run.manifest.model}-{hand.run.manifest.source}-{hand.run.id[:6]}")
            _tables(hand.run, name, failures)
            _arrays(hand.run, name, failures)
            _figures(hand.run, drawn, name, failures)
            _command(hand.run)
            tell_failures(failures)


def _tables(run: Run, name: str, failures: list[str]) -> None:
    files = (
        (
            "Pictures",
            "pictures",
            lambda: picture_table(run),
            picture_csv_bytes(run),
            picture_parquet_bytes(run),
        ),
        (
            "Channels",
            "channels",
            lambda: channel_table(run),
            channel_csv_bytes(run),
            channel_parquet_bytes(run),
        ),
    )
    for label, key, table, csv, parquet in files:
        offer_file(
            failures,
            label,
            f"{name}-{key}.csv",
            _CSV,
            csv,
            lambda table=table: table_csv(table()),  # type: ignore[misc]
            key=key,
        )
        offer_file(
            failures,
            label,
            f"{name}-{key}.parquet",
            _PARQUET,
            parquet,
            lambda table=table: table_parquet(table()),  # type: ignore[misc]
            key=key,
        )
    st.caption(
        "Pictures: what each shows, and the ten most probable answers. Channels: what each does over all "
        "pictures. pandas and most spreadsheets read CSV; Parquet keeps the types, and which run it was."
    )


def _arrays(run: Run, name: str, failures: list[str]) -> None:
    chosen = ALL
    if len(run.calls) > 1:
        chosen = st.selectbox("Arrays of", [ALL, *run.calls], key="take_run_layer")
    calls = run.calls if chosen == ALL else (chosen,)
    of = "" if chosen == ALL else f"-{chosen}"
    offer_file(
        failures,
        "Arrays",
        file_name(f"{name}{of}.npz"),
        "application/octet-stream",
        run_npz_bytes(run, calls),
        lambda: run_npz(run, calls),
        key="run",
    )
    st.caption(
        "Of each picture and channel the mean over the map, the largest value with its place, the share of "
        "active cells, and whether all are zero."
    )


def _figures(run: Run, drawn: Sequence[Drawn], name: str, failures: list[str]) -> None:
    if not drawn:
        return
    told, dark, width = run.manifest, st.context.theme.type == "dark", min(1000, content_width())
    title = f"{told.model} over {told.pictures:,} pictures of {told.source_title}"

    def make() -> bytes:
        sections = [Section(f"Figure {at}", (one.alt,), (one.figure,)) for at, one in enumerate(drawn, 1)]
        return sections_html(sections, title=title, provenance=run_provenance(run), dark=dark, width=width)

    label = "This view" if len(drawn) == 1 else f"This view, {len(drawn)} figures"
    page = html_bytes(go.Figure())  # plotly.js, which is there once
    size = page + sum(html_bytes(one.figure) - page for one in drawn)
    offer_file(failures, label, f"{name}.html", "text/html", size, make, key="run")
    st.caption("Each figure can be saved as PNG or SVG by itself, with the buttons above it.")


def _command(run: Run) -> None:
    st.markdown("The command that made this run:")
    st.code(run.manifest.command, language="bash", wrap_lines=True)
    if needs := needs_of(run):
        st.caption(plain(f"It needs {' and '.join(needs)}."))


def needs_of(run: Run) -> list[str]:
    """What the command needs to find the same pictures and network."""
    needs = []
    key = ModelKey.parse(run.manifest.model)
    name, weights = key.network, key.weights or ""
    if run.manifest.source == "folder":
        needs.append("ACTVIZ_IMAGES set to the folder of the pictures")
    if ":" in name:
        needs.append(f"{name} named in ACTVIZ_MODELS")
    if run.manifest.source.startswith("cifar10-") or re.fullmatch(f"[0-9a-f]{{{DIGITS},64}}", weights):
        needs.append("ACTVIZ_DATA set to this server's folder, with what was downloaded or uploaded")
    return needs
