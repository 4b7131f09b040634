"""Uploaded weights on a disk that is full, damaged, shared, or left by a kill: whole or not there."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
from safetensors import SafetensorError

from actviz_core.errors import WeightsError, WeightsFileError
from actviz_core.models.own_weights import OwnWeights
from actviz_core.system.folder_lock import exclusive
from tests.models.toy_uploads import files, network, upload

PROJECT = Path(__file__).resolve().parents[2]


def test_when_room_runs_out_nothing_goes_and_the_largest_are_named(store: OwnWeights) -> None:
    first = store.add(upload(1), "toy", network(), name="run 1")
    used = store.used_bytes()
    assert used == sum((store.folder / name).stat().st_size for name in files(store))
    full = OwnWeights(store.folder, used + 100)
    with pytest.raises(
        WeightsFileError,
        match=rf"no room for big\.pt: .* Delete .*the largest: {first.key} \(run 1, < 0\.1 MB\); or set",
    ):
        full.add(upload(2, "big.pt"), "toy", network())
    assert full.entries() == (first,)
    assert full.add(upload(1), "toy", network()) == first
    full.delete(first)
    assert full.add(upload(2, "big.pt"), "toy", network()).name == "big.pt"


@pytest.mark.parametrize("part", ["safetensors", "json"])
def test_a_full_disk_leaves_nothing_behind(
    store: OwnWeights, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    kept = store.add(upload(1), "toy", network())
    before = files(store)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    sync, calls = os.fsync, iter([part == "safetensors", True])

    def fsync(handle: int) -> None:
        if next(calls):
            raise full
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(
            WeightsFileError, match=r"net\.pt cannot be kept in .*No space left.*set ACTVIZ_DATA"
        ):
            store.add(upload(2), "toy", network())
    assert files(store) == before
    assert store.entries() == (kept,)
    assert len(store.entries()) + 1 == len({kept, store.add(upload(2), "toy", network())})


def test_a_disk_that_fills_while_safetensors_writes_is_said(
    store: OwnWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_tensors: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    coming = upload()
    monkeypatch.setattr(safetensors.torch, "save_file", fail)
    with pytest.raises(WeightsFileError, match=r"cannot be kept in .*No space left on device"):
        store.add(coming, "toy", network())
    assert files(store) == []


def test_a_file_where_the_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "own-weights").write_text("a file")
    store = OwnWeights(tmp_path / "own-weights", 10**6)
    assert store.entries() == ()
    with pytest.raises(WeightsFileError, match=r"net\.pt cannot be kept in .*File exists"):
        store.add(upload(), "toy", network())


KILLED = """
import os, signal, sys
from pathlib import Path
from actviz_core.models.own_weights import OwnWeights
from tests.models.toy_uploads import network, upload
left = int(sys.argv[2])
def fsync(handle):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
OwnWeights(Path(sys.argv[1]), 10**6).add(upload(2), "toy", network())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("write", "left"), [(1, [".part-"]), (2, [".part-", ".safetensors"])])
def test_what_a_kill_leaves_behind_is_gone_after_the_restart(
    store: OwnWeights, write: int, left: list[str]
) -> None:
    kept = store.add(upload(1), "toy", network())
    before = files(store)
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(store.folder), str(write)], cwd=PROJECT, check=False
    )
    assert died.returncode == -signal.SIGKILL
    remains = set(files(store)) - set(before)
    assert len(remains) == len(left)
    assert all(any(kind in name for name in remains) for kind in left)
    restarted = OwnWeights(store.folder, 10**6)
    assert files(restarted) == before
    assert restarted.entries() == (kept,)


def test_what_somebody_is_writing_is_left_alone(store: OwnWeights) -> None:
    store.add(upload(), "toy", network())
    unfinished = store.folder / "toy" / ".part-x"
    unfinished.touch()
    with exclusive(store.folder):
        OwnWeights(store.folder, 10**6)
        assert unfinished.exists()
    OwnWeights(store.folder, 10**6)
    assert not unfinished.exists()


def test_an_altered_file_is_noticed_named_and_repaired_by_another_upload(store: OwnWeights) -> None:
    entry = store.add(upload(), "toy", network(), name="run 3")
    path = store.folder / "toy" / f"{entry.sha256}.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\x01")
    with pytest.raises(
        WeightsError, match=rf"{entry.key} \(run 3\) were altered.*{path.name}.*Upload net\.pt again"
    ):
        store.load(entry)
    assert store.add(upload(), "toy", network()) == entry
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"notes": 3}'])
def test_a_damaged_description_is_said_and_repaired_by_another_upload(
    store: OwnWeights, content: str
) -> None:
    entry = store.add(upload(), "toy", network())
    path = store.folder / "toy" / f"{entry.sha256}.json"
    path.write_text(content)
    assert store.entries() == ()
    with pytest.raises(WeightsError, match=rf"{path.name} is damaged\. Upload their file again"):
        store.find("toy", entry.weights)
    assert store.add(upload(), "toy", network()) == entry
    assert json.loads(path.read_text())["sha256"] == entry.sha256
