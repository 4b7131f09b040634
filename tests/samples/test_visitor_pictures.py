"""Pictures of visitors, decoded in a process of its own: what comes back, and how hostile ones end."""

from pathlib import Path

import pytest

from actviz_core.errors import BadImageError
from actviz_core.samples import visitor_pictures
from actviz_core.samples.visitor_pictures import LIMITS, read_visitor_picture
from actviz_core.untrusted import Limits, Reading, ReadingStoppedError
from actviz_core.untrusted.decoding import decode_image
from tests.support import hostile_pictures as hostile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where pixels lie while they are read."""
    return tmp_path / "reading"


def read(content: bytes, folder: Path, limits: Limits = LIMITS) -> tuple[tuple[int, int], bytes]:
    """Size and pixels of a file's picture; nothing of it may be left on disk."""
    path = folder.parent / "upload"
    path.write_bytes(content)
    try:
        image = read_visitor_picture(path, "photo.x", folder, limits)
    finally:
        assert not folder.exists() or list(folder.iterdir()) == []
    assert image.mode == "RGB"
    return image.size, image.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
@pytest.mark.parametrize("side", [1, 300])
def test_the_pixels_are_those_of_a_decoding_here(folder: Path, kind: str, side: int) -> None:
    content = hostile.encoded(kind, side)
    here = decode_image(content, "photo.x")
    assert read(content, folder) == (here.size, here.tobytes())


def test_a_picture_of_sixteen_bits_comes_through(folder: Path) -> None:
    content = b"P5 3 1 65535\n\0\0\x80\0\xff\xff"
    here = decode_image(content, "photo.x")
    assert read(content, folder) == (here.size, here.tobytes())


def test_what_is_wrong_with_a_file_is_said_as_here(folder: Path) -> None:
    with pytest.raises(BadImageError, match=r"^photo\.x is not an image that can be read here\. Save it as"):
        read(b"hello", folder)
    with pytest.raises(BadImageError, match=r"^photo\.x cannot be decoded .* cut short or damaged"):
        read(hostile.encoded("PNG")[:5000], folder)


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_a_small_file_of_each_hostile_kind_is_a_picture_or_a_message(folder: Path, kind: str) -> None:
    make, size = hostile.KINDS[kind]
    try:
        read(make(max(1, size // 1000)), folder)
    except BadImageError as error:
        assert str(error).startswith("photo.x ")  # noqa: PT017 - either is right, and this is what is asked of an error


def test_a_file_that_takes_too_long_is_left(folder: Path) -> None:
    limits = Limits(1, LIMITS.memory_bytes, LIMITS.output_bytes)
    with pytest.raises(BadImageError, match=r"^photo\.x takes more than 1 seconds to read, and was left\. "):
        read(hostile.jpeg_with_scans(1000), folder, limits)


def test_a_file_that_needs_too_much_memory_is_left(folder: Path) -> None:
    limits = Limits(LIMITS.seconds, 60 * 10**6, LIMITS.output_bytes)
    with pytest.raises(BadImageError, match=r"^photo\.x needs more than 60 MB of memory to be read"):
        read(hostile.large_picture(79), folder, limits)


def test_the_largest_pictures_are_halved(folder: Path) -> None:
    patient = Limits(60, LIMITS.memory_bytes, LIMITS.output_bytes)  # a busy machine needs longer than it may
    (width, height), _ = read(hostile.large_picture(79), folder, patient)
    assert (width, height) == (5_000, 3_950)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, 0),
        ({"width": 2, "height": 2}, 11),
        ({"width": 2, "height": 2}, 13),
        ({"width": "2", "height": 2}, 12),
        ({"width": -2, "height": -2}, 12),
        ({"width": 10**6, "height": 10**6}, 12),
    ],
)
def test_what_a_process_says_is_looked_at_again(tmp_path: Path, fields: dict[str, object], size: int) -> None:
    """As if the process had been taken over by the file."""
    (tmp_path / "output").write_bytes(bytes(size))
    with pytest.raises(ReadingStoppedError):
        visitor_pictures.checked_picture(Reading(fields, tmp_path / "output"))
