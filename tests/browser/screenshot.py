"""Makes the README's picture again: ``python -m tests.browser.screenshot``."""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.support.chromium import launch
from tests.support.server import running
from tests.support.visitor import new_context, visiting

TARGET = Path(__file__).with_name("screenshot.png")
LARGEST = 400_000
"""Bytes; more would make the README slow to load."""

LINK = (
    "/activations?image=bundled-cifar10/6&layers=conv1&layers=layer1.1.relu2&layers=layer2.0.conv1"
    "&layers=layer3.0.conv1&activations_layer=layer1.1.relu2"
)


def take() -> bytes:
    """The Activations page at 1440 x 900 in a light theme, as a PNG file's content."""
    with (
        tempfile.TemporaryDirectory() as data,
        running(environ={"ACTVIZ_DATA": data}) as server,
        sync_playwright() as playwright,
        launch(playwright) as browser,
        new_context(browser) as context,
        visiting(context, server.url) as visitor,
    ):
        return visitor.open(LINK).screenshot()


def main() -> None:
    """Take the picture and write it beside this file, as small as it gets without loss."""
    Image.open(io.BytesIO(take())).convert("RGB").save(TARGET, optimize=True)
    size = TARGET.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{TARGET} has {size:,} bytes; at most {LARGEST:,} are wanted.")
    print(
        f"{TARGET.relative_to(Path.cwd()) if TARGET.is_relative_to(Path.cwd()) else TARGET}: {size:,} bytes"
    )


if __name__ == "__main__":
    main()
