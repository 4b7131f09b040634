"""Kills a sweep again and again at random moments, and compares the end with a sweep that was left alone.

``python -m tests.sweep.killing FOLDER [--times 30]`` takes minutes, so no test runs it. It ends with 1 where
the two runs differ in any bit.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from actviz_core.settings import read_settings
from actviz_core.sweep import list_runs, open_run
from tests.sweep.toys import same


def main() -> int:
    """Sweep the pictures of a folder, killed N times, and once in peace."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--longest", type=float, default=12, help="seconds from the first part to a kill")
    chosen = parser.parse_args()
    rng = random.Random(0)  # noqa: S311  # moments, not secrets
    command = [sys.executable, "-m", "actviz_core.sweep", "--model", "cifar-resnet20", "--source", "folder"]
    command += ["--limit", str(chosen.limit)]
    with tempfile.TemporaryDirectory() as disturbed, tempfile.TemporaryDirectory() as peaceful:
        environ = {**os.environ, "ACTVIZ_IMAGES": str(chosen.folder)}
        killed = 0
        for turn in range(chosen.times):
            process = subprocess.Popen(
                command,
                env={**environ, "ACTVIZ_DATA": disturbed},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            assert process.stdout is not None
            process.stdout.readline()  # the plan: the work begins
            try:
                process.wait(rng.uniform(0, chosen.longest))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
            process.wait()
            parts = len(list(Path(disturbed).glob("runs/*/parts/*.json")))
            print(f"{turn + 1}: {'killed' if process.returncode < 0 else 'done'}, {parts} parts", flush=True)
        for data in (disturbed, peaceful):
            quiet = subprocess.DEVNULL
            subprocess.run(
                command, env={**environ, "ACTVIZ_DATA": data}, check=True, stdout=quiet, stderr=quiet
            )
        every = [read_settings({"ACTVIZ_DATA": data}) for data in (disturbed, peaceful)]
        first, second = (open_run(list_runs(settings)[0].id, settings) for settings in every)
        equal = same(first, second)
    print(f"Killed {killed} times: {'every bit is equal' if equal else 'the runs DIFFER'}.")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
