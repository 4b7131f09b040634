"""Sources that need something first, folders with bad files, and names that look like markup."""

import string
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from actviz_core.samples import cifar10, find_cifar10_download
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.workspace.shared import Workspace
from tests.pages.visit import (
    check_fine,
    choose,
    described,
    drawn,
    figure,
    go_to,
    in_tray,
    offered,
    press,
    read_page,
    said,
    visit,
    widget,
)
from tests.samples.cifar_archive import small_cifar10
from tests.support.loopback import served

NewServer = Callable[..., Workspace]
GET_IT = "Get all 60,000 (170 MB)"
MARKUP = "**bold** [link](x) <i>_it_ $a$ :red[b] `c`"


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def on_sheet(app: AppTest) -> list[str]:
    return list(figure(app, "samples_sheet")["layout"]["meta"]["panels"][0]["labels"])


@pytest.mark.parametrize("source", ["cifar10-test", "cifar10-train"])
def test_cifar10_is_offered_while_it_is_not_there_and_the_chosen_picture_stays(source: str) -> None:
    app = visit("samples", {"source": source})
    check_fine(app)
    assert offered(app) == ["Not downloaded yet. Get all 60,000 pictures (170 MB) on the page Samples."]
    assert GET_IT in labels(app)
    assert drawn(app) == {"samples_top5"}
    choose(app, "Source", "bundled-cifar10")
    assert "samples_sheet" in drawn(app)
    assert GET_IT not in labels(app)


def test_a_press_downloads_cifar10_and_its_pictures_appear(
    new_server: NewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, settings = small_cifar10(), new_server().settings
    with served(archive.content) as server:
        monkeypatch.setattr(cifar10, "ARCHIVE", archive.at(server.url.replace("file.bin", "cifar.tar.gz")))
        app = visit("samples", {"source": "cifar10-test"})
        press(app, GET_IT)
        job = find_cifar10_download(settings)
        assert job is not None
        job.wait()
    app.run()
    check_fine(app)
    assert on_sheet(app) == [f"{index}: {CLASSES[label]}" for index, label in enumerate(archive.test_labels)]


def test_a_download_that_fails_says_why_and_offers_another_try(
    new_server: NewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, settings = small_cifar10(), new_server().settings
    with served(archive.content, status=503) as server:
        monkeypatch.setattr(cifar10, "ARCHIVE", archive.at(server.url.replace("file.bin", "cifar.tar.gz")))
        app = visit("samples", {"source": "cifar10-test"})
        press(app, GET_IT)
        job = find_cifar10_download(settings)
        assert job is not None
        job.wait()
        app.run()
        (message,) = said(app)
        assert "503" in message
        assert "Try again later" in message
        assert "Try again" in labels(app)
        server.status = 200
        press(app, "Try again")
        job = find_cifar10_download(settings)
        assert job is not None
        job.wait()
    app.run()
    check_fine(app)
    assert len(on_sheet(app)) == 10


def test_a_server_without_a_folder_does_not_offer_one() -> None:
    app = visit("samples")
    assert "folder" not in widget(app, "Source").options
    (message,) = said(visit("samples", {"source": "folder"}))
    assert message.startswith("The link's source=folder is not possible here.")


def test_files_that_cannot_be_read_are_skipped_and_counted(new_server: NewServer, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    Image.new("RGB", (8, 8), "red").save(folder / "good.png")
    (folder / "notes.txt").write_text("words")
    (folder / "empty.png").write_bytes(b"")
    new_server(ACTVIZ_IMAGES=str(folder))
    app = visit("samples", {"source": "folder"})
    check_fine(app)
    assert on_sheet(app) == ["0"]
    assert "2 files could not be read and are left out." in read_page(app)


def test_one_file_that_cannot_be_read_is_one_file(new_server: NewServer, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    Image.new("RGB", (8, 8), "red").save(folder / "good.png")
    (folder / "notes.txt").write_text("words")
    new_server(ACTVIZ_IMAGES=str(folder))
    assert "1 file could not be read and is left out." in read_page(visit("samples", {"source": "folder"}))


def test_a_folder_without_any_picture_says_what_to_put_there(new_server: NewServer, tmp_path: Path) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    (folder / "notes.txt").write_text("words")
    new_server(ACTVIZ_IMAGES=str(folder))
    app = visit("samples", {"source": "folder"})
    check_fine(app)
    (hint,) = offered(app)
    assert "holds no readable picture (1 file skipped). Put JPEG or PNG files into it" in hint


def test_a_picture_that_is_cut_short_is_chosen_with_a_message(new_server: NewServer, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    folder.mkdir()
    Image.effect_noise((64, 64), 50).save(folder / "a.png")
    content = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(content[: len(content) // 2])  # its header still reads
    new_server(ACTVIZ_IMAGES=str(folder))
    app = visit("samples", {"source": "folder"})
    choose(app, "Go to index", 0)
    assert any("a.png" in message for message in said(app))
    assert "samples_sheet" in drawn(app)
    choose(app, "Source", "bundled-cifar10")
    choose(app, "Go to index", 4)
    check_fine(app)


@pytest.fixture
def marked_up(new_server: NewServer, tmp_path: Path) -> None:
    """A server whose folder has one class, with a name full of markup."""
    folder = tmp_path / "pictures" / MARKUP
    folder.mkdir(parents=True)
    for name in ("a", "b"):
        Image.new("RGB", (8, 8), "red").save(folder / f"{name}.png")
    new_server(ACTVIZ_IMAGES=str(folder.parent))


@pytest.mark.usefixtures("marked_up")
def test_a_label_that_looks_like_markup_is_shown_as_text_on_every_page() -> None:
    app = visit("samples", {"source": "folder", "image": "folder/0"})
    press(app, "Keep in tray")
    for page in ("samples", "start", "layers", "activations"):
        go_to(app, page)
        check_fine(app)
        texts = [piece.value for piece in (*app.markdown, *app.caption)] + labels(app) + in_tray(app)
        assert any(escaped(MARKUP) in text for text in texts)
        assert [text for text in texts if MARKUP in text] == []
        assert in_tray(app) == [escaped(f"{MARKUP} 0")]


@pytest.mark.usefixtures("marked_up")
def test_a_label_that_looks_like_html_is_text_in_the_contact_sheet_too() -> None:
    app = visit("samples", {"source": "folder"})
    assert on_sheet(app) == [f"0: {MARKUP}", f"1: {MARKUP}"]  # the browser writes it as text
    assert described(app, "samples_sheet").startswith("2 pictures of Folder pictures.")
    choose(app, "Class", MARKUP)
    assert len(on_sheet(app)) == 2


def escaped(text: str) -> str:
    """Markdown that reads as this text, every punctuation mark escaped."""
    return "".join(f"\\{mark}" if mark in string.punctuation else mark for mark in text)
