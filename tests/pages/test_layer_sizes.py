"""The whole network at a glance: true sizes, a click chooses a layer, and what goes wrong is told."""

from collections.abc import Callable

import numpy as np
import pytest
from torch import Tensor, nn

from actviz_core.samples import open_sample
from actviz_core.workspace.shared import Workspace
from tests.hooks.gradient_reference import hooked_gradients
from tests.hooks.reference import cloned_activations
from tests.pages.truth import IMAGE, LAYERS, model
from tests.pages.visit import check_fine, check_sound, click, figure, read_page, visit
from tests.toy_models import Flaws


def size(values: Tensor) -> float:
    return float(np.sqrt(np.mean(np.square(values.numpy().astype(np.float64)))))


def test_every_innermost_layer_has_its_true_sizes() -> None:
    app = visit("layers", {"class": "5"})
    check_fine(app)
    network = model()
    x = network.preprocess(open_sample(IMAGE).image)
    forward = cloned_activations(network.module, x)
    back = hooked_gradients(network.module, x, lambda answer: answer[0, 5])
    leaves = [name for name, module in network.module.named_modules() if name and not [*module.children()]]
    drawing = figure(app, "layers_sizes")
    calls = drawing["layout"]["meta"]["panels"][0]["items"]
    assert sorted(calls) == sorted(name for name in leaves if name in forward)
    activations, gradients = drawing["data"]
    assert activations["y"] == pytest.approx([size(forward[call][0]) for call in calls])
    assert gradients["y"] == pytest.approx(
        [size(gradient) for call in calls if (gradient := back[call]) is not None]
    )
    assert "activations keep within a factor of 1,000, and so do gradients." in read_page(app)
    assert "Gradients are those of dog." in read_page(app)


def test_a_click_chooses_a_layer_and_another_one_leaves_it_out() -> None:
    app = visit("layers")
    click(app, "layers_sizes", "layer2.1.conv2")
    assert app.query_params["layers"] == [*LAYERS, "layer2.1.conv2"]
    click(app, "layers_sizes", "layer2.1.conv2")
    assert app.query_params["layers"] == LAYERS


class Scaled(nn.Module):
    """Multiplies what passes through."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def chain(*middle: nn.Module) -> nn.Module:
    last = nn.Linear(192, 3)
    nn.init.constant_(last.weight, 0.1)
    return nn.Sequential(Scaled(1.0), *middle, nn.Flatten(), last)


@pytest.mark.parametrize(
    ("middle", "words"),
    [
        (Scaled(0.0), "1 returns nothing but zeros; 1 more do too."),
        (Scaled(0.0), "Up to 0, the gradient of "),
        (Scaled(1e6), "Activations explode: "),
        (Scaled(1e6), "The gradient explodes towards the picture: at 0 it is "),
        (Scaled(1e-7), "Activations vanish: "),
        (Scaled(1e-7), "The gradient vanishes towards the picture: at 0 it is "),
    ],
)
def test_what_vanishes_explodes_or_is_zero_is_told(
    middle: nn.Module, words: str, serve_toy: Callable[[nn.Module], Workspace]
) -> None:
    serve_toy(chain(middle))
    app = visit("layers")
    check_sound(app)
    assert words in read_page(app)


def test_values_that_are_not_finite_are_told_with_their_layer(
    serve_toy: Callable[[nn.Module], Workspace],
) -> None:
    serve_toy(chain(Flaws(float("nan"))))
    app = visit("layers")
    check_fine(app)
    assert "1 is the first layer with values that are not finite." in read_page(app)
    assert "So no gradients are shown." in read_page(app)
