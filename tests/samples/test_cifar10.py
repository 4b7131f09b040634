"""CIFAR-10 arrives from a server, is checked, and browses; what goes wrong is said and put right."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import CIFAR10

from actviz_core.errors import DownloadError, UnknownImageError
from actviz_core.samples import (
    Cifar10State,
    Source,
    browse,
    cifar10,
    cifar10_state,
    fetch_cifar10,
    find_cifar10_download,
    open_sample,
    open_source,
    start_cifar10_download,
)
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.settings import Settings
from actviz_core.system.folder_lock import FILE_NAME
from actviz_core.system.jobs import JobState
from tests.samples.cifar_archive import FOLDER, SmallCifar10, small_cifar10
from tests.support.loopback import Served, served

SMALL = small_cifar10()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with served(SMALL.content) as state:
        use(SMALL, state, monkeypatch)
        yield state


def use(archive: SmallCifar10, server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    server.url = server.url.replace("file.bin", "cifar-10-python.tar.gz")
    monkeypatch.setattr(cifar10, "ARCHIVE", archive.at(server.url))


def check_content(test: Source, train: Source) -> None:
    assert np.array_equal([np.asarray(sample.image) for sample in test], SMALL.test)
    assert np.array_equal([np.asarray(sample.image) for sample in train], SMALL.train)
    assert test.label_indices.tolist() == SMALL.test_labels
    assert train.label_indices.tolist() == SMALL.train_labels


def test_the_real_archive_is_the_one_torchvision_names() -> None:
    archive = cifar10.CifarArchive()
    assert archive.url == CIFAR10.url
    assert archive.md5 == "c58f30108f718f92721af3b95e74349a"
    assert len(archive.files) == 7
    assert archive.files["test_batch"] == "40351d587109b95175f43aff81a1287e"
    assert archive.files["batches.meta"] == "5ff9c542aee3614f3951f8cda6e48888"


def test_one_download_brings_both_splits(server: Served, settings: Settings) -> None:
    assert cifar10_state(settings) is Cifar10State.MISSING
    with pytest.raises(
        UnknownImageError, match=r"cifar10-test is not here yet\. Get all 60,000 .* page Samples"
    ):
        open_source("cifar10-test", settings)
    job = start_cifar10_download(settings)
    status = job.wait(60)
    assert (status.state, status.error) == (JobState.DONE, None)
    assert status.done_bytes == status.total_bytes == len(SMALL.content)
    assert find_cifar10_download(settings) is job
    assert cifar10_state(settings) is Cifar10State.READY
    check_content(open_source("cifar10-test", settings), open_source("cifar10-train", settings))
    assert sorted(path.name for path in settings.data.iterdir()) == [FILE_NAME, FOLDER]
    assert sorted(path.name for path in (settings.data / FOLDER).iterdir()) == sorted(SMALL.files)
    assert len(server.asked) == 1


@pytest.mark.usefixtures("server")
def test_a_sample_has_its_id_its_label_and_its_pixels(settings: Settings) -> None:
    fetch_cifar10(settings)
    sample = open_sample("cifar10-train/7", settings)
    assert sample.id == "cifar10-train/7"
    assert sample.label == CLASSES[SMALL.train_labels[7]]
    assert np.array_equal(np.asarray(sample.image), SMALL.train[7])
    with pytest.raises(
        UnknownImageError, match=r"no picture 20\. It has cifar10-train/0 to cifar10-train/19\."
    ):
        open_sample("cifar10-train/20", settings)
    source = open_source("cifar10-train", settings)
    assert browse(source, class_name="cat").tolist() == [
        i for i, n in enumerate(SMALL.train_labels) if n == 3
    ]


def test_a_cut_connection_is_continued(server: Served, settings: Settings) -> None:
    server.cuts = [len(SMALL.content) // 2]
    fetch_cifar10(settings)
    assert server.asked == [None, f"bytes={len(SMALL.content) // 2}-"]
    check_content(open_source("cifar10-test", settings), open_source("cifar10-train", settings))


def test_a_server_that_cannot_continue_starts_over(server: Served, settings: Settings) -> None:
    server.cuts, server.ranges = [len(SMALL.content) // 2], False
    fetch_cifar10(settings)
    check_content(open_source("cifar10-test", settings), open_source("cifar10-train", settings))


def test_a_corrupt_archive_is_refused_and_the_next_try_starts_clean(
    server: Served, settings: Settings
) -> None:
    server.content = SMALL.content[:-100] + bytes(100)
    job = start_cifar10_download(settings)
    assert job.wait(60).state is JobState.FAILED
    assert "is not the expected file: its MD5 is" in str(job.error)
    assert cifar10_state(settings) is Cifar10State.MISSING
    assert list(settings.data.iterdir()) == []
    server.content = SMALL.content
    assert start_cifar10_download(settings).wait(60).state is JobState.DONE


def test_no_server_is_said(settings: Settings, server: Served) -> None:
    server.status = 503
    with pytest.raises(DownloadError, match=r"answered 503 Service Unavailable\. Try again later"):
        fetch_cifar10(settings)


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (small_cifar10(leave_out="test_batch"), "it lacks test_batch"),
        (SMALL, "its file data_batch_2 has another MD5"),
    ],
)
def test_a_wrong_archive_is_not_used(
    archive: SmallCifar10, reason: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(archive.content) as server:
        if archive is SMALL:
            files = {**SMALL.files, "data_batch_2": b"another"}
            archive = SmallCifar10(SMALL.content, SMALL.test, [], SMALL.train, [], files)
        use(archive, server, monkeypatch)
        with pytest.raises(
            DownloadError, match=rf"cannot be unpacked \({reason}.*delete that file and try again"
        ):
            fetch_cifar10(settings)
    assert not (settings.data / FOLDER).exists()
    left = sorted(path.name for path in settings.data.iterdir())
    assert left == [".cifar-10-python.tar.gz", FILE_NAME]


@pytest.mark.parametrize("content", [SMALL.content[: len(SMALL.content) // 2], b"no archive", b""])
def test_a_truncated_archive_with_a_right_checksum_is_not_used(
    content: bytes, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    truncated = SmallCifar10(content, SMALL.test, [], SMALL.train, [], SMALL.files)
    with served(content) as server:
        use(truncated, server, monkeypatch)
        with pytest.raises(DownloadError, match="cannot be unpacked"):
            fetch_cifar10(settings)
    assert not (settings.data / FOLDER).exists()


def test_an_archive_put_there_by_hand_is_used_and_kept(server: Served, settings: Settings) -> None:
    settings.data.mkdir()
    by_hand = settings.data / "cifar-10-python.tar.gz"
    by_hand.write_bytes(SMALL.content)
    fetch_cifar10(settings)
    assert server.asked == []
    assert by_hand.exists()
    assert cifar10_state(settings) is Cifar10State.READY


def test_a_damaged_file_is_noticed_and_put_right(server: Served, settings: Settings) -> None:
    fetch_cifar10(settings)
    fetch_cifar10(settings)
    assert len(server.asked) == 1
    batch = settings.data / FOLDER / "data_batch_3"
    batch.write_bytes(b"nothing pickled")
    assert cifar10_state(settings) is Cifar10State.DAMAGED
    with pytest.raises(DownloadError, match=r"damaged or incomplete\. Get all 60,000"):
        open_source("cifar10-test", settings)
    fetch_cifar10(settings)
    assert batch.read_bytes() == SMALL.files["data_batch_3"]
    assert cifar10_state(settings) is Cifar10State.READY
    assert sorted(path.name for path in settings.data.iterdir()) == [FILE_NAME, FOLDER]


@pytest.mark.usefixtures("server")
def test_a_missing_file_counts_as_damage(settings: Settings) -> None:
    fetch_cifar10(settings)
    Path(settings.data / FOLDER / "batches.meta").unlink()
    assert cifar10_state(settings) is Cifar10State.DAMAGED
