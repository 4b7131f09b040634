"""Thumbnails at addresses of their own: the picture itself, small, and nothing for what is not there."""

import io

import numpy as np
import pytest
from PIL import Image

from actviz_core.samples import open_source, save_upload
from actviz_core.settings import Settings
from actviz_core.ui.figure.thumbnails import SIDE, thumbnail_address, thumbnail_content


def test_a_thumbnail_holds_the_pixels_of_the_source(settings: Settings) -> None:
    content = thumbnail_content("bundled-cifar10", 7, settings)
    assert content is not None
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "WEBP"
        expected = open_source("bundled-cifar10").thumbnails([7], SIDE)[0]
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), expected)


@pytest.mark.parametrize("index", [20, 10**9, 10**30])
def test_a_picture_that_is_not_there_has_none(settings: Settings, index: int) -> None:
    assert thumbnail_content("bundled-cifar10", index, settings) is None


@pytest.mark.parametrize("source", ["folder", "cifar10-test", "upload", "nothing", "..", "a b"])
def test_a_source_that_is_not_there_has_none(settings: Settings, source: str) -> None:
    assert thumbnail_content(source, 0, settings) is None


def test_what_cannot_be_decoded_is_crossed_out_and_a_visitors_upload_is_not_given_away(
    settings: Settings,
) -> None:
    assert settings.images is not None
    settings.images.mkdir()
    file = settings.images / "a.png"
    Image.new("RGB", (8, 8), "red").save(file)
    assert open_source("folder", settings).skipped == ()
    whole = thumbnail_content("folder", 0, settings)
    file.write_bytes(file.read_bytes()[:50])
    broken = thumbnail_content("folder", 0, settings)
    assert broken is not None
    assert broken != whole
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "png")
    upload = save_upload(content.getvalue(), "mine.png", settings)
    source, _, digest = upload.id.partition("/")
    assert thumbnail_content(source, int(digest, 16), settings) is None


def test_the_address_says_which_pictures_were_swept() -> None:
    address = thumbnail_address("folder", "0123456789abcdef")
    assert address == "thumbnail/folder/ITEM?version=0123456789ab"
