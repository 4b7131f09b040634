"""Uploaded pictures: kept on disk under the SHA-256 of their bytes; those not used for longest go first.

Nothing here looks into the bytes: a process of its own decodes them, each time that a picture is opened.
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from actviz_core.errors import BadImageError, UnknownImageError
from actviz_core.names.image import UPLOAD, UPLOAD_DIGITS
from actviz_core.samples.memory import picture_memory
from actviz_core.samples.source import Sample
from actviz_core.samples.upload_names import drop_name, keep_name, name_of
from actviz_core.samples.visitor_pictures import read_visitor_picture
from actviz_core.settings import Settings, read_settings, reading_folder
from actviz_core.system.folder_lock import exclusive
from actviz_core.untrusted import held_folder
from actviz_core.untrusted.decoding import MAX_BYTES, too_many_bytes


def save_upload(content: bytes, name: str, settings: Settings | None = None) -> Sample:
    """Keep an uploaded file's bytes and return its picture, with the id ``upload/<12 hex>`` and no label.

    The same bytes are kept once, under the latest ``name``. When all uploads together exceed the settings'
    ``uploads_bytes``, those that were neither uploaded nor opened for longest are removed. A file that cannot
    be decoded is not kept. Raises `BadImageError`, which calls the file by ``name``.
    """
    settings = settings or read_settings()
    if len(content) > MAX_BYTES:
        raise BadImageError(too_many_bytes(name, len(content)))
    digest = hashlib.sha256(content).hexdigest()[:UPLOAD_DIGITS]
    folder = _folder(settings)
    try:
        with held_folder(reading_folder(settings)) as temporary:
            file = temporary / "upload"
            file.write_bytes(content)
            image = read_visitor_picture(file, name, reading_folder(settings))
            with exclusive(folder):
                file.replace(folder / digest)  # in one step; a repeated upload becomes the newest again
                keep_name(folder / digest, name, temporary)
                _make_room(folder, settings.uploads_bytes, keep=digest)
    except OSError as error:
        raise BadImageError(
            f"{name} cannot be kept in {folder} ({error.strerror}). Make room there, or set ACTVIZ_DATA to a "
            "folder that can be written to."
        ) from error
    # The page that took it opens it at once: the picture is here already.
    sample = picture_memory().uploads.get(folder / digest, lambda: Sample(f"{UPLOAD}/{digest}", image, None))
    return replace(sample, name=name_of(folder / digest))


def open_upload(digest: str, settings: Settings | None = None) -> Sample:
    """Open a picture that was uploaded earlier, by the 12 hex digits of its id; this counts as use.

    Raises `UnknownImageError` when it is not, or no longer, there.
    """
    settings = settings or read_settings()
    path = _folder(settings) / digest
    image_id = f"{UPLOAD}/{digest}"
    if not path.is_file():
        raise UnknownImageError(
            f"{image_id} is not on this server, or no longer. Upload that picture again: it gets the same id."
        )
    with suppress(OSError):  # a folder that cannot be written to can still be read
        os.utime(path)

    def read() -> Sample:
        try:
            return Sample(image_id, read_visitor_picture(path, image_id, reading_folder(settings)), None)
        except OSError as error:
            raise BadImageError(
                f"{image_id} cannot be read ({error.strerror}). Make room in the folder of ACTVIZ_DATA, and "
                "see that it can be written to."
            ) from error

    return replace(picture_memory().uploads.get(path, read), name=name_of(path))


def _folder(settings: Settings) -> Path:
    return settings.data / "uploads"


def _make_room(folder: Path, max_total_bytes: int, *, keep: str) -> None:
    statuses = {path: path.stat() for path in folder.iterdir() if len(path.name) == UPLOAD_DIGITS}
    total = sum(status.st_size for status in statuses.values())
    for path, status in sorted(statuses.items(), key=lambda item: item[1].st_mtime_ns):
        if total <= max_total_bytes:
            break
        if path.name != keep:
            path.unlink(missing_ok=True)
            drop_name(path)
            total -= status.st_size
