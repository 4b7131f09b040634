"""Prints the table: `python -m benchmarks [GROUP ...]`; the exit code is 1 when a target is missed."""

import argparse
import sys
from collections.abc import Callable, Iterator

from actviz_core.system.allocator import keep_freed_memory
from benchmarks import (
    attributing,
    boards,
    capturing,
    cards,
    clicks,
    fields,
    figuring,
    gradients,
    looking,
    memory,
    pointing,
    process_wide,
    sweeping,
    thumbnails,
    trees,
    uploading,
    valued,
    visits,
    zoo,
)
from benchmarks.machine import machine
from benchmarks.table import Row, header, line

GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    "capture": capturing.rows,
    "gradients": gradients.rows,
    "attribution": attributing.rows,
    "look": looking.rows,
    "zoo": zoo.rows,
    "field": fields.rows,
    "card": cards.rows,
    "figure": figuring.rows,
    "click": clicks.rows,
    "board": boards.rows,
    "values": valued.rows,
    "point": pointing.rows,
    "thumbnails": thumbnails.rows,
    "layers": trees.rows,
    "visit": visits.rows,
    "memory": memory.rows,
    "process": process_wide.rows,
    "upload": uploading.rows,
    "sweep": sweeping.rows,
}


def main() -> int:
    """Run the named groups, or all of them; the number of 1 when a target is missed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the app's speed.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"one of {', '.join(GROUPS)}")
    chosen = parser.parse_args().groups or list(GROUPS)
    if unknown := set(chosen) - set(GROUPS):
        parser.error(f"there is no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    keep_freed_memory()  # as the app does when it starts; peers and app are measured alike
    print(f"{machine()}\n\n{header()}", flush=True)
    missed = 0
    for group in chosen:
        for row in GROUPS[group]():
            print(line(row), flush=True)
            missed += row.missed
    print(f"\nMedians of interleaved rounds; {f'{missed} targets missed' if missed else 'all targets met'}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
