"""The app and its peers as servers of their own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.server import DASHBOARD, ROOT, running

PEERS = Path(__file__).parent / "peers"
APP_WITHOUT = PEERS / "app_without.py"


@contextmanager
def serving(script: Path = DASHBOARD, *, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start a script on a free port with an empty data folder; the address of its server."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as data:
        own = {"ACTVIZ_DATA": data, "ACTVIZ_DEVICE": "cpu", "PYTHONPATH": str(ROOT)}
        with running(script, environ={**own, **(environ or {})}) as server:
            yield server.url
