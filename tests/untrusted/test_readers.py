"""Processes that read visitors' files: they answer, or are ended at their limits, and leave nothing."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from actviz_core.errors import ActVizError, BadImageError
from actviz_core.untrusted import Ending, Limits, Readers, ReadingStoppedError, remove_leftovers
from actviz_core.untrusted import readers as readers_module

LIMITS = Limits(seconds=20, memory_bytes=400 * 10**6, output_bytes=10**6)
SHORT = Limits(seconds=1, memory_bytes=400 * 10**6, output_bytes=10**6)

MakeReaders = Callable[..., Readers]


@pytest.fixture
def readers() -> Iterator[MakeReaders]:
    """Processes that do what is named; none is left at the end."""
    made: list[Readers] = []

    def make(behaviour: str, *, at_once: int = 4) -> Readers:
        made.append(Readers(f"tests.untrusted.behaviours:{behaviour}", at_once=at_once, wait_seconds=0.1))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A visitor's file."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def ending_of(reading: Readers, source: Path, limits: Limits) -> Ending:
    """How a reading is stopped; nothing of it may be left on disk."""
    with (
        pytest.raises(ReadingStoppedError) as stopped,
        reading.read(source, limits, ActVizError, folder=source.parent / "reading"),
    ):
        pass
    assert list((source.parent / "reading").iterdir()) == []
    return stopped.value.ending


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{process}/status").read_text()


def test_what_is_found_comes_back_and_is_there_as_long_as_it_is_needed(
    readers: MakeReaders, source: Path
) -> None:
    folder = source.parent / "reading"
    with readers("reads").read(source, LIMITS, ActVizError, folder=folder, word="x") as reading:
        assert reading.fields["asked"] == "x"
        assert reading.output.read_bytes() == b"CONTENT"
    assert list(folder.iterdir()) == []


def test_a_reader_sees_nothing_of_the_servers_environment(
    readers: MakeReaders, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_PASSWORD", "secret")
    with readers("reads").read(source, LIMITS, ActVizError, folder=source.parent, word="x") as reading:
        assert "PATH" in reading.fields["environment"]
        assert "A_PASSWORD" not in reading.fields["environment"]
        assert not {"torch", "streamlit", "plotly", "numpy"} & set(reading.fields["modules"])


@pytest.mark.parametrize(
    ("behaviour", "limits", "ending"),
    [
        ("sleeps", SHORT, Ending.TIME),
        ("computes", SHORT, Ending.TIME),
        ("allocates", LIMITS, Ending.MEMORY),
        ("dies", LIMITS, Ending.DIED),
        ("ends_without_an_answer", LIMITS, Ending.DIED),
        ("fills_the_disk", LIMITS, Ending.DIED),
    ],
)
def test_a_reader_that_goes_too_far_is_ended(
    readers: MakeReaders, source: Path, behaviour: str, limits: Limits, ending: Ending
) -> None:
    before = set(threading.enumerate())
    assert ending_of(readers(behaviour), source, limits) is ending
    for thread in set(threading.enumerate()) - before:  # those of other tests may come and go
        thread.join(LIMITS.seconds)
        assert not thread.is_alive()


class NeverRings:
    """A clock that does nothing."""

    def __init__(self, seconds: float, ring: Callable[[], None]) -> None:
        self.daemon = False

    def start(self) -> None:
        """Do nothing."""

    def cancel(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("behaviour", ["sleeps", "computes"])
def test_a_reader_whose_server_does_not_end_it_ends_by_itself(
    readers: MakeReaders, source: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    """As where the server was killed while it read."""
    monkeypatch.setattr("actviz_core.untrusted.readers.threading.Timer", NeverRings)
    assert ending_of(readers(behaviour), source, SHORT) is Ending.TIME


def test_memory_is_taken_up_to_the_limit_and_no_further(readers: MakeReaders, source: Path) -> None:
    with readers("takes_all_memory").read(source, LIMITS, ActVizError, folder=source.parent) as reading:
        assert 0.9 * LIMITS.memory_bytes < reading.fields["taken"] <= LIMITS.memory_bytes


def test_a_reader_goes_behind_all_others_and_first_where_the_machine_has_no_memory_left(
    readers: MakeReaders, source: Path
) -> None:
    """Niceness counts among the processes of a session; a group of its own is what the server ends."""
    with readers("ranks").read(source, LIMITS, ActVizError, folder=source.parent) as reading:
        assert reading.fields["niceness"] >= min(19, os.nice(0) + 10)
        assert reading.fields["session"] == os.getsid(0)
        assert reading.fields["group"] != os.getpgid(0)
        assert reading.fields["first to go"] == 1000


def test_what_a_reader_starts_ends_with_it(readers: MakeReaders, source: Path) -> None:
    """The superuser may start processes in spite of the limit; for others the system refuses."""
    tell = source.parent / "tell"
    reading = readers("forks").read(source, LIMITS, ActVizError, folder=source.parent, tell=str(tell))
    if os.getuid() == 0:
        with reading:
            process = int(tell.read_text())
        deadline = time.monotonic() + 10
        while runs(process) and time.monotonic() < deadline:
            os.sched_yield()
        assert not runs(process)
    else:
        with pytest.raises(ReadingStoppedError), reading:
            pass
        assert not tell.exists()


def test_a_refusal_is_raised_as_what_the_caller_wants_and_on_one_line(
    readers: MakeReaders, source: Path
) -> None:
    with (
        pytest.raises(BadImageError, match=r"^x\.png is refused\.$"),
        readers("refuses").read(source, LIMITS, BadImageError, folder=source.parent, name="x.png"),
    ):
        pass


def test_each_file_has_a_process_of_its_own_and_the_next_stands_ready(
    readers: MakeReaders, source: Path
) -> None:
    reading = readers("reads")
    with ThreadPoolExecutor(4) as pool:

        def read(word: str) -> str:
            with reading.read(source, LIMITS, ActVizError, folder=source.parent, word=word) as found:
                return str(found.fields["asked"])

        words = [str(number) for number in range(12)]
        assert list(pool.map(read, words)) == words
    assert len(reading._ready) == 1


def test_the_next_process_is_started_while_one_reads(
    readers: MakeReaders, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that of several files that come one after the other none waits for imports alone."""
    reading, at_its_end = readers("reads"), list[int]()
    end = readers_module.end_process

    def seen(process: subprocess.Popen[bytes]) -> None:
        at_its_end.append(len(reading._ready))
        end(process)

    monkeypatch.setattr(readers_module, "end_process", seen)
    with reading.read(source, LIMITS, ActVizError, folder=source.parent, word="x"):
        pass
    assert at_its_end == [1]


