"""Downloads large files: checked and resumable; all users share the jobs that do it."""

import hashlib
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from actviz_core.errors import DownloadError
from actviz_core.system.jobs import Jobs
from actviz_core.units import megabytes

CHUNK_BYTES = 256 * 1024
TIMEOUT_SECONDS = 30
KEPT_SECONDS = 7 * 24 * 3600  # how long a part that nobody continues is kept
CONNECTIONS = 3  # per call of `download`; each goes on where the last one was cut

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Checksum:
    """What a file's digest must be: all of its hex form, or at least its first 8 digits."""

    algorithm: Literal["md5", "sha256"]
    digest: str

    def __post_init__(self) -> None:
        if len(self.digest) < 8:
            raise ValueError(f"A checksum needs at least 8 hex digits; got {self.digest!r}.")

    def of(self, path: Path) -> str:
        """Compute the hex digest of a file's content."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.new(self.algorithm, usedforsecurity=False))
        return digest.hexdigest()

    def matches(self, path: Path) -> bool:
        """Whether there is such a file with this checksum."""
        return path.is_file() and self.of(path).startswith(self.digest.lower())


class _CutError(Exception):
    """The connection ended before the file did."""


def download(
    url: str,
    target: Path,
    *,
    expected: Checksum,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Path:
    """Bring a file from an http(s) address to ``target``, where it then has the expected checksum.

    A target that is right already is left alone. Bytes go to ``<target>.part`` first: an earlier part is
    continued where the server can do that, else replaced, and renamed once its checksum is right.
    ``progress`` is told the bytes so far and in all (None: the server does not say). ``stop`` ends the
    download between two chunks and keeps the part.

    Raises `DownloadError`: no connection, an HTTP status, a cut, a full disk, a stop, or a wrong checksum
    (the part is then removed, so that the next try starts clean).
    """
    part = target.with_name(f"{target.name}.part")
    try:
        if not expected.matches(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            _fill(part, url, expected, target, progress, stop)
            part.replace(target)
    except OSError as error:
        raise DownloadError(
            f"Cannot write {target}: {error}. Make room there, or set ACTVIZ_DATA to a folder that can be "
            "written to, then try again."
        ) from error
    return target


def sweep_parts(folder: Path) -> None:
    """Remove parts of downloads in a folder that nobody has continued for a week; others can still be."""
    for part in folder.glob("*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > KEPT_SECONDS:
                part.unlink()


def _fill(
    part: Path,
    url: str,
    expected: Checksum,
    target: Path,
    progress: Progress | None,
    stop: threading.Event | None,
) -> None:
    """Complete the part file over as many connections as it takes, within reason, and check it."""
    inherited = _size(part) > 0
    cuts = 0
    while True:
        try:
            _receive(part, url, target, progress, stop)
        except _CutError as cut:
            cuts += 1
            if cuts == CONNECTIONS:
                raise DownloadError(
                    f"The connection to {_host(url)} was cut after {megabytes(_size(part))} ({cut}). "
                    "Try again: it goes on from there if the server can do that."
                ) from cut
            continue
        if expected.matches(part):
            return
        digest = expected.of(part)
        part.unlink()
        if not inherited:
            raise DownloadError(
                f"What came from {url} is not the expected file: its {expected.algorithm.upper()} is "
                f"{digest}, not {expected.digest}. It was removed. Try again, or get the file by other means "
                f"and put it at {target}."
            )
        inherited = False  # the old part may be of another version: once more, from the start


def _receive(
    part: Path, url: str, target: Path, progress: Progress | None, stop: threading.Event | None
) -> None:
    """Receive the rest of the file, as far as one connection goes."""
    offset = _size(part)
    response = _request(url, offset, target)
    if response is None:
        return
    with response:
        resumed = response.status == 206
        if resumed and not (response.headers["Content-Range"] or "").startswith(f"bytes {offset}-"):
            part.unlink()
            raise _CutError("the server went on at another place")
        received = offset if resumed else 0
        total = None if response.length is None else received + response.length
        with part.open("ab" if resumed else "wb") as file:
            while chunk := _read(response):
                file.write(chunk)
                received += len(chunk)
                if progress is not None:
                    progress(received, total)
                if stop is not None and stop.is_set():
                    raise DownloadError("The download was stopped. Start it again to go on from there.")
    if total is not None and received < total:
        raise _CutError(f"{total - received:,} bytes are missing")


def _request(url: str, offset: int, target: Path) -> http.client.HTTPResponse | None:
    """Ask for the file from a byte on; None: the server has nothing there, what came before is all."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"Only http and https addresses can be downloaded; got {url!r}.")
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme is checked above
    by_hand = f"or get {url} by other means and put it at {target}."
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and offset:
                return None
            raise DownloadError(
                f"{_host(url)} answered {error.code} {error.reason}. Try again later, {by_hand}"
            ) from error
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(
            f"Cannot reach {_host(url)} ({getattr(error, 'reason', error)}). Check the internet connection "
            f"and the proxy, then try again, {by_hand}"
        ) from error
    return response


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(str(error) or type(error).__name__) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _host(url: str) -> str:
    return urlsplit(url).netloc


@cache
def shared_downloads() -> Jobs:
    """The downloads of this process. What is downloaded lies in folders that all of it shares."""
    return Jobs()


shared_downloads()  # at import: of two threads that came first, each would make its own
