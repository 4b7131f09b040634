"""Files that leave the app. Pages, tables, values and scripts say where they came from."""

from actviz_core.export.bundle import replay_zip, replay_zip_bytes, script_zip
from actviz_core.export.html import figure_html
from actviz_core.export.provenance import Provenance, caption
from actviz_core.export.run_tables import (
    channel_csv_bytes,
    channel_parquet_bytes,
    channel_table,
    picture_csv_bytes,
    picture_parquet_bytes,
    picture_table,
    table_csv,
    table_parquet,
)
from actviz_core.export.run_values import run_npz, run_npz_bytes, run_provenance
from actviz_core.export.script import Run, Script, replay_script
from actviz_core.export.sizes import LARGE_EXPORT, csv_bytes, html_bytes
from actviz_core.export.table import statistics_csv
from actviz_core.export.values import npz_bytes, value_names, values_npz

__all__ = [
    "LARGE_EXPORT",
    "Provenance",
    "Run",
    "Script",
    "caption",
    "channel_csv_bytes",
    "channel_parquet_bytes",
    "channel_table",
    "csv_bytes",
    "figure_html",
    "html_bytes",
    "npz_bytes",
    "picture_csv_bytes",
    "picture_parquet_bytes",
    "picture_table",
    "replay_script",
    "replay_zip",
    "replay_zip_bytes",
    "run_npz",
    "run_npz_bytes",
    "run_provenance",
    "script_zip",
    "statistics_csv",
    "table_csv",
    "table_parquet",
    "value_names",
    "values_npz",
]
