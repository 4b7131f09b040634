"""A server that starts clears what a killed one left in the data folder, and keeps what can go on."""

import os
import time

from filelock import FileLock

from actviz_core.settings import Settings
from actviz_core.system import downloads
from actviz_core.system.folder_lock import exclusive
from actviz_core.workspace.leftovers import clear_leftovers

WEEK = 7 * 24 * 3600


def touch(settings: Settings, *names: str) -> None:
    """Make files, and the folders that they lie in, in the data folder."""
    for name in names:
        (settings.data / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.data / name).write_bytes(b"half")


def files(settings: Settings) -> set[str]:
    return {
        path.relative_to(settings.data).as_posix()
        for path in settings.data.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_what_is_unfinished_goes_and_what_is_whole_stays(settings: Settings) -> None:
    whole = {"uploads/0123456789ab", "weights/resnet18-f37072fd.pth", "note.txt", ".cifar-10-python.tar.gz"}
    touch(settings, *whole)
    touch(
        settings,
        "reading/reading-x/upload",
        ".cifar10-abc/cifar-10-batches-py/test_batch",
        ".cifar10-abc/damaged/x",
    )
    touch(settings, "own-weights/toy/.part-x")
    clear_leftovers(settings)
    assert files(settings) == whole


def test_parts_of_downloads_are_kept_for_a_week_to_go_on(settings: Settings) -> None:
    parts = ["cifar-10-python.tar.gz.part", "weights/new.pth.part", "weights/timm/old.safetensors.part"]
    touch(settings, *parts)
    assert downloads.KEPT_SECONDS == WEEK
    long_ago = time.time() - WEEK - 60
    os.utime(settings.data / parts[2], (long_ago, long_ago))
    clear_leftovers(settings)
    assert files(settings) == set(parts[:2])


def test_what_another_server_is_writing_is_left_alone(settings: Settings) -> None:
    touch(settings, "reading/reading-x/upload", ".cifar10-abc/x")
    lock = settings.data / "reading" / "reading-x" / "lock"
    with exclusive(settings.data), FileLock(lock):
        clear_leftovers(settings)
        assert files(settings) == {"reading/reading-x/upload", "reading/reading-x/lock", ".cifar10-abc/x"}
    clear_leftovers(settings)
    assert files(settings) == set()


def test_nothing_is_made_where_there_is_nothing(settings: Settings) -> None:
    clear_leftovers(settings)
    assert not settings.data.exists()
