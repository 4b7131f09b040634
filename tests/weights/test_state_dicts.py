"""Weights files read in a process of their own: what comes back, and how each hostile kind ends."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import safetensors.torch
import torch

from actviz_core.errors import WeightsFileError
from actviz_core.untrusted import Limits, Reading, ReadingStoppedError
from actviz_core.weights import state_dicts
from actviz_core.weights.state_dicts import MAX_HEADER_BYTES, MAX_TENSORS, read_state_dict, reading_limits
from tests.support import hostile_weights as hostile
from tests.support.hostile_weights import KINDS
from tests.support.payloads import STATE, payloads, saved

SECONDS = 25  # enough for torch to be imported on a busy machine


def limits(size: int) -> Limits:
    """The usual limits, but for the time."""
    usual = reading_limits(size)
    return Limits(SECONDS, usual.memory_bytes, usual.output_bytes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files lie while they are read."""
    return tmp_path / "reading"


@pytest.mark.parametrize("as_file", [False, True])
def test_weights_come_back_as_they_were_saved(tmp_path: Path, folder: Path, as_file: bool) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(saved({"model": {f"module.{name}": tensor for name, tensor in STATE.items()}}))
    read = read_state_dict(path if as_file else path.read_bytes(), "net.pt", folder)
    assert {name: tensor.tolist() for name, tensor in read.tensors.items()} == {
        "weight": [[0, 1, 2], [3, 4, 5]],
        "bias": [1, 2],
    }
    assert read.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read.file_name == "net.pt"
    assert read.notes == ("Taken from model.", "Removed module. in front of every name.")
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """How each hostile kind ends, and a payload; two at a time, as on a server."""
    folder = tmp_path_factory.mktemp("hostile")
    marker = folder / "marker"
    files = {name: make(size) for name, (make, size) in KINDS.items()} | {"code": payloads(marker)["eval"][0]}

    def ending(name: str) -> str:
        try:
            read = read_state_dict(files[name], f"{name}.pt", folder / "reading", limits_of=limits)
        except WeightsFileError as error:
            return str(error)
        return f"{len(read.tensors)} tensors"

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(files, pool.map(ending, files), strict=True))
    assert list((folder / "reading").iterdir()) == []
    assert not marker.exists()
    return found


@pytest.mark.parametrize("kind", [*KINDS, "code"])
def test_every_hostile_kind_ends_in_a_sentence_that_names_the_file(
    endings: dict[str, str], kind: str
) -> None:
    assert endings[kind].startswith(f"{kind}.pt ")
    assert len(endings[kind]) < 600


def test_each_ending_has_its_own_sentence(endings: dict[str, str]) -> None:
    assert f"takes more than {SECONDS} seconds to read" in endings["a key whose hash doubles"]
    assert "MB of memory to be read, and was left" in endings["a buffer of 100 GB"]
    assert "stopped the program that reads it: it is damaged" in endings["a key in a key"]
    assert "is damaged or cut short" in endings["a huge shape"]
    assert "a tensor whose name has 2,799,944 characters" in endings["a name of prefixes"]
    assert "code.pt is refused, and nothing in it was run" in endings["code"]
    assert "holds no state dict" in endings["a tuple in a tuple, less deep"]


def test_a_missing_file_is_said(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(WeightsFileError, match=r"net\.pt cannot be read: No such file"):
        read_state_dict(tmp_path / "net.pt", "net.pt", folder)


def test_a_file_above_the_limit_is_not_read(folder: Path) -> None:
    with pytest.raises(WeightsFileError, match=r"ACTVIZ_WEIGHTS_MB.*without the optimizer"):
        read_state_dict(saved(STATE), "net.pt", folder, max_bytes=100)


def test_names_are_shown_as_plain_text(folder: Path) -> None:
    name = "a\x1b[31m\n\u202eb" + "c" * 200
    with pytest.raises(WeightsFileError, match=r"^a \[31m bc+… is empty"):
        read_state_dict(b"", name, folder)


def test_limits_grow_with_the_file() -> None:
    assert reading_limits(0).seconds == 30
    assert reading_limits(2 * 10**9).seconds == 40
    assert reading_limits(10**8).memory_bytes == 800 * 10**6


def test_more_tensors_than_networks_have_are_said(folder: Path) -> None:
    content = hostile.many_tensors(MAX_TENSORS + 1)
    with pytest.raises(WeightsFileError, match=r"^net\.pt holds 20,001 tensors, and 20,000 are allowed\."):
        read_state_dict(content, "net.pt", folder)


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\xff" * 100,
        b"\x02\0\0\0\0\0\0\0[]",
        (MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b"{" * (MAX_HEADER_BYTES + 1),
        safetensors.torch.save({"x" * 501: torch.ones(1)}),
    ],
    ids=["nothing", "no header", "no mapping", "a long header", "a long name"],
)
def test_what_a_process_wrote_is_looked_at_again(tmp_path: Path, written: bytes) -> None:
    """As if the process had been taken over by the file."""
    path = tmp_path / "output"
    path.write_bytes(written)
    reading = Reading({"notes": ["x"]}, path)
    with pytest.raises((ReadingStoppedError, WeightsFileError)):
        state_dicts.checked_tensors(reading, "net.pt")
