"""Layers that run and return no tensor are told so by name of what they return, on every page."""

from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

from actviz_core.workspace.shared import Workspace
from tests.odd_modules import beside
from tests.pages.visit import check_sound, read_page, said, table, visit

RETURNED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "none": (lambda _: None, "None"),
    "number": (lambda x: float(x.mean()), "a number (float)"),
    "generator": (lambda x: (row for row in x), "an iterator (generator)"),
    "object": (lambda _: object(), "an object (object)"),
}
SIDE = "between.side"


@pytest.mark.parametrize("kind", RETURNED)
def test_what_a_layer_returned_instead_of_a_tensor_is_said(
    kind: str, serve_toy: Callable[[nn.Module], Workspace]
) -> None:
    function, words = RETURNED[kind]
    serve_toy(beside(function))
    message = f"{SIDE} runs and returns {words}, which holds no tensor to show."
    link = {"layers": [SIDE, "conv"]}
    rows = table(visit("layers", link)).set_index("Full name")
    assert rows.loc[SIDE, "Output"] == words
    assert rows.loc[SIDE, "Calls"] == 1
    assert said(visit("activations", link)) == [message]
    start = visit("start", link)
    check_sound(start)
    assert message in read_page(start)
    compared = visit("compare", {**link, "panel": [f",,{SIDE}", ",,conv"]})
    assert said(compared) == [message]
    assert all("never run" not in read_page(visit(page, link)) for page in ("layers", "start", "compare"))
