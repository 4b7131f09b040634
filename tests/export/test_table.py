"""CSV files hold every number and no formula."""

import io

import numpy as np
import pandas as pd

from actviz_core.analysis import channel_statistics
from actviz_core.export import csv_bytes, statistics_csv
from actviz_core.names import Panel


def test_pandas_reads_every_number_back_exactly() -> None:
    maps = np.random.default_rng(0).normal(size=(5, 4, 6))
    maps[1] = 0
    maps[2] = np.nan
    maps[3, 0, :2] = np.inf, -np.inf
    numbers = channel_statistics(maps)
    content = statistics_csv({Panel("net", "patterns/0", "conv"): numbers})
    table = pd.read_csv(io.BytesIO(content))
    assert list(table.columns[:4]) == ["model", "image", "call", "channel"]
    assert table["channel"].tolist() == [0, 1, 2, 3, 4]
    for name in ("mean", "maximum", "minimum", "std", "active", "peak_row", "peak_column", "silent"):
        np.testing.assert_allclose(table[name].to_numpy(), getattr(numbers, name), rtol=1e-14)
    assert table["nan_count"].tolist() == [0, 0, 24, 0, 0]
    assert table["inf_count"].tolist() == [0, 0, 0, 2, 0]
    assert set(table["cells"]) == {24}
    assert set(table["signed"]) == {True}
    assert len(content) / 2 < csv_bytes({Panel("net", "patterns/0", "conv"): numbers}) < 2 * len(content)


def test_channels_have_the_words_that_pages_say() -> None:
    maps = np.array([[8, -1], [0, 0], [0.08, 0.01], [0.09, 0], [-4, 0], [0, np.nan]])[:, None]
    panel = Panel("net", "patterns/0", "conv")
    table = pd.read_csv(io.BytesIO(statistics_csv({panel: channel_statistics(maps)})))
    assert table["strength"].tolist() == ["strong", "silent", "nearly silent", "weak", "strong", "unknown"]
    assert table["above"].tolist() == [0.5, 0, 0, 0.5, 0, 0]
    assert table["below"].tolist() == [0.5, 0, 0, 0, 0.5, 0]


def test_a_board_gives_one_table_of_all_panels() -> None:
    numbers = channel_statistics(np.ones((2, 3, 3)))
    panels = [Panel("net", "patterns/0", "conv"), Panel("net@random", "patterns/0", "conv")]
    table = pd.read_csv(io.BytesIO(statistics_csv(dict.fromkeys(panels, numbers))))
    assert table["model"].tolist() == ["net", "net", "net@random", "net@random"]


def test_texts_are_no_formulas_but_negative_numbers_stay_numbers() -> None:
    panel = Panel("=cmd()", "@image, with comma", '-call "quoted"')
    table = pd.read_csv(io.BytesIO(statistics_csv({panel: channel_statistics(-np.ones((1, 2, 2)))})))
    assert table["model"].tolist() == ["'=cmd()"]
    assert table["image"].tolist() == ["'@image, with comma"]
    assert table["call"].tolist() == ['\'-call "quoted"']
    assert table["mean"].tolist() == [-1.0]
