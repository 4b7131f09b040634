"""A folder's lock keeps threads and processes apart."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from actviz_core.system.folder_lock import FILE_NAME, exclusive

HOLDS_IT = """
import fcntl, sys
with open(sys.argv[1], "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_thread_at_a_time_is_in_a_folder(tmp_path: Path) -> None:
    inside, most = 0, []
    enough = threading.Barrier(4)

    def enter() -> None:
        nonlocal inside
        enough.wait()
        for _ in range(5):
            with exclusive(tmp_path):
                inside += 1
                most.append(inside)
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 20


def test_who_does_not_wait_is_told_that_another_thread_is_there(tmp_path: Path) -> None:
    there, over = threading.Event(), threading.Event()

    def stay() -> None:
        with exclusive(tmp_path):
            there.set()
            over.wait(30)

    other = threading.Thread(target=stay)
    other.start()
    assert there.wait(30)
    with pytest.raises(OSError, match=r"\.lock"), exclusive(tmp_path, wait=False):
        pass
    over.set()
    other.join(30)
    with exclusive(tmp_path, wait=False):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")
def test_a_process_that_locks_the_file_by_itself_is_kept_apart(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_IT, str(tmp_path / FILE_NAME)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(OSError, match=r"\.lock"), exclusive(tmp_path, wait=False):
            pass
        process.kill()
    with exclusive(tmp_path, wait=False):
        pass


def test_the_folder_is_made(tmp_path: Path) -> None:
    with exclusive(tmp_path / "new" / "folder"):
        assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == [FILE_NAME]


def test_what_is_raised_inside_is_raised_outside_and_lets_go(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError, match="of its own"), exclusive(tmp_path, wait=False):
        raise BlockingIOError("of its own")
    with exclusive(tmp_path, wait=False):
        pass
