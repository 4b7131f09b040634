"""Turns the bytes of an image file into an RGB picture, or says why that cannot be."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, ImageOps

from actviz_core.errors import BadImageError
from actviz_core.units import MEGABYTE, megabytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BYTES = 64 * MEGABYTE
MAX_PIXELS = 79_000_000  # below the size from which PIL itself warns; halved, it is below FULL_PIXELS
FULL_PIXELS = 20_000_000  # a picture with more of them is halved: the team shares the server's memory
ROWS_AT_ONCE = 256  # copied at a time between a picture and a file
MAX_ASPECT = 32  # networks scale the short side up, and a one-pixel line would fill the memory

# Only these: some of PIL's other readers start programs (EPS) or are little tested.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
FORMATS_HINT = "Save it as JPEG, PNG, WebP, GIF, BMP, TIFF or PPM, and try again."


def decode_image(content: bytes, name: str, *, at_least: int | None = None) -> Image.Image:
    """Decode a file's bytes to the picture as it is meant to be seen: a PIL image of mode RGB.

    Turned as its EXIF data says; transparency lies over white; 16-bit values are scaled to 8 bits; of an
    animation the first frame. More than 20 million pixels are halved in width and height. ``at_least``
    allows a smaller result with both sides at least that long, which is much faster for a JPEG.

    Raises `BadImageError`, which calls the file by ``name``: no image, empty, cut short or too large.
    """
    if len(content) > MAX_BYTES:
        raise BadImageError(too_many_bytes(name, len(content)))
    with open_checked(io.BytesIO(content), name) as image:
        try:
            halve = image.width * image.height > FULL_PIXELS
            if at_least is not None:
                image.draft(None, (at_least, at_least))
            elif halve:
                image.draft(None, (image.width // 2, image.height // 2))
            image.load()
            rgb = _rgb(_upright(image))
        except MemoryError:
            raise
        except Exception as error:  # PIL's readers raise whatever they stumble over
            raise BadImageError(
                f"{name} cannot be decoded ({error}). It may be cut short or damaged: get it again, "
                "or open it in an image editor and save it."
            ) from error
    if halve and rgb.width * rgb.height > FULL_PIXELS:
        rgb = rgb.reduce(2)
    rgb.info.clear()  # colour profile and EXIF belong to the file; here they would be applied twice
    return rgb


def read_image(path: Path, name: str, *, at_least: int | None = None) -> Image.Image:
    """Like `decode_image`, for a file on disk; one that cannot be read is a `BadImageError` too."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadImageError(too_many_bytes(name, size))
        content = path.read_bytes()
    except OSError as error:
        raise BadImageError(
            f"{name} cannot be read ({error.strerror}). Check that it is there and may be read."
        ) from error
    return decode_image(content, name, at_least=at_least)


def warm_up() -> None:
    """Import PIL's readers beforehand; it imports some of them only when they are needed."""
    Image.init()


def decode_file(source: Path, output: Path, options: dict[str, Any]) -> dict[str, int]:
    """Decode a file and write its pixels, three bytes each, row by row; returns ``width`` and ``height``.

    This is what runs in a process of its own for a visitor's file (see `actviz_core.untrusted`), which is why
    numpy is imported only where it is needed. ``options`` has the file's ``name``.
    """
    image = read_image(source, options["name"])
    with output.open("wb") as file:
        for top in range(0, image.height, ROWS_AT_ONCE):
            rows = image.crop((0, top, image.width, min(top + ROWS_AT_ONCE, image.height)))
            file.write(rows.tobytes())
    return {"width": image.width, "height": image.height}


def open_checked(file: Path | BinaryIO, name: str) -> Image.Image:
    """Open an image by its header, without decoding it, and refuse one that is too large.

    The caller closes it. Raises `BadImageError`.
    """
    try:
        image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImageError(f"{name} has too many pixels. {_pixel_hint()}") from error
    except MemoryError:
        raise
    except Exception as error:  # PIL's readers raise whatever they stumble over
        if not isinstance(file, Path) and file.seek(0, io.SEEK_END) == 0:
            raise BadImageError(
                f"{name} is empty. Save or copy the picture again, and use that file."
            ) from error
        raise BadImageError(f"{name} is not an image that can be read here. {FORMATS_HINT}") from error
    width, height = image.size
    refusal = None
    if width * height > MAX_PIXELS:
        refusal = f"{name} is {width:,} x {height:,} pixels large, too many. {_pixel_hint()}"
    elif max(width, height) > MAX_ASPECT * min(width, height):
        refusal = (
            f"{name} is {width:,} x {height:,} pixels, too long and thin for a network. Cut out a part of it."
        )
    if refusal:
        image.close()
        raise BadImageError(refusal)
    return image


def too_many_bytes(name: str, size: int) -> str:
    """Say that a file is larger than `MAX_BYTES`, and what to do."""
    limit = f"{megabytes(MAX_BYTES)} is the limit"
    return f"{name} is {megabytes(size)} large; {limit}. Save it smaller, or as JPEG."


def _pixel_hint() -> str:
    return f"The limit is {MAX_PIXELS // 10**6} million pixels. Save it smaller, and try again."


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:  # damaged EXIF data, of which PIL raises many kinds; the picture itself is fine
        return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        import numpy as np

        return Image.fromarray(_eight_bit(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _eight_bit(values: "NDArray[Any]") -> "NDArray[np.uint8]":
    """Scale grey (H, W) to 0..255, from 0..65535 or 0..1 if it lies in there, else from its own range."""
    import numpy as np

    grey = np.nan_to_num(values.astype(np.float32))
    low, high = float(grey.min()), float(grey.max())
    usual = 1.0 if values.dtype.kind == "f" else 65535.0
    if low >= 0 and high <= usual:
        low, high = 0.0, usual
    scaled: NDArray[np.uint8] = np.rint((grey - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)
    return scaled
