"""From pointing at a cell of a board of six panels of 64 channels until every tile is marked."""

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.browser import chromium, drawn, time_to_open, visitor
from benchmarks.servers import serving
from benchmarks.stopwatch import Timing
from benchmarks.table import Row
from tests.support.figures import cell

FRAME = 0.016  # seconds: what a screen of 60 Hz gives each picture
MOVES = 60
BOARD = "compare_board"
LAYERS = (
    "layer1.0.conv1",
    "layer1.0.bn1",
    "layer1.0.conv2",
    "layer1.0.bn2",
    "layer1.1.conv1",
    "layer1.1.bn1",
)
LINK = "/compare?" + "&".join(f"panel=resnet18@random,bundled-imagenet/0,{layer}" for layer in LAYERS)

# From the moment at which the page hears of the pointer until the frame after the marks have changed.
_WATCH = """key => {
    let heard = 0;
    window.taken = [];
    addEventListener('pointermove', () => { heard = performance.now(); }, true);
    const path = document.querySelector(`.st-key-${key} .figure-mark`);
    new MutationObserver(() => requestAnimationFrame(() => window.taken.push(performance.now() - heard)))
        .observe(path, {attributes: true, attributeFilter: ['d']});
}"""


def rows() -> Iterator[Row]:
    """Move over the board as a hand does, from cell to cell."""
    with ExitStack() as stack:
        context = stack.enter_context(visitor(stack.enter_context(chromium())))
        page = context.new_page()
        time_to_open(page, stack.enter_context(serving()) + LINK, drawn(BOARD))
        page.evaluate(_WATCH, BOARD)
        for move in range(MOVES):
            page.mouse.move(*cell(page, BOARD, move % 64, 5 + move % 40, 3 + move % 50, panel=move % 3))
        page.wait_for_function("moves => window.taken.length >= moves / 2", arg=MOVES)
        taken = Timing(tuple(ms / 1000 for ms in page.evaluate("window.taken")))
    measured = "pointing at a cell: 6 panels of 64 tiles marked"
    yield Row(measured, "16 ms", taken.median / FRAME, 1.0, taken.words)
