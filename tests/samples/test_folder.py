"""The team's folder: order, labels, skipped files, and nothing from outside."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from actviz_core.errors import BadImageError, UnknownImageError
from actviz_core.samples import browse, list_sources, open_sample, open_source
from actviz_core.settings import Settings


@pytest.fixture
def root(settings: Settings) -> Path:
    assert settings.images is not None
    settings.images.mkdir()
    return settings.images


def put(path: Path, colour: str, size: tuple[int, int] = (8, 8)) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def test_sub_folders_are_classes_and_loose_files_have_no_label(root: Path, settings: Settings) -> None:
    put(root / "dogs" / "b.png", "blue")
    put(root / "dogs" / "a.jpg", "red")
    put(root / "cats" / "z.png", "lime")
    put(root / "loose.png", "white")
    source = open_source("folder", settings)
    assert [(sample.id, sample.label) for sample in source] == [
        ("folder/0", None),
        ("folder/1", "cats"),
        ("folder/2", "dogs"),
        ("folder/3", "dogs"),
    ]
    assert source[1].image.getpixel((0, 0)) == (0, 255, 0)
    assert source[3].image.getpixel((0, 0)) == (0, 0, 255)
    assert browse(source, class_name="dogs").tolist() == [2, 3]
    assert source.skipped == ()
    assert source.title == "Folder pictures"


def test_unreadable_files_are_skipped_and_named(root: Path, settings: Settings) -> None:
    put(root / "good.png", "red")
    (root / "notes.txt").write_text("hello")
    (root / "broken").mkdir()
    (root / "broken" / "empty.jpg").touch()
    (root / ".DS_Store").write_text("hidden")
    (root / "cats").mkdir()
    put(root / "cats" / "good.png", "red")
    source = open_source("folder", settings)
    assert len(source) == 2
    assert source.skipped == ("notes.txt", "broken/empty.jpg")
    assert source.classes == ("cats",)
    assert source[1].label == "cats"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_block(root: Path, settings: Settings) -> None:
    put(root / "good.png", "red")
    os.mkfifo(root / "pipe.png")
    assert open_source("folder", settings).skipped == ("pipe.png",)


def test_only_one_level_is_read(root: Path, settings: Settings) -> None:
    put(root / "a" / "x.png", "red")
    (root / "a" / "deeper").mkdir()
    put(root / "a" / "deeper" / "y.png", "red")
    assert len(open_source("folder", settings)) == 1


def test_nothing_from_outside_is_shown(root: Path, settings: Settings, tmp_path: Path) -> None:
    secret = put(tmp_path / "secret" / "s.png", "black")
    put(root / "own.png", "red")
    (root / "link.png").symlink_to(secret)
    (root / "folder-link").symlink_to(secret.parent)
    (root / "inside.png").symlink_to(root / "own.png")
    source = open_source("folder", settings)
    assert [source[index].image.getpixel((0, 0)) for index in range(len(source))] == [(255, 0, 0)] * 2
    assert source.skipped == ("link.png",)
    (root / "own.png").unlink()
    (root / "own.png").symlink_to(secret)
    with pytest.raises(BadImageError, match=r"own\.png leads out of its folder"):
        source[1]
    assert source.thumbnails([1], 8)[0, 0, 0].tolist() == [96, 96, 96], "a crossed-out tile"


def test_a_file_damaged_later_is_said_and_crossed_out(root: Path, settings: Settings) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(root / "cut.png")
    put(root / "good.png", "red")
    content = (root / "cut.png").read_bytes()
    (root / "cut.png").write_bytes(content[:2000])
    source = open_source("folder", settings)
    assert len(source) == 2, "its header is fine"
    with pytest.raises(BadImageError, match=r"cut\.png cannot be decoded"):
        open_sample("folder/0", settings)
    cut, good = source.thumbnails([0, 1], 8)
    assert cut[0, 0].tolist() == cut[0, 7].tolist() == [96, 96, 96]
    assert cut[0, 1].tolist() == [160, 160, 160]
    assert (good == [255, 0, 0]).all()


def test_thumbnails_show_the_middle_square(root: Path, settings: Settings) -> None:
    wide = Image.new("RGB", (30, 10), "red")
    wide.paste((0, 0, 255), (10, 0, 20, 10))
    wide.save(root / "wide.png")
    source = open_source("folder", settings)
    assert (source.thumbnails([0], 10)[0] == [0, 0, 255]).all()
    assert source.thumbnails([], 10).shape == (0, 10, 10, 3)


def test_new_and_altered_files_are_noticed(root: Path, settings: Settings) -> None:
    first = put(root / "a" / "1.png", "red")
    before = open_source("folder", settings)
    assert before.thumbnails([0], 8)[0, 0, 0].tolist() == [255, 0, 0]
    assert open_source("folder", settings) is before
    put(first, "blue", (9, 9))
    assert before.thumbnails([0], 8)[0, 0, 0].tolist() == [0, 0, 255]
    assert before[0].image.size == (9, 9)
    put(root / "a" / "2.png", "red")
    os.utime(root / "a", ns=(1, 1))  # as if a while later
    assert len(open_source("folder", settings)) == 2


def test_names_are_plain_text(root: Path, settings: Settings) -> None:
    strange = root / "<b>two\nlines\u202e"
    put(strange / "x.png", "red")
    (root / "bad\nname").touch()
    source = open_source("folder", settings)
    assert source[0].label == "<b>two\ufffdlines\ufffd"
    assert source.skipped == ("bad\ufffdname",)


def test_a_folder_without_pictures_says_what_to_do(root: Path, settings: Settings) -> None:
    (root / "notes.txt").write_text("hello")
    with pytest.raises(UnknownImageError, match=r"no readable picture \(1 file skipped\)\. Put JPEG or PNG"):
        open_source("folder", settings)
    info = list_sources(settings)[-1]
    assert (info.key, info.available, info.count) == ("folder", False, None)
    assert "Put JPEG or PNG files into it" in info.reason
    put(root / "now.png", "red")
    info = list_sources(settings)[-1]
    assert (info.title, info.available, info.count) == ("Folder pictures", True, 1)


def test_a_folder_that_is_gone_is_said(settings: Settings) -> None:
    with pytest.raises(UnknownImageError, match=r"cannot be read \(No such file.*Set ACTVIZ_IMAGES"):
        open_source("folder", settings)
