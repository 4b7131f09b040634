"""A ZIP file of a script, unpacked as a person does it."""

import io
import zipfile
from pathlib import Path


def unpack(content: bytes, folder: Path) -> None:
    """Put all that the file holds into the folder."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
