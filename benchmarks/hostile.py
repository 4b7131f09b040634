"""Prints what hostile files do to the server: `python -m benchmarks.hostile`. Takes some thirty minutes.

Made files are read as uploads are. Told are the longest time and the most memory of a reading process, also
as shares of what the file is allowed, and by how much the server's own memory grew at most. At the end an
ordinary visitor clicks while others upload files that take as long as they are allowed to.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import torch
from playwright.sync_api import FilePayload, sync_playwright

from actviz_core.errors import ActVizError
from actviz_core.models import load_model
from actviz_core.models.fitting import fit
from actviz_core.samples import save_upload
from actviz_core.samples.visitor_pictures import LIMITS
from actviz_core.settings import Settings, reading_folder
from actviz_core.untrusted import Limits
from actviz_core.untrusted.decoding import MAX_BYTES
from actviz_core.weights.state_dicts import read_state_dict, reading_limits
from benchmarks.browser import chromium, drawn, time_of_click, time_to_open, visitor
from benchmarks.peers.article import LAYERS
from benchmarks.servers import serving
from benchmarks.stopwatch import Timing
from benchmarks.watched import Peaks, children_watched, forget_own_peak, own_peak
from tests.support import hostile_pictures as pictures
from tests.support import hostile_weights as weights
from tests.support.chromium import launch
from tests.support.payloads import payloads, saved

MUTATED = 300
SHARES = (100, 10, 1)  # by which the size of each kind is divided
ROUNDS = 2
CLICKS = 10  # in each round, with and without
ATTACKERS = 2
LINK = "/activations?model=resnet18@random&image=bundled-imagenet/0" + "".join(f"&layers={x}" for x in LAYERS)
SLOW = pictures.jpeg_with_scans(1000)
_COLUMNS = "{:40}{:>6}{:>9}{:>10}{:>15}{:>10}{:>13}{:>12}  {}"
_TITLES = ("files", "count", "longest", "of limit", "largest child", "of limit", "grown here", "executions")


@dataclass
class Outcome:
    """What became of the files of one group: the most of each, and how often each ending came."""

    seconds: float = 0.0
    of_time: float = 0.0
    memory: int = 0
    of_memory: float = 0.0
    grown: int = 0
    endings: Counter[str] = field(default_factory=Counter)

    def add(self, seconds: float, memory: int, grown: int, limits: Limits, ending: str) -> None:
        """Count one file, which had such limits."""
        self.seconds, self.memory = max(self.seconds, seconds), max(self.memory, memory)
        self.of_time = max(self.of_time, seconds / limits.seconds)
        self.of_memory = max(self.of_memory, memory / limits.memory_bytes)
        self.grown = max(self.grown, grown)
        self.endings[ending] += 1

    def line(self, name: str, executions: int) -> str:
        """A line of the table."""
        return _COLUMNS.format(
            name,
            self.endings.total(),
            f"{self.seconds:.1f} s",
            f"{self.of_time:.2f}x",
            f"{self.memory / 1e6:,.0f} MB",
            f"{self.of_memory:.2f}x",
            f"{self.grown / 1e6:.0f} MB",
            executions,
            ", ".join(f"{count} {ending}" for ending, count in self.endings.most_common()),
        )


def main() -> None:
    """Print a line a group of files, then the clicks."""
    print(_COLUMNS.format(*_TITLES, "endings"))
    with tempfile.TemporaryDirectory() as folder, children_watched() as peaks:
        settings = Settings(Path(folder), None, (), 2**20, "cpu")
        marker = Path(folder) / "marker"
        network = load_model("cifar-resnet20", settings=settings).module

        def read_picture(content: bytes) -> None:
            save_upload(content, "x.png", settings)

        def read_weights(content: bytes) -> None:
            read = read_state_dict(content, "x.pt", reading_folder(settings))
            fit(read.tensors, network).sentence()

        codes = (content for content, _ in payloads(marker).values())
        files = [
            ("pictures, mutated", _mutated(_seed_pictures()), read_picture),
            *((name, _of_kind(*kind), read_picture) for name, kind in pictures.KINDS.items()),
            *((name, _of_kind(*kind), read_weights) for name, kind in weights.KINDS.items()),
            ("weights that would run code", codes, read_weights),
            ("weights, mutated", _mutated(_seed_weights(marker)), read_weights),
        ]
        for name, contents, read in files:
            limits_of = _picture_limits if read is read_picture else reading_limits
            outcome = _outcome(contents, read, limits_of, peaks)
            print(outcome.line(name, int(marker.exists())), flush=True)
    _clicks()


def _picture_limits(_size: int) -> Limits:
    return LIMITS


def _outcome(
    files: Iterable[bytes], read: Callable[[bytes], None], limits_of: Callable[[int], Limits], peaks: Peaks
) -> Outcome:
    outcome = Outcome()
    for content in files:
        forget_own_peak()
        peaks.take()
        before, start = own_peak(), time.perf_counter()
        try:
            read(content)
            ending = "read"
        except ActVizError as error:
            ending = _kind_of(str(error))
        seconds = time.perf_counter() - start
        outcome.add(seconds, peaks.take(), own_peak() - before, limits_of(len(content)), ending)
    return outcome


def _kind_of(message: str) -> str:
    kinds = {
        "seconds to read": "took too long",
        "of memory to be read": "needed too much memory",
        "stopped the program": "stopped its reader",
        "nothing in it was run": "refused as code",
        "holds no state dict": "no state dict",
    }
    return next((kind for text, kind in kinds.items() if text in message), "damaged or unknown")


def _seed_pictures() -> list[bytes]:
    kinds = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM")
    return [pictures.encoded(kind) for kind in kinds] + [pictures.encoded("JPEG", 128, progressive=True)]


def _seed_weights(marker: Path) -> list[bytes]:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Linear(8, 4))
    state = network.state_dict()
    code = [content for content, _ in payloads(marker).values()]
    return [saved(state), saved(state, legacy=True), saved({"model": state, "epoch": 3}), *code]


def _mutated(seeds: list[bytes]) -> Iterator[bytes]:
    """Change, cut, double and mix files at random places."""
    chance = random.Random(0)  # noqa: S311 - not for secrets
    for number in range(MUTATED):
        content = bytearray(seeds[number % len(seeds)])
        for _ in range(chance.randint(1, 12)):
            place, length = chance.randrange(len(content)), chance.randint(1, 64)
            match chance.randrange(4):
                case 0:
                    content[place] = chance.randrange(256)
                case 1 if len(content) > 2 * length:
                    del content[place : place + length]
                case 2:
                    content[place:place] = content[place : place + length] * chance.randint(1, 100)
                case _:
                    other = chance.choice(seeds)
                    content[place : place + length] = other[place : place + length]
        yield bytes(content)


def _of_kind(make: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    """A kind at three sizes, the largest as it was first seen to hurt."""
    for share in SHARES:
        yield make(max(1, size // share))[:MAX_BYTES]


def _clicks() -> None:
    """Time an ordinary visitor's clicks, with and without others who upload what takes long."""
    with serving() as url, chromium() as browser, visitor(browser) as context:
        page = context.new_page()
        grid = drawn("activations_grid")
        time_to_open(page, url + LINK, grid)
        layers = cycle(reversed(LAYERS))

        def click() -> float:
            target = page.locator(".st-key-activations_layer").get_by_text(next(layers), exact=True)
            return time_of_click(page, target, grid).done

        for _ in range(3):
            click()
        alone, meanwhile = list[float](), list[float]()
        for _ in range(ROUNDS):
            alone += [click() for _ in range(CLICKS)]
            with _attacked(url):
                meanwhile += [click() for _ in range(CLICKS)]
    usual, then = Timing(tuple(alone)), Timing(tuple(meanwhile))
    print(
        f"\nclick while {ATTACKERS} upload slow pictures / alone: {then.median / usual.median:.2f}x", end=" "
    )
    print(f"({then.words} / {usual.words})")


@contextmanager
def _attacked(url: str) -> Iterator[None]:
    """Within it, others upload slow pictures."""
    command = [sys.executable, "-m", "benchmarks.hostile", url]
    attackers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(ATTACKERS)]
    try:
        for attacker in attackers:
            assert attacker.stdout is not None  # noqa: S101 - it was started with one
            attacker.stdout.readline()  # it has begun
        yield
    finally:
        for attacker in attackers:
            attacker.kill()
            attacker.communicate()


def _attack(url: str) -> None:
    """Upload a slow picture again and again, until this process is ended."""
    with sync_playwright() as playwright:
        page = launch(playwright).new_page()
        page.goto(f"{url}/samples")
        page.locator('input[type="file"]').wait_for(state="attached")
        print("begun", flush=True)
        for number in range(10_000):
            payload = FilePayload(name=f"{number}.jpg", mimeType="image/jpeg", buffer=SLOW)
            page.locator('input[type="file"]').set_input_files(payload)
            page.get_by_text(f"{number}.jpg takes more than").wait_for(timeout=60_000)


if __name__ == "__main__":
    if sys.argv[1:]:
        _attack(sys.argv[1])
    else:
        main()
