"""Uploads are kept by content, found again after a restart, and bounded."""

import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from actviz_core.errors import BadImageError, UnknownImageError
from actviz_core.samples import open_sample, save_upload, uploads
from actviz_core.samples.visitor_pictures import read_visitor_picture
from actviz_core.settings import Settings
from actviz_core.system.folder_lock import FILE_NAME


def png(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def kept(settings: Settings) -> list[Path]:
    """The pictures; each has the name of its file beside it."""
    files = sorted(path for path in (settings.data / "uploads").iterdir() if path.name != FILE_NAME)
    pictures = [file for file in files if not file.suffix]
    assert files == sorted([*pictures, *(file.with_suffix(".name") for file in pictures)])
    return pictures


def test_the_id_is_the_contents_and_opens_again(settings: Settings) -> None:
    content = png("red")
    sample = save_upload(content, "../../my photo.png", settings)
    digest = hashlib.sha256(content).hexdigest()[:12]
    assert (sample.id, sample.label) == (f"upload/{digest}", None)
    assert kept(settings) == [settings.data / "uploads" / digest]
    assert kept(settings)[0].read_bytes() == content
    again = open_sample(sample.id, settings)
    assert (again.id, again.name) == (sample.id, "my photo.png")
    assert again.image.tobytes() == sample.image.tobytes()


def test_whoever_uploads_does_not_wait_for_a_second_reading(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def reading(path: Path, name: str, folder: Path) -> Image.Image:
        read.append(name)
        return read_visitor_picture(path, name, folder)

    monkeypatch.setattr(uploads, "read_visitor_picture", reading)
    sample = save_upload(png("blue"), "a.png", settings)
    assert open_sample(sample.id, settings).image.tobytes() == sample.image.tobytes()
    assert read == ["a.png"]


def test_the_same_bytes_are_kept_once(settings: Settings) -> None:
    first = save_upload(png("red"), "a.png", settings)
    again = save_upload(png("red"), "b.png", settings)
    assert again.id == first.id
    assert again.name == open_sample(first.id, settings).name == "b.png"
    assert len(kept(settings)) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("two\nlines\x00\u202e.png", "two lines .png"),
        ("a lone \ud800 half.png", "a lone half.png"),
        ("x" * 300 + ".png", "x" * 79 + "…"),
        ("\u200b", None),
    ],
)
def test_the_name_of_a_file_is_foreign_text(name: str, shown: str | None, settings: Settings) -> None:
    sample = save_upload(png("red"), name, settings)
    assert sample.name == open_sample(sample.id, settings).name == shown
    assert sample.title == (shown or "No label")
    assert open_sample(f"{sample.id}~mirror", settings).name == shown


def test_a_picture_that_was_kept_without_a_name_has_none(settings: Settings) -> None:
    sample = save_upload(png("red"), "a.png", settings)
    kept(settings)[0].with_suffix(".name").unlink()
    assert open_sample(sample.id, settings).name is None


def test_what_is_no_picture_is_not_kept(settings: Settings) -> None:
    with pytest.raises(BadImageError, match=r"notes\.txt is not an image"):
        save_upload(b"hello", "notes.txt", settings)
    assert not (settings.data / "uploads").exists()


def test_the_oldest_go_when_room_runs_out(settings: Settings) -> None:
    contents = {colour: png(colour) for colour in ("red", "lime", "blue")}
    ids = {}
    for age, colour in enumerate(contents):
        ids[colour] = save_upload(contents[colour], "x.png", settings).id
        os.utime(settings.data / "uploads" / ids[colour].removeprefix("upload/"), (1000 + age, 1000 + age))
    save_upload(contents["red"], "again.png", settings)
    limit = sum(len(contents[colour]) for colour in ("red", "blue")) + len(png("white"))
    new = save_upload(png("white"), "new.png", replace(settings, uploads_bytes=limit))
    assert {f"upload/{path.name}" for path in kept(settings)} == {ids["red"], ids["blue"], new.id}
    with pytest.raises(UnknownImageError, match=r"is not on this server, or no longer\. Upload that picture"):
        open_sample(ids["lime"], settings)


def test_opening_a_picture_counts_as_use(settings: Settings) -> None:
    ids = {colour: save_upload(png(colour), "x.png", settings).id for colour in ("red", "lime")}
    for age, image_id in enumerate(ids.values()):
        os.utime(settings.data / "uploads" / image_id.removeprefix("upload/"), (1000 + age, 1000 + age))
    open_sample(ids["red"], settings)
    new = save_upload(png("blue"), "y.png", replace(settings, uploads_bytes=2 * len(png("blue"))))
    assert {f"upload/{path.name}" for path in kept(settings)} == {ids["red"], new.id}


def test_the_newest_stays_even_if_it_alone_is_too_much(settings: Settings) -> None:
    save_upload(png("red"), "a.png", settings)
    newest = save_upload(png("blue"), "b.png", replace(settings, uploads_bytes=1))
    assert [f"upload/{path.name}" for path in kept(settings)] == [newest.id]


def test_a_folder_that_cannot_be_written_is_said(settings: Settings) -> None:
    settings.data.write_text("a file, where a folder should be")
    with pytest.raises(BadImageError, match=r"a\.png cannot be kept in .*set ACTVIZ_DATA"):
        save_upload(png("red"), "a.png", settings)
