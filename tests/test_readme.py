"""What the README shows for notebooks runs as it stands, and its table of trust can be made again."""

import re
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
import torch
from torch import Tensor

from actviz_core.attribution import ABOUT
from benchmarks.trust import trust

TEXT = (Path(__file__).parents[1] / "README.md").read_text()
SHAPE = re.compile(r"^(?:(?P<name>\w+) = )?(?P<said>.+?)  # .*?\((?P<shape>\d[\d, ]*)\)", re.MULTILINE)


def test_its_examples_run_and_have_the_shapes_that_it_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACTVIZ_DATA", str(tmp_path))
    monkeypatch.setenv("ACTVIZ_DEVICE", "cpu")
    monkeypatch.setattr(go.Figure, "show", lambda _figure: None)
    names: dict[str, Any] = {}
    told = 0
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102  # the project's own text
        for line in SHAPE.finditer(block):
            value = names[line["name"]] if line["name"] else eval(line["said"], names)  # noqa: S307  # as above
            if isinstance(value, Tensor):
                assert tuple(value.shape) == tuple(int(side) for side in re.findall(r"\d+", line["shape"]))
                told += 1
    assert told >= 4
    relus = dict.fromkeys(names["relus"], torch.relu)
    expected = names["capture_gradients"](
        names["model"].module, names["x"], 3, ["input"], gradient_edits=relus
    )
    assert names["guided"]["input"].equal(expected["input"])


@pytest.mark.slow
def test_its_table_of_trust_is_what_the_network_says() -> None:
    """Another processor changes last digits, which may move a picture between columns."""
    rows = re.findall(r"^\| ([\w -]+) \| (\d+) \| (\d+) \| (\d+) \| (\d\.\d\d) \|$", TEXT, re.MULTILINE)
    found = trust()
    assert [row[0] for row in rows] == [ABOUT[method].title for method in found]
    for (_, *counts, area), one in zip(rows, found.values(), strict=True):
        *truth, mean = one.row
        assert sum(map(int, counts)) == 20
        assert all(abs(int(count) - true) <= 1 for count, true in zip(counts, truth, strict=True))
        assert float(area) == pytest.approx(mean, abs=0.011)
