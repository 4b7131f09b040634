"""What nobody foresaw: a page says what it was showing, a way on, and its number in the log."""

import logging
import re

import pytest

from actviz_core.ui.activations import selected_layer as layer_in_hand
from actviz_core.ui.shell import sidebar
from actviz_core.ui.shell.errors import BEGIN_ANEW
from actviz_core.ui.take_away import telling
from tests.pages.visit import read_page, said, visit


def explode(*_args: object, **_options: object) -> object:
    raise LookupError("nobody foresaw this")


def number_in(message: str, log: pytest.LogCaptureFixture) -> str:
    found = re.search(r"under ([0-9a-f]{8})\.", message)
    assert found is not None
    (entry,) = [record for record in log.records if found[1] in record.getMessage()]
    assert entry.exc_info is not None
    assert isinstance(entry.exc_info[1], LookupError)
    return found[1]


def test_a_page_that_fails_says_what_it_showed_and_begins_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(layer_in_hand, "channel_statistics", explode)
        app = visit("activations", {"layers": ["layer2"], "image": "bundled-cifar10/3"})
    (message,) = said(app)
    number_in(message, caplog)
    assert "this page for cifar-resnet20, bundled-cifar10/3, layer2" in message
    assert "nobody foresaw this" not in message
    assert BEGIN_ANEW in [part.proto.body for part in app.get("html")]
    assert 'href="."' in BEGIN_ANEW  # the start page of the app, wherever it is served


def test_a_side_bar_that_fails_leaves_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sidebar, "tray_choice", explode)
    app = visit("activations")
    (message,) = said(app)
    number_in(message, caplog)
    assert "None of the" in read_page(app) or "channels" in read_page(app)


def test_a_file_that_fails_says_so(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[str] = []
    with pytest.raises(LookupError):
        telling(explode, "values.npz", failures)()  # type: ignore[arg-type]  # it never returns
    (message,) = failures
    assert "making values.npz" in message
    number_in(message, caplog)


def test_what_a_click_does_is_told_of_too(caplog: pytest.LogCaptureFixture) -> None:
    import dashboard

    caplog.set_level(logging.ERROR)
    assert dashboard.app._on_script_error is dashboard.say_uncaught
    assert dashboard.say_uncaught(LookupError("in a callback")) is True
    assert any("what was just clicked" in record.getMessage() for record in caplog.records)
