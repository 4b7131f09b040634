"""Provenance tells everything, and only what stays the same."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import torch

from actviz_core.export.provenance import Provenance, as_json, caption, installed_versions
from tests.toy_models import CountedNet, model_of


def test_it_tells_everything_as_text_and_as_data(provenance: Provenance) -> None:
    assert provenance.as_text().splitlines() == [
        "model: net@<b>",
        "fingerprint: 0123456789abcdef",
        "image: folder/3",
        "calls: conv, relu#2",
        "range: -1.5 to 2.25",
        "versions: python 3.11, torch 2.9, torchvision 0.24, numpy 2.0, actviz 0.1",
    ]
    assert json.loads(as_json(provenance)) == [provenance.as_dict()]
    assert provenance.as_dict()["range"] == [-1.5, 2.25]
    assert provenance.as_dict()["calls"] == ["conv", "relu#2"]


def test_a_range_that_is_not_known_is_left_out(provenance: Provenance) -> None:
    unknown = replace(provenance, value_range=None)
    assert "range" not in unknown.as_text()
    assert unknown.as_dict()["range"] is None


def test_versions_are_those_that_are_installed() -> None:
    versions = installed_versions()
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert versions["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert versions["actviz"] == project["version"]


def test_of_a_model_takes_its_key_and_fingerprint() -> None:
    told = Provenance.of(model_of(CountedNet(), key="toy", fingerprint="abc"), "patterns/0", ["relu#1"])
    assert (told.model_key, told.fingerprint, told.calls) == ("toy", "abc", ("relu#1",))
    assert hash(told) == hash(replace(told))


def test_the_caption_of_a_board_names_each_thing_once(provenance: Provenance) -> None:
    other = replace(provenance, model_key="other", value_range=None)
    assert (
        caption([provenance, other]) == "net@<b> (01234567), other (01234567)  |  folder/3  |  conv, relu#2"
    )
    assert caption(provenance).endswith("-1.5 to 2.25")


def test_uploads_have_the_names_of_their_files(provenance: Provenance) -> None:
    told = replace(provenance, files=("ours.pt", "one.png"))
    assert "  |  folder/3  |  ours.pt, one.png  |  conv" in caption(told)
    assert "files: ours.pt, one.png\n" in told.as_text()
    assert told.as_dict()["files"] == ["ours.pt", "one.png"]
    assert "files" not in provenance.as_dict()
