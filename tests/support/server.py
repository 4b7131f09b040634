"""Runs a Streamlit script as a server of its own, for tests, benchmarks and the screenshot."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "dashboard.py"


class ServerError(RuntimeError):
    """The server did not start; the message carries its log."""


@dataclass(frozen=True)
class Server:
    """A running Streamlit server: its address without a slash at the end, its process id, its log."""

    url: str
    pid: int
    log_file: Path

    @property
    def log(self) -> str:
        """All that the server has written so far."""
        return self.log_file.read_text(errors="replace")


@contextmanager
def running(
    script: Path = DASHBOARD,
    *,
    environ: Mapping[str, str],
    port: int | None = None,
    patience: float = 120,
    below: str = "",
) -> Iterator[Server]:
    """Start ``streamlit run script`` on 127.0.0.1, wait until it is healthy, and stop it at the end.

    Args:
        script: What Streamlit runs, from the project's folder and with its configuration.
        environ: Added to this process's environment.
        port: A free one by default.
        patience: Seconds until a server that is not healthy is given up.
        below: The path that all addresses of the app begin with, such as "/looks/inside".

    Raises:
        ServerError: It ended or was not healthy in time.

    """
    port = port or _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    command += [f"--server.baseUrlPath={below}"] if below else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log_file = Path(folder) / "server.log"
        with log_file.open("w") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environ}, stdout=log, stderr=subprocess.STDOUT
            )
        server = Server(f"http://127.0.0.1:{port}{below}", process.pid, log_file)
        try:
            _wait_until_healthy(process, server, patience)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(process: subprocess.Popen[bytes], server: Server, patience: float) -> None:
    deadline = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:  # noqa: S310 - loopback
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # refused until the server listens: there is nothing to wait on but the clock
    state = f"ended with code {process.poll()}" if process.poll() is not None else "is not healthy"
    raise ServerError(f"The server of {server.url} {state}. Its log:\n{server.log}")
