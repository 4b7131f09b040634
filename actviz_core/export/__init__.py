"""Files that leave the app. Pages, tables, values and scripts say where they came from."""

from actviz_core.export.bundle import replay_zip, replay_zip_bytes, script_zip
from actviz_core.export.html import figure_html
from actviz_core.export.provenance import Provenance, caption
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
    "csv_bytes",
    "figure_html",
    "html_bytes",
    "npz_bytes",
    "replay_script",
    "replay_zip",
    "replay_zip_bytes",
    "script_zip",
    "statistics_csv",
    "value_names",
    "values_npz",
]