def test_who_finds_all_places_taken_is_told(readers: MakeReaders, source: Path) -> None:
    reading = readers("reads", at_once=1)
    with (
        reading.read(source, LIMITS, ActVizError, folder=source.parent, word="x"),
        pytest.raises(ReadingStoppedError) as stopped,
        reading.read(source, LIMITS, ActVizError, folder=source.parent, word="y"),
    ):
        pass
    assert stopped.value.ending is Ending.BUSY


def test_a_process_that_ended_while_it_stood_ready_is_replaced(readers: MakeReaders, source: Path) -> None:
    reading = readers("reads")
    reading.prepare()
    reading._ready[0].kill()
    reading._ready[0].wait()
    with reading.read(source, LIMITS, ActVizError, folder=source.parent, word="x") as found:
        assert found.fields["asked"] == "x"


def test_leftovers_of_a_killed_server_go_and_running_readings_stay(tmp_path: Path) -> None:
    for name in ("reading-left", "reading-running"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "upload").write_bytes(b"x")
    (tmp_path / "something else").mkdir()
    with FileLock(tmp_path / "reading-running" / "lock"):
        remove_leftovers(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["reading-running", "something else"]
        assert (tmp_path / "reading-running" / "upload").exists()


def test_a_server_that_is_gone_takes_its_readers_along(readers: MakeReaders) -> None:
    """The process that stands ready sees the end of its input."""
    reading = readers("reads")
    reading.prepare()
    process = reading._ready[0]
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=20) == 0
