"""Kills a sweep again and again at random moments, and compares the end with a sweep that was left alone.

One that is done before it is killed is compared, deleted and begun anew.

``python -m tests.sweep.killing FOLDER [--times 30]`` takes minutes, so no test runs it. It ends with 1 where
the two runs differ in any bit. Where processes cannot be forked, it cannot run.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from actviz_core.settings import read_settings
from actviz_core.sweep import Run, delete_run, list_runs, open_run
from actviz_core.sweep.__main__ import main as sweep_command
from tests.sweep.toys import same


def main() -> int:
    """Sweep the pictures of a folder once in peace, and again until it was killed N times in all."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--longest", type=float, default=20, help="seconds from the start to a kill")
    chosen = parser.parse_args()
    rng = random.Random(0)  # noqa: S311  # moments, not secrets
    os.environ["ACTVIZ_IMAGES"] = str(chosen.folder)
    with tempfile.TemporaryDirectory() as disturbed, tempfile.TemporaryDirectory() as peaceful:
        os.waitpid(_started(peaceful, chosen.limit), 0)
        undisturbed = _run(peaceful)
        killed = finished = 0
        equal, over = True, False
        while not over:
            process = _started(disturbed, chosen.limit)
            if killed < chosen.times:
                time.sleep(rng.uniform(0, chosen.longest))
                os.kill(process, signal.SIGKILL)
            if os.WIFSIGNALED(os.waitpid(process, 0)[1]):
                killed += 1
                parts = len(list(Path(disturbed).glob("runs/*/parts/*.json")))
                print(f"Killed {killed} times, {parts} parts are whole", flush=True)
            else:  # it was done before it was to be killed: the next one begins anew
                finished, over = finished + 1, killed == chosen.times
                run = _run(disturbed)
                equal = equal and same(run, undisturbed)
                print(f"Finished run {finished}: {'equal' if equal else 'DIFFERENT'}", flush=True)
                delete_run(run.id, read_settings({"ACTVIZ_DATA": disturbed}))
    told = "every bit is equal" if equal else "the runs DIFFER"
    print(f"Killed {killed} times over {finished} finished runs: {told}.")
    return 0 if equal else 1


def _run(data: str) -> Run:
    settings = read_settings({"ACTVIZ_DATA": data})
    return open_run(list_runs(settings)[0].id, settings)


def _started(data: str, limit: int) -> int:
    """A sweep in a process of its own, a fork of this one, which has imported all that it needs."""
    process = os.fork()
    if process:
        return process
    os.environ["ACTVIZ_DATA"] = data
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os._exit(sweep_command(["--model", "cifar-resnet20", "--source", "folder", "--limit", str(limit)]))


if __name__ == "__main__":
    sys.exit(main())
