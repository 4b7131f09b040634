"""What a killed download, unpacking or upload leaves behind is cleared at the next start, and never used."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.kills import AT_WORK, CONTENT, KILLS
from tests.support.loopback import served

PROJECT = Path(__file__).parents[1]


@pytest.mark.kills
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("kind", ["download", "unpacking", "upload"])
def test_no_half_written_file_is_ever_used_after_thirty_kills(kind: str, tmp_path: Path) -> None:
    with served(CONTENT) as server:
        more = [server.url] if kind == "download" else []
        run = subprocess.run(
            [sys.executable, "-m", "tests.support.kills", kind, str(tmp_path / "data"), *more],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    assert f"{KILLS} {AT_WORK}" in run.stdout
    print(run.stdout)
