"""More layers than fit into the cache are refused before they are computed, and the app goes on."""

import gc
import weakref
from collections.abc import Callable

import pytest

from actviz_core.workspace.shared import Workspace
from tests.pages.truth import LAYERS, MODEL, model
from tests.pages.visit import (
    check_fine,
    choose,
    described,
    drawn,
    go_to,
    press,
    read_page,
    said,
    visit,
    widget,
)

ALL = [name for name, _ in model().module.named_modules() if name]
REFUSED = (
    f"These {len(ALL)} layers together need 3.4 MB for one picture, and there is room for 1 MB. These fit: "
)


@pytest.fixture
def workspace(new_server: Callable[..., Workspace]) -> Workspace:
    return new_server(ACTVIZ_CACHE_MB="1")


@pytest.mark.parametrize("page", ["layers", "activations"])
def test_too_many_layers_are_told_with_those_that_fit_and_nothing_is_computed(
    page: str, workspace: Workspace
) -> None:
    app = visit(page, {"layers": ALL})
    (message,) = said(app)
    assert message.startswith(REFUSED)
    assert "conv1, bn1, relu, layer1, layer1.0, layer1.0.conv1 and " in message
    assert message.endswith(
        "Choose fewer layers, or ask whoever runs this server for a larger ACTVIZ_CACHE_MB."
    )
    assert "Network says" in read_page(app)  # the prediction is there all the same
    assert app.query_params["layers"] == ALL
    # The answer; on Layers, also the sizes of activations along the network: a number a layer.
    assert workspace.store.use().entries == (2 if page == "layers" else 1)
    choose(app, "Layers", LAYERS)
    check_fine(app)
    go_to(app, "activations")
    check_fine(app)
    assert "activations_grid" in drawn(app)


def test_one_press_keeps_the_layers_that_fit(workspace: Workspace) -> None:
    app = visit("activations", {"layers": ALL})
    press(app, "Keep the layers that fit")
    check_fine(app)
    kept = app.query_params["layers"]
    assert kept == list(workspace.fitting(model(), ALL))
    assert kept[:6] == ["conv1", "bn1", "relu", "layer1", "layer1.0", "layer1.0.conv1"]
    assert "activations_grid" in drawn(app)


def test_the_board_only_needs_room_for_its_panels(workspace: Workspace) -> None:
    app = visit("compare", {"layers": ALL})
    check_fine(app)
    assert app.query_params["panel"] == "chosen-layers"
    assert workspace.store.use().entries == 7  # six for "These layers", and the prediction


def test_a_board_of_layers_that_do_not_fit_together_begins_with_those_that_do(
    new_server: Callable[..., Workspace],
) -> None:
    new_server(ACTVIZ_CACHE_MB="2")
    app = visit("compare", {"model": "resnet18@random", "layers": ["conv1", "bn1", "layer1.0", "layer1.1"]})
    (message,) = said(app)
    assert message.startswith(
        "These 4 layers together need 8 MB for one picture, and there is room for 2 MB."
    )
    assert described(app, "compare_board") == "2 panels: 1 layer1.0; 2 layer1.1"


@pytest.mark.parametrize("page", ["start", "samples", "about"])
def test_pages_that_show_no_chosen_layer_go_on_as_ever(page: str, workspace: Workspace) -> None:
    app = visit(page, {"layers": ALL})
    check_fine(app)
    assert workspace.store.use().used_bytes < 2**20


@pytest.mark.usefixtures("workspace")
def test_the_layers_page_says_how_much_memory_the_choice_takes() -> None:
    app = visit("layers")
    assert "3 layers chosen: 16 + 32 + 64 channels, 0.1 MB for one picture" in read_page(app)
    press(app, "All convolutions")
    check_fine(app)
    assert "channels, 0.8 MB for one picture" in read_page(app)
    assert widget(app, "Layers").value


@pytest.mark.parametrize("page", ["activations", "compare"])
def test_an_open_page_does_not_hold_its_network(page: str, workspace: Workspace) -> None:
    app = visit(page)
    check_fine(app)
    module = weakref.ref(workspace.model(MODEL).module)
    workspace.networks.loaded.clear()
    gc.collect()
    assert module() is None
