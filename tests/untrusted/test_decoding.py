"""Images of every kind are shown right, and what is no good is refused with a reason."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from actviz_core.errors import BadImageError
from actviz_core.untrusted import decoding
from actviz_core.untrusted.decoding import decode_image

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(content: bytes) -> NDArray[np.uint8]:
    image = decode_image(content, "picture")
    assert image.mode == "RGB"
    return np.asarray(image)


def claims_size(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size."""
    chunks = b""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_rgb_values_come_through_unchanged() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert np.array_equal(decoded(encoded(Image.fromarray(pixels))), pixels)


def test_cmyk_is_not_negative() -> None:
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    for kind in ("JPEG", "TIFF"):
        assert np.abs(decoded(encoded(red, kind)).astype(int) - RED).max() <= 3


def test_16_bits_are_scaled_and_not_clipped() -> None:
    values = np.array([[0, 255, 257, 32768, 65535]], np.uint16)
    for kind in ("PNG", "TIFF"):
        assert decoded(encoded(Image.fromarray(values), kind))[0, :, 0].tolist() == [0, 1, 1, 128, 255]


def test_integers_and_floats_outside_the_usual_range_use_their_own() -> None:
    wide = Image.fromarray(np.array([[-100, 0, 100]], np.int32))
    assert decoded(encoded(wide, "TIFF"))[0, :, 1].tolist() == [0, 128, 255]
    unit = Image.fromarray(np.array([[0.2, 0.4, np.nan]], np.float32))
    assert decoded(encoded(unit, "TIFF"))[0, :, 1].tolist() == [51, 102, 0]


def test_a_palette_becomes_its_colours() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *GREEN])
    image.putpixel((1, 0), 1)
    assert decoded(encoded(image)).tolist() == [[[*RED], [*GREEN]]]
    assert decoded(encoded(image, transparency=1)).tolist() == [[[*RED], [*WHITE]]]


@pytest.mark.parametrize(("mode", "colour"), [("RGBA", (255, 0, 0, 128)), ("LA", (0, 128))])
def test_transparency_lies_over_white(mode: str, colour: tuple[int, ...]) -> None:
    half = decoded(encoded(Image.new(mode, (1, 1), colour)))[0, 0].tolist()
    assert half == ([255, 127, 127] if mode == "RGBA" else [127, 127, 127])
    clear = Image.new(mode, (1, 1), (*colour[:-1], 0))
    assert decoded(encoded(clear))[0, 0].tolist() == [*WHITE]


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_is_the_same_in_all_three_channels(mode: str) -> None:
    assert decoded(encoded(Image.new(mode, (1, 1), 255)))[0, 0].tolist() == [*WHITE]


def test_exif_turns_the_picture() -> None:
    image = Image.new("RGB", (16, 8), RED)
    image.paste(GREEN, (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown right when turned by 90 degrees clockwise
    turned = decoded(encoded(image, "JPEG", quality=100, exif=exif))
    assert turned.shape == (16, 8, 3)
    assert np.abs(turned[2, 4].astype(int) - GREEN).max() < 20
    assert np.abs(turned[13, 4].astype(int) - RED).max() < 20


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # PIL says so, and goes on
def test_damaged_exif_does_not_hide_the_picture() -> None:
    content = encoded(Image.new("RGB", (8, 8), RED), "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff\0\1")
    assert decoded(content).shape == (8, 8, 3)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_shows_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN)]
    options = {"lossless": True} if kind == "WEBP" else {}
    first = decoded(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert first[4, 4].tolist() == [*RED]


def test_colour_profile_and_exif_stay_behind() -> None:
    content = encoded(Image.new("RGB", (4, 4)), "JPEG", icc_profile=b"profile", comment=b"taken at home")
    assert decode_image(content, "photo.jpg").info == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"photo\.jpg is empty\. Save or copy"),
        (b"GIF89a", r"photo\.jpg is not an image that can be read here\. Save it as JPEG"),
        (b"<svg></svg>", r"photo\.jpg is not an image that can be read here\. Save it as JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", r"photo\.jpg is not an image"),
        (claims_size(30_000, 30_000), r"photo\.jpg has too many pixels\. The limit is 79 million"),
        (claims_size(9_500, 9_500), r"photo\.jpg has too many pixels\. The limit is 79 million"),
        (claims_size(9_000, 9_000), r"photo\.jpg is 9,000 x 9,000 pixels large, too many\. The limit"),
        (claims_size(1, 5_000), r"photo\.jpg is 1 x 5,000 pixels, too long and thin .* Cut out"),
        (claims_size(100, 100), r"photo\.jpg cannot be decoded .* cut short or damaged: get it again"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_reason(content: bytes, message: str) -> None:
    with pytest.raises(BadImageError, match=message):
        decode_image(content, "photo.jpg")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_large_picture_is_refused_also_where_pil_only_warns() -> None:
    with pytest.raises(BadImageError, match=r"photo\.jpg is 9,500 x 9,500 pixels large, too many"):
        decode_image(claims_size(9_500, 9_500), "photo.jpg")


def test_a_real_bomb_is_refused_from_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", never)
    rows = zlib.compressobj(1)
    packed = b"".join(rows.compress(bytes(3_751)) for _ in range(30_000)) + rows.flush()
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")):
        content += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    with pytest.raises(BadImageError, match=r"bomb\.png has too many pixels"):
        decode_image(content, "bomb.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_file_cut_short_is_refused(kind: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = encoded(Image.fromarray(pixels), kind)
    with pytest.raises(BadImageError, match=r"photo .*(cut short|not an image)"):
        decode_image(content[: len(content) // 2], "photo")


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_BYTES", 10**6)
    with pytest.raises(BadImageError, match=r"photo\.jpg is 3 MB large; 1 MB is the limit\. Save it smaller"):
        decode_image(bytes(3 * 10**6), "photo.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_very_large_picture_is_halved(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(Image.new("RGB", (64, 32), RED), kind)
    assert decode_image(content, "photo").size == (64, 32)
    monkeypatch.setattr(decoding, "FULL_PIXELS", 1000)
    halved = decode_image(content, "photo")
    assert halved.size == (32, 16)
    assert np.abs(np.asarray(halved)[8, 8].astype(int) - RED).max() <= 2


def test_a_jpeg_may_be_decoded_smaller() -> None:
    content = encoded(Image.new("RGB", (800, 640)), "JPEG")
    assert decode_image(content, "photo", at_least=64).size == (100, 80)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadImageError, match=r"gone\.png cannot be read \(No such file"):
        decoding.read_image(tmp_path / "gone.png", "gone.png")


def test_pil_itself_is_left_as_it_was() -> None:
    from PIL import ImageFile

    assert Image.MAX_IMAGE_PIXELS == 89_478_485
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
