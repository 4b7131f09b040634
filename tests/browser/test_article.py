"""The article that this project started from, in its order, and the step after its end."""

import re

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Page, expect

from actviz_core import capture, capture_gradients, load_model, open_sample, switch_off
from tests.support.drawn import expect_grid
from tests.support.visitor import Visitor

pytestmark = pytest.mark.browser

KEY, IMAGE = "resnet18@random", "bundled-cifar10/0"
EARLY, LATE = "layer1.0.conv1", "layer4.0.conv1"
SHOWN = 64  # channels on the grid's first page


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).first.click()
    page.get_by_role("option", name=option, exact=True).click()


def show(page: Page, layer: str, maps: npt.NDArray[np.float32]) -> None:
    """Switch to a layer, and hold what is drawn against its maps."""
    page.get_by_role("radio", name=layer, exact=True).click()
    expect_grid(page, maps[:SHOWN])


def test_its_two_layers_forward_then_their_gradients_then_a_changed_gradient(visitor: Visitor) -> None:
    model = load_model(KEY)
    x = model.preprocess(open_sample(IMAGE).image)
    answer = capture(model.module, x, [""])[""][0]
    target = int(answer.argmax())
    forward = capture(model.module, x, [EARLY, LATE])
    gradients = capture_gradients(model.module, x, target, [EARLY, LATE])

    page = visitor.open(f"/layers?model={KEY}&image={IMAGE}")
    page.get_by_role("button", name="The article's two").click()
    page.get_by_text("2 layers chosen").wait_for()
    page.get_by_test_id("stMain").get_by_role("link", name="Show activations").click()
    expect_grid(page, forward[EARLY][0].numpy()[:SHOWN])
    show(page, LATE, forward[LATE][0].numpy())

    choose(page, "Values", "gradient")
    expect(page.get_by_text("pulls hardest towards").first).to_be_visible()
    expect_grid(page, gradients[LATE][0].numpy()[:SHOWN])
    show(page, EARLY, gradients[EARLY][0].numpy())
    expect(page).to_have_url(re.compile("values=gradient"))

    changed = {EARLY: switch_off(3)}
    after = capture(model.module, x, [""], edits=changed)[""][0]
    edited = capture_gradients(model.module, x, int(after.argmax()), [EARLY, LATE], edits=changed)
    page.goto(f"{page.url}&channel=3")
    visitor.settle()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text(f"channel 3 of {EARLY} is switched off").first).to_be_visible()
    visitor.settle()
    show(page, LATE, edited[LATE][0].numpy())
    assert not np.array_equal(edited[LATE].numpy(), gradients[LATE].numpy())
    expect(page).to_have_url(re.compile(r"edit=layer1\.0\.conv1(:|%3A)3(\*|%2A)0"))

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("is switched off")).to_have_count(0)
    visitor.settle()
    show(page, LATE, gradients[LATE][0].numpy())
