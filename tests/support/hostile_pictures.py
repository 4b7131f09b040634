"""Picture files that are made to hurt whoever reads them, by what they do. ``size`` is how far they go."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image


def encoded(kind: str, side: int = 64, **options: object) -> bytes:
    """A file of seeded noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def ppm_of_comments(size: int) -> bytes:
    """A header that is ``size`` comments long."""
    return b"P6\n" + b"#\n" * size + b"1 1 255\n\0\0\0"


def jpeg_with_scans(size: int) -> bytes:
    """A progressive JPEG of one colour whose last scan comes ``size`` times, each for all of the picture."""
    file = io.BytesIO()
    Image.new("RGB", (4000, 4000)).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * size + content[-2:]


def jpeg_of_segments(size: int) -> bytes:
    """A JPEG with ``size`` comments of no length."""
    content = encoded("JPEG")
    return content[:2] + b"\xff\xfe\x00\x02" * size + content[2:]


def gif_of_blocks(size: int) -> bytes:
    """A GIF whose picture comes in ``size`` blocks of a byte."""
    content = encoded("GIF")
    start = content.rindex(b"\x2c") + 11
    return content[:start] + b"\x01\x00" * size + b"\x00;"


def png_of_chunks(size: int) -> bytes:
    """A PNG with ``size`` chunks of no length."""
    content = encoded("PNG")
    chunk = struct.pack(">I", 0) + b"eXIf" + struct.pack(">I", zlib.crc32(b"eXIf"))
    return content[:33] + chunk * size + content[33:]


def png_of_text(size: int) -> bytes:
    """A PNG with a compressed text of ``size`` MB."""
    body = b"zTXtx\0\0" + zlib.compress(bytes(size * 10**6))
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    content = encoded("PNG")
    return content[:33] + chunk + content[33:]


def tiff_of_tiles(size: int) -> bytes:
    """A TIFF cut into ``size`` tiles of a pixel."""
    side = round(size**0.5)
    tiles = side * side
    table = 8 + 2 + 12 * 9 + 4
    entries = [
        (256, 3, 1, side),
        (257, 3, 1, side),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (322, 3, 1, 1),
        (323, 3, 1, 1),
        (324, 4, tiles, table),
        (325, 4, tiles, table),
    ]
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + ifd + bytes(4) + struct.pack("<I", 8) * tiles


def large_picture(size: int) -> bytes:
    """A PNG of one colour, ``size`` million pixels large and a few kB long."""
    file = io.BytesIO()
    Image.new("L", (10_000, size * 100)).save(file, "PNG")
    return file.getvalue()


KINDS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "PPM of comments": (ppm_of_comments, 1_500_000),
    "JPEG with a scan 1,000 times": (jpeg_with_scans, 1000),
    "JPEG of segments": (jpeg_of_segments, 12_000_000),
    "GIF of blocks": (gif_of_blocks, 25_000_000),
    "PNG of chunks": (png_of_chunks, 4_000_000),
    "PNG of text": (png_of_text, 2000),
    "TIFF of tiles": (tiff_of_tiles, 12_000_000),
    "79 million pixels": (large_picture, 79),
}
"""Each kind with the size at which it was seen to take long, or much memory, where nothing limits it."""
