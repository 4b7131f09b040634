"""Files of a run, opened again as one would: they hold what the run holds, and are as large as was said."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actviz_core.errors import UnknownLayerError
from actviz_core.export import (
    channel_csv_bytes,
    channel_parquet_bytes,
    channel_table,
    picture_csv_bytes,
    picture_parquet_bytes,
    picture_table,
    run_npz,
    run_npz_bytes,
    table_csv,
    table_parquet,
)
from actviz_core.export import run_tables as tables
from actviz_core.models import load_model
from actviz_core.samples import open_source
from actviz_core.samples.source import ArraySource
from actviz_core.settings import Settings
from actviz_core.sweep import Run, sweep
from tests.sweep.toys import net, noise, pixels

LAYERS = ["conv", "relu", "fc"]


@pytest.fixture
def run(settings: Settings) -> Run:
    """Forty pictures, of which two are skipped and every fourth has no label; three classes, two labels."""
    return sweep(net(fussy=True), noise(40, bright=[3, 17]), LAYERS, settings=settings)


def from_csv(table: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(table_csv(table)))


def from_parquet(table: pd.DataFrame) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(table_parquet(table)))


@pytest.mark.parametrize("read", [from_csv, from_parquet])
def test_a_row_a_picture(run: Run, read: object) -> None:
    table = read(picture_table(run))  # type: ignore[operator]
    assert list(table["image"]) == [f"patterns/{index}" for index in range(40)]
    classes, labels = run.manifest.classes, run.manifest.labels
    assert (classes, labels) == (("ant", "bee", "cat"), ("bee", "ant"))
    assert [name for name in table.columns if name.startswith("class_")] == ["class_1", "class_2", "class_3"]
    for index, row in enumerate(table.to_dict("records")):
        label = int(run.labels[index])
        assert row["label"] == labels[label] if label >= 0 else pd.isna(row["label"])
        if index in (3, 17):
            assert row["problem"] == run.problems[index]
            assert pd.isna([row["answer"], row["probability"], row["right"], row["class_3"]]).all()
            continue
        assert pd.isna(row["problem"])
        for rank in range(3):
            assert row[f"class_{rank + 1}"] == classes[run.answers[index, rank]]
            assert np.float32(row[f"probability_{rank + 1}"]) == run.probabilities[index, rank]
        assert (row["answer"], row["probability"]) == (row["class_1"], row["probability_1"])
        assert pd.isna(row["right"]) if label < 0 else bool(row["right"]) == (row["answer"] == row["label"])
    judged = table["right"].dropna().astype(bool)
    assert judged.mean() == run.accuracy


@pytest.mark.parametrize("read", [from_csv, from_parquet])
def test_a_row_a_channel(run: Run, read: object) -> None:
    table = read(channel_table(run))  # type: ignore[operator]
    assert list(table["call"]) == ["conv"] * 5 + ["relu#1"] * 5 + ["relu#2"] * 5 + ["fc"] * 3
    swept = np.asarray(run.swept)
    for row in table.to_dict("records"):
        call, channel = row["call"], row["channel"]
        mean = run.mean(call)[swept, channel].astype(np.float64)
        maximum = run.maximum(call)[swept, channel].astype(np.float64)
        silent, active = run.silent(call)[swept, channel], run.active(call)[swept, channel]
        assert row["pictures"] == 38
        expected = {
            "mean": mean.mean(),
            "deviation": mean.std(),
            "mean_maximum": maximum.mean(),
            "silent_share": silent.mean(),
            "full_share": (active == 1).mean(),
        }
        assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)
        ends = {
            "lowest_mean": mean.min(),
            "highest_mean": mean.max(),
            "lowest_maximum": maximum.min(),
            "highest_maximum": maximum.max(),
        }
        assert {name: np.float32(row[name]) for name in ends} == ends
        (top,) = run.top(call, channel, 1)
        assert (row["top_image"], row["top_row"], row["top_column"]) == (top.image, top.row, top.column)
        labels = np.asarray(run.labels)[swept]
        by_label = {index: mean[labels == index] for index in (0, 1)}
        best = max(by_label, key=lambda index: float(by_label[index].mean()))
        assert row["best_class"] == ("bee", "ant")[best]
        assert row["best_class_mean"] == pytest.approx(by_label[best].mean(), rel=1e-9)
        labelled = mean[labels >= 0]
        between = sum(len(part) * (part.mean() - labelled.mean()) ** 2 for part in by_label.values())
        if labelled.std() > 0:
            whole = ((labelled - labelled.mean()) ** 2).sum()
            assert row["class_share"] == pytest.approx(between / whole, rel=1e-6)
        else:
            assert pd.isna(row["class_share"])


def test_channels_are_read_a_block_at_a_time_with_the_same_result(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = channel_table(run)
    monkeypatch.setattr(tables, "BLOCK", 8 * 40 * 2)
    pd.testing.assert_frame_equal(channel_table(run), whole)


def test_without_labels_nothing_is_said_of_them(settings: Settings) -> None:
    source = ArraySource("patterns", "Noise", (), [-1] * 6, pixels(6))
    run = sweep(net(), source, ["fc"], settings=settings)
    assert picture_table(run)[["label", "right"]].isna().all(axis=None)
    assert channel_table(run)[["class_share", "best_class", "best_class_mean"]].isna().all(axis=None)
    assert from_csv(channel_table(run))["mean"].notna().all()


def test_a_network_without_class_names_has_numbers(settings: Settings) -> None:
    run = sweep(replace(net(), classes=()), noise(5), ["fc"], settings=settings)
    table = picture_table(run)
    assert list(table["answer"]) == [f"class {index}" for index in run.answers[:, 0]]
    assert table["right"].isna().all()


def test_names_are_no_formulas_in_spreadsheets_and_odd_bytes_do_no_harm(settings: Settings) -> None:
    source = ArraySource("patterns", "Noise", ("=1+1", "odd\udcff"), [0, 1, 0, 1], pixels(4))
    run = sweep(net(), source, ["fc"], settings=settings)
    assert list(from_csv(picture_table(run))["label"]) == ["'=1+1", "odd?"] * 2
    assert list(from_parquet(picture_table(run))["label"]) == ["=1+1", "odd?"] * 2


def test_parquet_says_which_run_it_is(run: Run) -> None:
    told = from_parquet(picture_table(run)).attrs
    assert told["run"] == run.id
    assert told["fingerprint"] == run.manifest.network
    assert told["command"] == run.manifest.command


def test_parquet_keeps_the_types(run: Run) -> None:
    table = from_parquet(picture_table(run))
    assert str(table["right"].dtype) == "boolean"
    assert table["probability"].dtype == np.float32
    assert str(from_parquet(channel_table(run))["top_row"].dtype) == "Int64"


def test_arrays_are_the_runs_own(run: Run) -> None:
    content = run_npz(run, ["conv", "relu#2"])
    assert len(content) == run_npz_bytes(run, ["conv", "relu#2"])
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        names = {f"{call}/{name}" for call in ("conv", "relu#2") for name in FIELDS}
        assert set(arrays) == names | {*OF_PICTURES, "manifest", "__provenance__"}
        for call in ("conv", "relu#2"):
            for name in FIELDS:
                kept = getattr(run, name)(call)
                assert arrays[f"{call}/{name}"].dtype == kept.dtype
                np.testing.assert_array_equal(arrays[f"{call}/{name}"], kept)
        for name in OF_PICTURES:
            np.testing.assert_array_equal(arrays[name], getattr(run, name))
        assert json.loads(str(arrays["manifest"][0])) == json.loads(
            Path(run.folder / "manifest.json").read_text(encoding="utf-8")
        )
        (told,) = json.loads(str(arrays["__provenance__"][0]))
        assert told["image"] == "patterns/0 to patterns/39"
        assert told["versions"]["torch"] == run.manifest.torch
    assert run_npz(run, ["conv", "relu#2"]) == content
    with pytest.raises(UnknownLayerError, match="was not swept"):
        run_npz(run, ["pool"])


FIELDS = ("mean", "maximum", "place", "active", "silent")
OF_PICTURES = ("answers", "probabilities", "labels", "swept")


def test_sizes_are_told_beforehand(settings: Settings) -> None:
    small = sweep(load_model("cifar-resnet20"), open_source("bundled-cifar10"), settings=settings)
    large = sweep(net(), noise(3000), LAYERS, settings=settings)
    for run in (small, large):
        for table, csv, parquet in (
            (picture_table(run), picture_csv_bytes(run), picture_parquet_bytes(run)),
            (channel_table(run), channel_csv_bytes(run), channel_parquet_bytes(run)),
        ):
            assert 0.5 < csv / len(table_csv(table)) < 2
            assert 0.5 < parquet / len(table_parquet(table)) < 2
