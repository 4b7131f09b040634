"""Downloads: what arrives is right, cuts are continued, and failures say what to do."""

import hashlib
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from actviz_core.errors import DownloadError
from actviz_core.system import downloads
from actviz_core.system.downloads import Checksum, download
from actviz_core.system.jobs import Job, Jobs, JobState
from tests.support.loopback import served

CONTENT = np.random.default_rng(0).bytes(10_000)
RIGHT = Checksum("md5", hashlib.md5(CONTENT, usedforsecurity=False).hexdigest())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "data" / "file.bin"


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "CHUNK_BYTES", 1000)


def part_of(target: Path) -> Path:
    return target.with_name("file.bin.part")


def test_a_download_arrives_whole_and_tells_its_progress(target: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with served(CONTENT) as server:
        path = download(server.url, target, expected=RIGHT, progress=lambda *now: told.append(now))
    assert path == target
    assert target.read_bytes() == CONTENT
    assert told == [(n, 10_000) for n in range(1000, 11_000, 1000)]
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]


def test_a_file_that_is_right_already_is_not_fetched(target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    with served(b"", status=500) as server:
        download(server.url, target, expected=RIGHT)
        assert server.asked == []


def test_a_file_that_is_wrong_is_replaced(target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    with served(CONTENT) as server:
        download(server.url, target, expected=RIGHT)
    assert target.read_bytes() == CONTENT


def test_a_cut_connection_is_continued_where_it_ended(target: Path) -> None:
    with served(CONTENT, cuts=[2500, 3000]) as server:
        download(server.url, target, expected=RIGHT)
        assert server.asked == [None, "bytes=2500-", "bytes=5500-"]
    assert target.read_bytes() == CONTENT


def test_a_server_without_ranges_starts_over_cleanly(target: Path) -> None:
    with served(CONTENT, cuts=[2500], ranges=False) as server:
        download(server.url, target, expected=RIGHT)
        assert server.asked == [None, "bytes=2500-"]
    assert target.read_bytes() == CONTENT


def test_after_too_many_cuts_the_next_download_goes_on(target: Path) -> None:
    with served(CONTENT, cuts=[1000, 1000, 1000]) as server:
        with pytest.raises(
            DownloadError, match=r"was cut after < 0\.1 MB \(7,000 bytes are missing\)\. Try again"
        ):
            download(server.url, target, expected=RIGHT)
        assert not target.exists()
        download(server.url, target, expected=RIGHT)
        assert server.asked[-1] == "bytes=3000-"
    assert target.read_bytes() == CONTENT


def test_a_part_of_another_version_is_replaced(target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 3000)
    with served(CONTENT) as server:
        download(server.url, target, expected=RIGHT)
        assert server.asked == ["bytes=3000-", None]
    assert target.read_bytes() == CONTENT


def test_a_wrong_file_is_fetched_afresh_only_once(target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 3)
    with served(b"a portal's log-in page") as server:
        with pytest.raises(DownloadError, match="not the expected file"):
            download(server.url, target, expected=RIGHT)
        assert server.asked == ["bytes=3-", None]


@pytest.mark.parametrize("extra", [b"", b"too long"])
def test_a_part_with_nothing_left_to_fetch_is_checked(target: Path, extra: bytes) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT + extra)
    with served(CONTENT) as server:
        download(server.url, target, expected=RIGHT)
    assert target.read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing_behind(target: Path) -> None:
    with (
        served(b"a portal's log-in page") as server,
        pytest.raises(
            DownloadError, match=r"not the expected file: its MD5 is .* It was removed\. Try again"
        ),
    ):
        download(server.url, target, expected=RIGHT)
    assert list(target.parent.iterdir()) == []


def test_an_http_status_is_named_with_what_to_do(target: Path) -> None:
    with (
        served(b"", status=404) as server,
        pytest.raises(
            DownloadError, match=r"answered 404 Not Found\. Try again later, or get .* put it at .*file\.bin"
        ),
    ):
        download(server.url, target, expected=RIGHT)


def test_no_connection_is_said(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(DownloadError, match=rf"Cannot reach {address} .*Check the internet connection"):
        download(f"http://{address}/file.bin", target, expected=RIGHT)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, where a folder should be")
    with served(CONTENT) as server, pytest.raises(DownloadError, match=r"Cannot write .*set ACTVIZ_DATA"):
        download(server.url, tmp_path / "data" / "file.bin", expected=RIGHT)


def test_a_stopped_download_goes_on_later(target: Path) -> None:
    stop = threading.Event()
    with served(CONTENT) as server:
        with pytest.raises(DownloadError, match="was stopped"):
            download(server.url, target, expected=RIGHT, progress=lambda *_: stop.set(), stop=stop)
        download(server.url, target, expected=RIGHT)
        assert server.asked == [None, "bytes=1000-"]
    assert target.read_bytes() == CONTENT


def test_only_web_addresses_are_fetched(target: Path) -> None:
    with pytest.raises(ValueError, match="Only http and https"):
        download("file:///etc/hostname", target, expected=RIGHT)


def test_a_checksum_may_be_the_start_of_a_digest(target: Path) -> None:
    start = hashlib.sha256(CONTENT).hexdigest()[:8]
    with served(CONTENT) as server:
        download(server.url, target, expected=Checksum("sha256", start))
    assert target.read_bytes() == CONTENT
    with pytest.raises(ValueError, match="at least 8 hex digits"):
        Checksum("md5", "")


def test_a_cancelled_job_stops_its_download(target: Path) -> None:
    started = threading.Event()

    def work(job: Job) -> None:
        started.set()
        job.stop.wait(30)
        download(server.url, target, expected=RIGHT, progress=job.progress, stop=job.stop)

    with served(CONTENT) as server:
        job = Jobs().start("cancelled", "cancelled", work)
        started.wait(30)
        job.cancel()
        assert job.wait(30).state is JobState.FAILED
    assert str(job.error).startswith("The download was stopped.")
    assert part_of(target).stat().st_size == 1000
