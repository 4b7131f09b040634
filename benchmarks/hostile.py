"""Prints what hostile files do to the server: `python -m benchmarks.hostile`. Takes some twenty minutes.

Made files are read as uploads are. Told are the longest time, the most memory of a reading process, and by
how much the server's own memory grew at most. At the end an ordinary visitor clicks while others upload
files that take as long as they are allowed to.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import torch
from playwright.sync_api import FilePayload, sync_playwright

from actviz_core.errors import ActVizError
from actviz_core.samples import save_upload
from actviz_core.settings import Settings, reading_folder
from actviz_core.weights.state_dicts import read_state_dict
from benchmarks.browser import chromium, drawn, time_of_click, time_to_open, visitor
from benchmarks.peers.article import LAYERS
from benchmarks.servers import serving
from benchmarks.stopwatch import Timing
from tests.browser.chromium import launch
from tests.samples import hostile as pictures
from tests.weights import hostile as weights
from tests.weights.payloads import payloads, saved

MUTATED = 300
CLICKS = 15
ATTACKERS = 2
LINK = "/activations?model=resnet18@random&image=bundled-imagenet/0" + "".join(f"&layers={x}" for x in LAYERS)
SLOW = pictures.jpeg_with_scans(1000)
_COLUMNS = "{:34}{:>7}{:>10}{:>12}{:>14}{:>14}  {}"


@dataclass
class Outcome:
    """What became of the files of one group."""

    seconds: float = 0.0
    grown: int = 0
    endings: Counter[str] = field(default_factory=Counter)

    def add(self, seconds: float, grown: int, ending: str) -> None:
        """Count one file."""
        self.seconds, self.grown = max(self.seconds, seconds), max(self.grown, grown)
        self.endings[ending] += 1


def main() -> None:
    """Print a line a group of files, then the clicks."""
    print(
        _COLUMNS.format("files", "count", "longest", "grown here", "largest child", "executions", "endings")
    )
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder), None, (), 2**20, "cpu")
        marker = Path(folder) / "marker"

        def read_picture(content: bytes) -> None:
            save_upload(content, "x.png", settings)

        def read_weights(content: bytes) -> None:
            read_state_dict(content, "x.pt", reading_folder(settings))

        groups = {
            "pictures, mutated": (_mutated(_seed_pictures()), read_picture),
            "pictures made to hurt": (_variations(), read_picture),
            "weights, mutated": (_mutated(_seed_weights(marker)), read_weights),
            "weights made to hurt": ((make() for make in weights.KINDS.values()), read_weights),
            "weights that would run code": (
                (content for content, _ in payloads(marker).values()),
                read_weights,
            ),
        }
        for name, (files, read) in groups.items():
            outcome = _outcome(files, read)
            child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
            print(
                _COLUMNS.format(
                    name,
                    outcome.endings.total(),
                    f"{outcome.seconds:.1f} s",
                    f"{outcome.grown / 1e6:.0f} MB",
                    f"{child:,.0f} MB",
                    int(marker.exists()),
                    ", ".join(f"{count} {ending}" for ending, count in outcome.endings.most_common()),
                ),
                flush=True,
            )
    _clicks()


def _outcome(files: Iterator[bytes], read: Callable[[bytes], None]) -> Outcome:
    outcome = Outcome()
    for content in files:
        _forget_peak()
        before, start = _peak(), time.perf_counter()
        try:
            read(content)
            ending = "read"
        except ActVizError as error:
            ending = _kind_of(str(error))
        outcome.add(time.perf_counter() - start, _peak() - before, ending)
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


def _variations() -> Iterator[bytes]:
    """Each kind at three sizes, the largest as it was first seen."""
    for make, size in pictures.KINDS.values():
        for share in (100, 10, 1):
            content = make(max(1, size // share))
            yield content[: 64 * 10**6]


def _peak() -> int:
    """The most memory that this process had since it was last asked to forget it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


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
        alone = Timing(tuple(click() for _ in range(CLICKS)))
        command = [sys.executable, "-m", "benchmarks.hostile", url]
        attackers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(ATTACKERS)]
        for attacker in attackers:
            assert attacker.stdout is not None  # noqa: S101 - it was started with one
            attacker.stdout.readline()  # it has begun
        meanwhile = Timing(tuple(click() for _ in range(CLICKS)))
        for attacker in attackers:
            attacker.kill()
            attacker.communicate()
    ratio = meanwhile.median / alone.median
    print(f"\nclick while {ATTACKERS} upload slow pictures / alone: {ratio:.2f}x", end=" ")
    print(f"({meanwhile.words} / {alone.words})")


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
