"""Pictures in files that visitors sent, which a process of its own decodes."""

from functools import cache
from pathlib import Path

from PIL import Image

from actviz_core.errors import BadImageError
from actviz_core.untrusted import Ending, Limits, Readers, Reading, ReadingStoppedError
from actviz_core.untrusted.decoding import FULL_PIXELS, ROWS_AT_ONCE
from actviz_core.untrusted.wording import stopped

_WAY_ON = "Open it in an image editor, save it as PNG, and try again."
LIMITS = Limits(seconds=5, memory_bytes=1500 * 10**6, output_bytes=3 * FULL_PIXELS)


@cache
def picture_readers() -> Readers:
    """The processes that decode pictures; everybody on this server shares them."""
    return Readers("actviz_core.untrusted.decoding:decode_file", at_once=4, wait_seconds=20)


def read_visitor_picture(path: Path, name: str, folder: Path, limits: Limits = LIMITS) -> Image.Image:
    """Decode a file as `actviz_core.untrusted.decoding.decode_image` does, in a process with ``limits``.

    Below ``folder`` the pixels lie meanwhile. Raises `BadImageError`, which calls the file by ``name``, and
    OSError where the folder cannot be written to.
    """
    try:
        with picture_readers().read(path, limits, BadImageError, folder=folder, name=name) as reading:
            return checked_picture(reading)
    except ReadingStoppedError as error:
        raise BadImageError(stopped(name, error.ending, limits, kind="pictures", way_on=_WAY_ON)) from error


def checked_picture(reading: Reading) -> Image.Image:
    """Take the pixels over, a few rows at a time, if there are as many as the process says."""
    match reading.fields:
        case {"width": int(width), "height": int(height)} if width > 0 < height:
            pass
        case _:
            raise ReadingStoppedError(Ending.DIED)
    if width * height > FULL_PIXELS or reading.output.stat().st_size != 3 * width * height:
        raise ReadingStoppedError(Ending.DIED)
    image = Image.new("RGB", (width, height))
    with reading.output.open("rb") as file:
        for top in range(0, height, ROWS_AT_ONCE):
            rows = min(ROWS_AT_ONCE, height - top)
            image.paste(Image.frombytes("RGB", (width, rows), file.read(3 * width * rows)), (0, top))
    return image
