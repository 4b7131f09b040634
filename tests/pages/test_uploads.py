"""Uploads: several files at once; good ones are kept, each bad one gets a reason."""

import hashlib
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace
from tests.pages.visit import (
    about,
    check_fine,
    check_sound,
    drawn,
    figure,
    go_to,
    in_tray,
    pictures,
    press,
    read_page,
    said,
    visit,
)

MARKUP = "**bold** <b>x<b> [link](y).png"


def picture(seed: int) -> bytes:
    """A PNG file of seeded noise, 40 pixels wide and 30 high."""
    noise = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "png")
    return file.getvalue()


def bomb() -> bytes:
    """The beginning of a PNG file that says it is 30,000 x 30,000 pixels large."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def image_id(content: bytes) -> str:
    return f"upload/{hashlib.sha256(content).hexdigest()[:12]}"


def upload(app: AppTest, files: dict[str, bytes]) -> None:
    app.file_uploader[0].set_value([(name, content, "") for name, content in files.items()]).run()
    check_sound(app)


def tray(app: AppTest) -> list[str]:
    return app.session_state.get("tray", [])


@pytest.fixture
def app(new_server: Callable[..., Workspace]) -> AppTest:
    new_server()
    return visit("samples", {"image": "bundled-cifar10/7"})


def test_one_upload_is_chosen_under_the_id_of_its_content(app: AppTest) -> None:
    upload(app, {"one.png": picture(1)})
    check_fine(app)
    assert app.query_params["image"] == image_id(picture(1))
    assert f"The chosen picture, {image_id(picture(1))}, one.png" in pictures(app)
    assert "The picture, 40 x 30" in read_page(app)
    assert tray(app) == []


def test_an_upload_can_be_looked_at_on_every_page_and_in_another_session(app: AppTest) -> None:
    upload(app, {"one.png": picture(1)})
    for page in ("start", "layers", "activations"):
        go_to(app, page)
        check_fine(app)
    other = visit("activations", app.query_params)
    check_fine(other)
    assert "activations_grid" in drawn(other)
    assert image_id(picture(1)) in read_page(other)


def test_an_upload_keeps_the_name_of_its_file_wherever_it_is_shown(app: AppTest) -> None:
    upload(app, {"one.png": picture(1), MARKUP: picture(2)})
    assert in_tray(app) == [plain("one.png"), plain(MARKUP)]
    press(app, "Look at it", nth=0)
    assert f"The picture in hand: one.png, {image_id(picture(1))}" in pictures(app)
    assert "No label" not in read_page(app)
    assert "one.png" in read_page(app)
    go_to(app, "compare")
    check_fine(app)
    assert "picture one.png" in read_page(app).replace("*", "")
    press(app, "These pictures")
    titles = [note["text"] for note in figure(app, "compare_board")["layout"]["annotations"]]
    assert titles[0] == "<b>1 one.png</b>"
    assert "&lt;b&gt;x" in titles[1]  # foreign text is text
    told = about(app, "compare_board")
    assert told["title"].endswith("of cifar-resnet20, one.png and **bold** <b>x<b> [link](y).png")
    assert "-one.png-and-" in told["name"]
    assert "one.png, **bold** <b>x<b> [link](y).png" in told["source"]
    other = visit("samples", {"image": image_id(picture(1))})
    assert "one.png" in read_page(other)


def test_two_pictures_of_one_name_are_told_apart(app: AppTest) -> None:
    upload(app, {"one.png": picture(1)})
    press(app, "Keep in tray")
    upload(app, {"one.png": picture(2)})
    press(app, "Keep in tray")
    assert in_tray(app) == [plain(f"one.png {image_id(picture(seed))[7:]}") for seed in (1, 2)]
    go_to(app, "compare")
    press(app, "These pictures")
    titles = [note["text"] for note in figure(app, "compare_board")["layout"]["annotations"]]
    assert [image_id(picture(seed)) in title for seed, title in enumerate(titles[:2], 1)] == [True, True]


def test_several_uploads_go_into_the_tray_and_the_last_is_chosen(app: AppTest) -> None:
    contents = [picture(seed) for seed in range(8)]
    upload(app, {f"{seed}.png": content for seed, content in enumerate(contents)})
    check_fine(app)
    assert tray(app) == [image_id(content) for content in contents[2:]]
    assert app.query_params["image"] == image_id(contents[-1])


def test_bad_files_each_get_a_reason_and_the_good_ones_are_kept(app: AppTest) -> None:
    upload(
        app,
        {
            "one.png": picture(1),
            "notes.txt": b"words",
            "empty.png": b"",
            "cut.png": picture(3)[:400],
            "bomb.png": bomb(),
            MARKUP: b"no picture",
            "two.png": picture(2),
        },
    )
    messages = said(app)
    assert len(messages) == 5
    reasons = {
        "notes.txt": "is not an image",
        "empty.png": "empty",
        "cut.png": "cut short",
        "bomb.png": "too many pixels",
        MARKUP: "is not an image",
    }
    for message, (name, reason) in zip(messages, reasons.items(), strict=True):
        assert name in message
        assert reason in message
    assert [error.value for error in app.error if MARKUP in error.value] == []  # escaped, so read as text
    assert tray(app) == [image_id(picture(1)), image_id(picture(2))]
    assert app.query_params["image"] == image_id(picture(2))


def test_a_bad_upload_leaves_everything_as_it_was(app: AppTest) -> None:
    upload(app, {"notes.txt": b"words"})
    assert len(said(app)) == 1
    assert app.query_params["image"] == "bundled-cifar10/7"
    press(app, "Keep in tray")
    assert tray(app) == ["bundled-cifar10/7"]


def test_the_messages_go_with_the_next_upload(app: AppTest) -> None:
    upload(app, {"notes.txt": b"words"})
    upload(app, {"one.png": picture(1)})
    check_fine(app)


def test_the_start_page_offers_bundled_pictures_after_an_upload(app: AppTest) -> None:
    upload(app, {"one.png": picture(1)})
    go_to(app, "start")
    press(app, "cat")
    check_fine(app)
    assert app.query_params["image"] == "bundled-cifar10/0"
