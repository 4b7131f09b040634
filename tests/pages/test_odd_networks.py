"""Every page has something true or a message for networks of every kind, and never an error of its own."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from actviz_core.ui.shell import errors
from actviz_core.workspace.shared import Workspace
from tests import odd_toys
from tests.odd_toys import KINDS
from tests.pages.channel_page import cards, settle
from tests.pages.visit import check_sound, drawn, offered, read_page, said, visit

NewServer = Callable[..., Workspace]
BUILDER = "tests.odd_toys:chosen_kind"
FAILS = {"raises a KeyError", "raises without words", "raises StopIteration", "no layers", "lazy layer"}


@pytest.fixture
def serve(new_server: NewServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Start a server with a network of a kind; returns the names of its layers."""

    def start(kind: str) -> list[str]:
        monkeypatch.setattr(odd_toys, "chosen", kind)
        monkeypatch.setattr(errors, "log_fault", forbidden)
        workspace = new_server(ACTVIZ_MODELS=BUILDER)
        if kind in FAILS:
            return ["conv", "between"]
        return [row.name for row in workspace.tree(workspace.model(BUILDER)) if row.name]

    return start


def forbidden(error: Exception, what: str) -> str:
    raise AssertionError(what) from error


def open_page(page: str, *layers: str, **link: str) -> AppTest:
    app = visit(page, {"model": [BUILDER], "layers": [*layers] or [""], **link})
    check_sound(app)
    return app


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_shows_something_or_says_why_not(serve: Callable[[str], list[str]], kind: str) -> None:
    layers = serve(kind)
    for page in ("start", "samples", "layers", "compare"):
        assert read_page(open_page(page, *layers[:4]))
    for layer in odd_ones(layers, kind):
        app = open_page("activations", layer)
        assert app.get("plotly_chart") or said(app) or app.info or app.caption


@pytest.mark.parametrize("kind", KINDS)
def test_reasons_gradients_and_channels_are_shown_or_it_is_said_why_not(
    serve: Callable[[str], list[str]], kind: str
) -> None:
    layers = odd_ones(serve(kind), kind)
    assert drawn(open_page("why", *layers[:1])) or told(open_page("why", *layers[:1]))
    for layer in layers[:2]:
        app = open_page("activations", layer, values="gradient")
        assert drawn(app) or told(app)
        app = settle(open_page("channel", layer))
        assert told(app) or all(cards(app).values())


def odd_ones(layers: list[str], kind: str) -> list[str]:
    """The layers that a kind is about; all of the plain one."""
    ordinary = {"conv", "fc", "after"} if kind != "plain" else set()
    return [name for name in layers if name not in ordinary] or layers


def told(app: AppTest) -> list[str]:
    """What the page says instead of showing something."""
    return [*said(app), *offered(app)]
