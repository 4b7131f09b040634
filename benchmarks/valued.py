"""From choosing gradients until 64 channels of 56x56 are painted, against the same click for activations.

Every round asks for a class that nobody asked for before, so that the network is followed back for it; what
is switched back to was captured already. Against it stands that click and torch's own backward pass.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import torch
from playwright.sync_api import Page
from torchvision.models import resnet18

from benchmarks.browser import (
    Painting,
    chromium,
    drawn,
    painted_rows,
    paintings_in_turns,
    time_of_click,
    time_to_open,
    visitor,
)
from benchmarks.servers import serving
from benchmarks.stopwatch import timed
from benchmarks.table import Row

ROUNDS = 9
LAYER = "layer1.0.conv1"
GRID = drawn("activations_grid")
LINK = f"/activations?model=resnet18@random&image=bundled-imagenet/0&layers={LAYER}"


def rows() -> Iterator[Row]:
    """Switch back and forth in one tab of a browser."""
    backward = _backward()
    with ExitStack() as stack:
        context = stack.enter_context(visitor(stack.enter_context(chromium())))
        page, url = context.new_page(), stack.enter_context(serving())
        classes = count()

        def gradient() -> Painting:
            time_to_open(page, f"{url}{LINK}&class={next(classes)}", GRID)
            return _choose(page, "gradient")

        taken = paintings_in_turns(
            {
                "gradient": gradient,
                "activation": lambda: _choose(page, "activation").later(backward()),
            },
            rounds=ROUNDS,
            warm_up=2,
        )
    measured = "click to values=gradient to painted, 64 of 56x56"
    against = "the same to activation + torch's backward"
    yield from painted_rows(measured, against, taken["gradient"], taken["activation"], 1.5)


def _choose(page: Page, values: str) -> Painting:
    page.get_by_role("combobox", name="Values").first.click()
    return time_of_click(page, page.get_by_role("option", name=values, exact=True), GRID)


def _backward() -> Callable[[], float]:
    """Every call gives the seconds of a backward pass of resnet18, from a class to the layer."""
    torch.manual_seed(0)
    network = resnet18().eval()
    inputs = torch.randn(1, 3, 224, 224)

    def variant() -> float:
        kept: list[torch.Tensor] = []
        handle = network.get_submodule(LAYER).register_forward_hook(
            lambda _module, _arguments, output: kept.append(output)
        )
        try:
            number = network(inputs)[0, 0]
        finally:
            handle.remove()
        return timed(lambda: torch.autograd.grad(number, kept))()

    return variant
