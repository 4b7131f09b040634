"""The app below a path of its own, with a network whose layers are hard to draw."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.server import Server, running
from tests.support.visitor import Visitor, new_context, visiting

pytestmark = pytest.mark.browser

NETWORK = "tests.browser.unusual_network:build"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose pages lie below a path; fails at the end if it logged a traceback."""
    environ = {"ACTVIZ_DATA": str(tmp_path_factory.mktemp("data")), "ACTVIZ_MODELS": NETWORK}
    with running(environ=environ, below="/looks/inside") as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture
def guest(browser: Browser, elsewhere: Server) -> Iterator[Visitor]:
    """A visitor of that server."""
    with new_context(browser) as context, visiting(context, elsewhere.url) as visitor:
        yield visitor


def test_figures_are_drawn_below_a_path(guest: Visitor) -> None:
    page = guest.open("/activations?layers=layer1.0.conv1&layers=layer2.0.conv1")
    expect(page.locator(".st-key-activations_grid .figure[data-state=drawn]")).to_be_visible()
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.locator(".st-key-compare_board .figure[data-state=drawn]")).to_be_visible()
    assert "/looks/inside/compare?" in page.url


@pytest.mark.parametrize(
    ("layer", "figure"),
    [
        ("many", re.compile(r"of 2,?048 channels of many as heatmaps")),
        ("one_cell", re.compile("3 values of one_cell")),
        ("nothing_finite", re.compile("None of the 3 channels holds a usable value")),
    ],
)
def test_a_layer_that_is_hard_to_draw_is_drawn(guest: Visitor, layer: str, figure: re.Pattern[str]) -> None:
    page = guest.open(f"/activations?model={NETWORK}&layers={layer}")
    drawn = page.locator(".figure[data-state=drawn]")
    expect(drawn.get_by_role("img", name=figure)).to_be_visible()


def test_a_layer_without_channels_is_told_of(guest: Visitor) -> None:
    page = guest.open(f"/activations?model={NETWORK}&layers=none")
    expect(page.get_by_text("none cannot be drawn.", exact=False)).to_be_visible()
