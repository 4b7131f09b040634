"""A t-SNE map of pictures, made by scikit-learn in a process of its own, so that it can be stopped."""

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.projection import Projection, principal_scores
from actviz_core.errors import MapError, StoppedError

ITERATIONS: Final = 1000
"""How many iterations scikit-learn does; it may end before, where nothing changes any more."""

FEWEST: Final = 10
"""Fewer pictures have too few neighbours for a map."""

COMPONENTS: Final = 50
"""The map is made from so many principal components, as scikit-learn's manual advises against noise."""

SECONDS_A_PICTURE: Final = 0.006
"""What a picture takes where a core is free: measured with 10,000; of fewer, each takes a little less."""

_CHILD: Final = Path(__file__).with_name("t_sne_child.py")
_ITERATION: Final = re.compile(rb"Iteration (\d+)")


def t_sne(
    values: npt.ArrayLike,
    *,
    progress: Callable[[int], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> Projection:
    """Place pictures in a plane so that those with similar values, (N, C), come to lie near each other.

    Van der Maaten and Hinton 2008 (JMLR 9), by scikit-learn's `TSNE` (Barnes-Hut) with perplexity 30, or a
    third of the other pictures where there are few. It begins from the first two principal components, with a
    fixed seed, and works in one thread: the same values give the same map on the same machine. The axes, and
    distances between points that are far apart, mean nothing. ``progress`` is told the iteration, from
    another thread.

    Raises:
        ShapeError: if `values` is not two-dimensional or has no channel.
        MapError: if fewer than `FEWEST` pictures have values that are all finite, or scikit-learn fails.
        StoppedError: once ``stop`` is set.

    """
    table = np.asarray(values)
    usable = np.isfinite(table).all(axis=tuple(range(1, table.ndim)))
    scores = principal_scores(table[usable], COMPONENTS)
    if len(scores) < FEWEST:
        raise MapError(f"A t-SNE map needs {FEWEST} pictures or more; here are {len(scores)}.")
    if scores.shape[1] < 2:
        scores = np.concatenate([scores, np.zeros_like(scores)], axis=1)
    size = np.abs(scores).max() or 1.0  # float32 holds it then, and the map does not depend on the scale
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "values.npy", Path(folder) / "map.npy"
        np.save(given, (scores / size).astype(np.float32))
        _run([str(given), str(found)], progress, stop or threading.Event())
        points = np.full((len(table), 2), np.nan)
        points[usable] = np.load(found)
    return Projection(points, None)


def expected_seconds(pictures: int) -> float:
    """About how long a map of so many pictures takes where a core is free."""
    return 3 + SECONDS_A_PICTURE * pictures


def _run(files: list[str], progress: Callable[[int], None], stop: threading.Event) -> None:
    """Run the process until it ends or is to stop, and pass on what it tells."""
    command = [sys.executable, "-P", "-u", str(_CHILD), *files]
    # Sums of several threads differ from run to run, and on a busy machine the threads wait for each other.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603 - this project's own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        said: list[bytes] = []
        readers = [
            threading.Thread(target=_pass_on, args=(process.stdout, progress), daemon=True),
            threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True),
        ]
        for reader in readers:
            reader.start()
        while process.poll() is None:
            if stop.wait(0.1):
                process.kill()
        for reader in readers:
            reader.join()
    if stop.is_set():
        raise StoppedError("This was stopped.")
    if process.returncode != 0:
        last = said[-1].decode(errors="replace").strip() if said else f"it ended with {process.returncode}"
        raise MapError(f"scikit-learn made no map of these pictures: {last}")


def _pass_on(lines: object, progress: Callable[[int], None]) -> None:
    for line in lines:  # type: ignore[attr-defined]
        if found := _ITERATION.search(line):
            progress(int(found[1]))
