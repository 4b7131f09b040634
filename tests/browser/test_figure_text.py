"""Text in figures can be read: its colour against what lies under it, on every page, in both themes."""

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.server import Server
from tests.support.visitor import NARROW, new_context, visiting

pytestmark = pytest.mark.browser

LEAST = 4.5
TOKENS = "model=vit_b_16@random&image=bundled-imagenet/3&layers=encoder.layers.encoder_layer_3"
PAGES = {
    "start": "/",
    "samples": "/samples",
    "layers": "/layers",
    "activations": "/activations?model=cifar-resnet20@random",
    "one channel": "/activations?layers=layer2.0.conv1&channel=3",
    "a vector": "/activations?layers=fc",
    "tokens": f"/activations?{TOKENS}",
    "heads": f"/activations?{TOKENS}.self_attention[0]",
    "compare": "/compare",
    "compare one channel": "/compare?show=one%20channel",
    "compare summaries": "/compare?show=summary",
    "why": "/why",
    "channel": "/channel?layers=layer2.0.conv1&channel=3",
    "data set": "/dataset",
    "own weights": "/weights",
    "model card": "/card",
    "about": "/about",
}
FIGURES = {"start", "samples", "activations", "one channel", "a vector", "tokens", "heads", "model card"}
FIGURES |= {"layers", "compare", "compare one channel", "compare summaries", "why", "channel"}

# Every text with its box on the screen, its computed colour, and how far it is seen through.
TEXTS = """() => [...document.querySelectorAll('.figure svg text')].map(text => {
    const box = text.getBoundingClientRect(), style = getComputedStyle(text);
    let alpha = parseFloat(style.fillOpacity);
    for (let part = text; part && part.nodeType === 1; part = part.parentElement)
        alpha *= parseFloat(getComputedStyle(part).opacity);
    return {words: text.textContent.trim(), fill: style.fill, alpha, visible: style.visibility === 'visible',
            box: [box.left, box.top, box.right, box.bottom]};
}).filter(text => text.words && text.visible && text.alpha > 0)"""

HEIGHT = """() => Math.max(900, ...[...document.querySelectorAll('[data-testid="stMain"]')]
    .map(main => main.scrollHeight + 60))"""


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A browser set to one theme."""
    with new_context(browser, dark=request.param) as context:
        yield context


def luminance(colors: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Relative luminance as WCAG 2 defines it, of colours from 0 to 255."""
    shares = np.asarray(colors, np.float64) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    result: npt.NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return result


def contrast(text: dict[str, Any], ground: npt.NDArray[np.float64]) -> float:
    """The contrast of a text to the ground under it, which a tenth of its pixels may fall short of."""
    red, green, blue, *alpha = (float(part) for part in re.findall(r"[\d.]+", text["fill"]))
    share = text["alpha"] * (alpha[0] if alpha else 1)
    seen, under = luminance(share * np.array([red, green, blue]) + (1 - share) * ground), luminance(ground)
    ratios = (np.maximum(seen, under) + 0.05) / (np.minimum(seen, under) + 0.05)
    return float(np.percentile(ratios, 10))


def without_text(page: Page) -> npt.NDArray[np.float64]:
    """What the page looks like without the text of its figures, (H, W, 3)."""
    style = page.add_style_tag(content=".figure svg text { visibility: hidden !important; }")
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        style.evaluate("style => style.remove()")
        return np.asarray(picture.convert("RGB"), np.float64)


def texts_and_ground(page: Page) -> tuple[list[dict[str, Any]], npt.NDArray[np.float64]]:
    """The texts and what lies under them, once nothing has moved between the two looks at the page."""
    for _ in range(20):
        texts = page.evaluate(TEXTS)
        ground = without_text(page)
        if page.evaluate(TEXTS) == texts:
            return texts, ground
    raise AssertionError("the page does not come to rest")


@pytest.mark.parametrize("name", PAGES)
def test_text_in_figures_can_be_read(themed: BrowserContext, server: Server, name: str) -> None:
    with visiting(themed, server.url) as visitor:
        page = visitor.open(PAGES[name])
        page.set_viewport_size({"width": 1440, "height": int(page.evaluate(HEIGHT))})
        visitor.settle()
        page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")
        texts, ground = texts_and_ground(page)
        assert bool(texts) == (name in FIGURES)
        faint = []
        for text in texts:
            left, top, right, bottom = (max(0, round(edge)) for edge in text["box"])
            under = ground[top:bottom, left:right].reshape(-1, 3)
            if under.size and (ratio := contrast(text, under)) < LEAST:
                faint.append(f"{text['words']}: {text['fill']} at {ratio:.2f}")
        assert faint == []


def test_contrast_is_computed_as_defined() -> None:
    white = np.full((4, 3), 255.0)
    assert contrast({"fill": "rgb(0, 0, 0)", "alpha": 1}, white) == pytest.approx(21)
    assert contrast({"fill": "rgb(118, 118, 118)", "alpha": 1}, white) == pytest.approx(4.54, abs=0.01)
    assert contrast({"fill": "rgba(0, 0, 0, 0.5)", "alpha": 0.5}, white) < 2


def test_what_can_be_done_with_a_panel_is_one_line(browser: Browser, server: Server) -> None:
    with new_context(browser, size=NARROW) as context, visiting(context, server.url) as visitor:
        page = visitor.open("/compare")
        for number in range(3):
            boxes = [
                page.locator(f".st-key-{key}_{number} button").first.bounding_box()
                for key in ("change", "pin", "remove_panel")
            ]
            middles = {round(box["y"] + box["height"] / 2) for box in boxes if box is not None}
            assert len(boxes) == 3
            assert len(middles) == 1, boxes
            row = page.locator(f".st-key-panel_actions_{number}")
            assert row.evaluate("row => row.scrollWidth <= row.clientWidth")


@pytest.mark.parametrize("width", [NARROW[0], 1440])
def test_labels_of_compares_controls_lie_in_one_line(browser: Browser, server: Server, width: int) -> None:
    with new_context(browser, size=(width, 900)) as context, visiting(context, server.url) as visitor:
        page = visitor.open("/compare")
        show, sort = (
            page.locator(f".st-key-{key} label").first.bounding_box() for key in ("show", "board_sort")
        )
        assert show is not None
        assert sort is not None
        assert show["y"] + show["height"] / 2 == pytest.approx(sort["y"] + sort["height"] / 2, abs=1)
