"""Several processes, joined by torch.distributed, make the run that one makes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from actviz_core import sweep
from actviz_core.errors import SweepError
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import Settings
from actviz_core.sweep import planning
from actviz_core.sweep.ranks import local_device
from actviz_core.sweep.run import Run
from tests.sweep.toys import LAYERS, folder_of, net, same

_SHARED = """
import os
import sys
from pathlib import Path
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import Settings
from actviz_core.sweep import planning, ranks
from actviz_core.sweep.sweeping import make_run
from tests.sweep.toys import LAYERS, net

planning.PART = 8
settings = Settings(Path(sys.argv[1]), None, (), 2**20, "cpu")
folder = Path(sys.argv[2])

def attempt(layers, progress=None):
    try:
        source = FolderSource(folder)
        told = make_run(net(), source, layers, batch=4, settings=settings, progress=progress)
    except Exception as error:
        told = error
    sys.stdout.write(f"{ranks.rank()} {told}\\n")  # in one piece, or the lines of two processes mix

def change(progress):  # a picture of the second process's first part, before anybody reads one
    if progress.done == 0:
        os.utime(folder / "ant" / "0012.png", (1, 1))

with ranks.joined("cpu"):
    assert ranks.world() == 2
    attempt(LAYERS)
    attempt(["nothing"])
    attempt(["conv"], change)
"""


@pytest.mark.skipif(
    sys.platform == "win32" or not torch.distributed.is_available(),
    reason="torch.distributed with gloo is needed",
)
def test_two_processes_make_the_same_run_and_both_tell_what_goes_wrong(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "PART", 8)
    folder = folder_of(tmp_path / "pictures", 36)
    broken = folder / "bee" / "0030.png"
    broken.write_bytes(broken.read_bytes()[:-40])
    script = tmp_path / "shared.py"
    script.write_text(_SHARED)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run(
        [*command, str(script), str(settings.data), str(folder)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = ended.stdout.splitlines()
    told, other = ([line[2:] for line in lines if line[0] == rank] for rank in "01")
    assert told == other
    made, unknown, changed = told
    shared = Run(Path(made))
    alone = sweep(
        net(), FolderSource(folder), LAYERS, batch=4, settings=replace(settings, data=tmp_path / "alone")
    )
    assert list(shared.problems) == [30]
    assert same(shared, alone)
    assert unknown.startswith("'nothing' is not")
    assert changed.startswith("folder/12 changed during the sweep")
    assert "is kept (8 of 36)" in changed


def test_each_process_of_a_machine_has_a_device_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert local_device("cuda") == "cuda"
    for name, value in {"WORLD_SIZE": "3", "MASTER_ADDR": "localhost", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    assert [local_device(device) for device in ("cuda", "cuda:0", "cpu")] == ["cuda:1", "cuda:0", "cpu"]
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(SweepError, match=r"has 2 CUDA devices.*--nproc-per-node 2"):
        local_device("cuda")
