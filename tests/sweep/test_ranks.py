"""Several processes, joined by torch.distributed, make the run that one makes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from actviz_core import sweep
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import Settings
from actviz_core.sweep import planning
from actviz_core.sweep.run import Run
from tests.sweep.toys import LAYERS, folder_of, net, same

_SHARED = """
import sys
from pathlib import Path
from actviz_core.samples.folder import FolderSource
from actviz_core.settings import Settings
from actviz_core.sweep import planning, ranks
from actviz_core.sweep.sweeping import make_run
from tests.sweep.toys import LAYERS, net

planning._PART = 8
settings = Settings(Path(sys.argv[1]), None, (), 2**20, "cpu")
with ranks.joined("cpu"):
    assert ranks.world() == 2
    try:
        print(make_run(net(), FolderSource(Path(sys.argv[2])), sys.argv[3:], batch=4, settings=settings))
    except Exception as error:
        print(f"rank {ranks.rank()}: {error}")
"""


@pytest.mark.skipif(
    sys.platform == "win32" or not torch.distributed.is_available(),
    reason="torch.distributed with gloo is needed",
)
def test_two_processes_make_the_same_run_and_both_tell_what_goes_wrong(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_PART", 8)
    folder = folder_of(tmp_path / "pictures", 36)
    broken = folder / "bee" / "0030.png"
    broken.write_bytes(broken.read_bytes()[:-40])
    script = tmp_path / "shared.py"
    script.write_text(_SHARED)

    def torchrun(*layers: str) -> str:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        ended = subprocess.run(
            [*command, str(script), str(settings.data), str(folder), *layers],
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return ended.stdout

    found = torchrun(*LAYERS).split()
    shared = Run(Path(found[0]))
    assert found == [str(shared.folder)] * 2
    alone = sweep(
        net(), FolderSource(folder), LAYERS, batch=4, settings=replace(settings, data=tmp_path / "alone")
    )
    assert list(shared.problems) == [30]
    assert same(shared, alone)
    told = sorted(torchrun("nothing").splitlines())
    assert [line[:24] for line in told] == ["rank 0: 'nothing' is not", "rank 1: 'nothing' is not"]
