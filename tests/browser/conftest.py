"""One server and one browser for the whole folder, and a visitor for each test."""

import os
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from actviz_core import capture, load_model, open_sample
from tests.support.chromium import NoBrowserError, launch
from tests.support.server import Server, running
from tests.support.visitor import PATIENCE, Visitor, new_context, visiting

Truth = Callable[[str, str], npt.NDArray[np.float32]]

# Package scope, not session: Playwright keeps an event loop running that other tests should not meet.


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium; without one, tests are skipped, but fail where CI promises to have one."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        try:
            chromium = launch(playwright)
        except NoBrowserError as error:
            if os.environ.get("CI"):
                pytest.fail(f"CI must run the browser tests. {error}", pytrace=False)
            pytest.skip(str(error))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The dashboard with an empty data folder; fails at the end if it logged a traceback."""
    data = tmp_path_factory.mktemp("data")
    with running(environ={"ACTVIZ_DATA": str(data), "ACTVIZ_DEVICE": "cpu"}) as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The profile that most visitors share, so that the browser loads Streamlit only once."""
    with new_context(browser) as context:
        yield context


@pytest.fixture
def visitor(context: BrowserContext, server: Server) -> Iterator[Visitor]:
    """One visitor with a wide window and a light theme."""
    with visiting(context, server.url) as visitor:
        yield visitor


@pytest.fixture
def stranger(browser: Browser, server: Server) -> Iterator[Visitor]:
    """A visitor with a browser of their own, who shares nothing with the other one."""
    with new_context(browser) as context, visiting(context, server.url) as visitor:
        yield visitor


@pytest.fixture(scope="package")
def truth() -> Truth:
    """The bundled network's true maps, (C, H, W), of one layer for one picture, computed in this process."""
    model = load_model("cifar-resnet20")

    def maps(image_id: str, layer: str) -> npt.NDArray[np.float32]:
        inputs = model.preprocess(open_sample(image_id).image).to(model.device)
        values: npt.NDArray[np.float32] = capture(model.module, inputs, layers=[layer])[layer][0].numpy()
        return values

    return maps
