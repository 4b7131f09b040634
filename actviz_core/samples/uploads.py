"""Uploaded pictures: kept on disk under the SHA-256 of their bytes; those not used for longest go first."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from actviz_core.cache import ByteCache
from actviz_core.errors import BadImageError, UnknownImageError
from actviz_core.folder_lock import FILE_NAME, exclusive
from actviz_core.samples.decoding import decode_image, read_image
from actviz_core.samples.source import Sample
from actviz_core.settings import Settings, read_settings

SOURCE_KEY = "upload"
DIGITS = 12

_samples: ByteCache[Path, Sample] = ByteCache(
    128 * 2**20, lambda sample: 3 * sample.image.width * sample.image.height
)


def save_upload(content: bytes, name: str, settings: Settings | None = None) -> Sample:
    """Keep an uploaded file's bytes and return its picture, with the id ``upload/<12 hex>`` and no label.

    The same bytes are kept once. When all uploads together exceed the settings' ``uploads_bytes``, those that
    were neither uploaded nor opened for longest are removed. Raises `BadImageError`, which calls the file by
    ``name``.
    """
    settings = settings or read_settings()
    image = decode_image(content, name)
    digest = hashlib.sha256(content).hexdigest()[:DIGITS]
    folder = _folder(settings)
    try:
        with exclusive(folder):
            _sweep(folder)
            _write(folder / digest, content)
            _make_room(folder, settings.uploads_bytes, keep=digest)
    except OSError as error:
        raise BadImageError(
            f"{name} cannot be kept in {folder} ({error.strerror}). Make room there, or set ACTVIZ_DATA to a "
            "folder that can be written to."
        ) from error
    return Sample(f"{SOURCE_KEY}/{digest}", image, None)


def open_upload(digest: str, settings: Settings | None = None) -> Sample:
    """Open a picture that was uploaded earlier, by the 12 hex digits of its id; this counts as use.

    Raises `UnknownImageError` when it is not, or no longer, there.
    """
    path = _folder(settings) / digest
    image_id = f"{SOURCE_KEY}/{digest}"
    if not path.is_file():
        raise UnknownImageError(
            f"{image_id} is not on this server, or no longer. Upload that picture again: it gets the same id."
        )
    with suppress(OSError):  # a folder that cannot be written to can still be read
        os.utime(path)
    return _samples.get(path, lambda: Sample(image_id, read_image(path, image_id), None))


def sweep_uploads(settings: Settings) -> None:
    """Remove what a kill left behind, unless somebody is writing at this moment."""
    folder = _folder(settings)
    if folder.is_dir():
        with suppress(OSError), exclusive(folder, wait=False):
            _sweep(folder)


def _sweep(folder: Path) -> None:
    """Remove unfinished files; only under the lock, where nobody else is writing."""
    for path in folder.glob(".*"):
        if path.name != FILE_NAME:
            path.unlink(missing_ok=True)


def _folder(settings: Settings | None) -> Path:
    return (settings or read_settings()).data / "uploads"


def _write(path: Path, content: bytes) -> None:
    """Write in one step, so that nobody opens half a file; a repeated upload becomes the newest again."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _make_room(folder: Path, max_total_bytes: int, *, keep: str) -> None:
    statuses = {path: path.stat() for path in folder.iterdir() if len(path.name) == DIGITS}
    total = sum(status.st_size for status in statuses.values())
    for path, status in sorted(statuses.items(), key=lambda item: item[1].st_mtime_ns):
        if total <= max_total_bytes:
            break
        if path.name != keep:
            path.unlink(missing_ok=True)
            total -= status.st_size
