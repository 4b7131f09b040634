"""The team's own weights in a browser: uploaded once, a link for everybody, also after a restart."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, FilePayload, expect

from actviz_core import capture, load_model, open_sample
from tests.support.drawn import expect_grid
from tests.support.server import running
from tests.support.visitor import Visitor, new_context, visiting

pytestmark = pytest.mark.browser

LAYER = "conv1"


@contextmanager
def first_visitor(browser: Browser, data: Path) -> Iterator[Visitor]:
    """Start a server on a data folder, and visit it."""
    with (
        running(environ={"ACTVIZ_DATA": str(data), "ACTVIZ_DEVICE": "cpu"}) as server,
        new_context(browser) as context,
        visiting(context, server.url) as visitor,
    ):
        yield visitor


def test_uploaded_weights_are_there_after_a_restart(browser: Browser, tmp_path: Path) -> None:
    model = load_model("cifar-resnet20@random")
    state = {name: value.clone() for name, value in model.module.state_dict().items()}
    state["conv1.weight"] *= 3
    file = io.BytesIO()
    torch.save({"model_state_dict": {f"module.{name}": value for name, value in state.items()}}, file)
    with first_visitor(browser, tmp_path) as visitor:
        page = visitor.open("/weights")
        payload = FilePayload(name="ours.pt", mimeType="application/octet-stream", buffer=file.getvalue())
        page.locator('input[type="file"]').set_input_files(payload)
        expect(page.get_by_text(re.compile("ours.pt is here as cifar-resnet20@[0-9a-f]{12}"))).to_be_visible()
        page.wait_for_url(re.compile(r"model=cifar-resnet20(@|%40)[0-9a-f]{12}"))
        link = page.url.partition("?")[2]
    model.module.load_state_dict(state)
    inputs = model.preprocess(open_sample("bundled-cifar10/0").image)
    with first_visitor(browser, tmp_path) as visitor:
        page = visitor.open(f"/activations?{link}&layers={LAYER}")
        page.get_by_role("radio", name=LAYER, exact=True).click()
        expect_grid(page, capture(model.module, inputs, [LAYER])[LAYER][0].numpy())
        expect(page.get_by_role("alert")).to_have_count(0)
