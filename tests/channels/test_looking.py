"""Which pixels matter for a cell: its gradient, recomputed with plain torch."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from actviz_core.channels.input_box import ReceptiveField
from actviz_core.channels.looking import Look, look
from actviz_core.layouts.of_network import layout_of
from tests.hooks.reference import cloned_activations


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3, stride=2)).eval()


def looked(module: nn.Module, x: Tensor, call: str, channel: int, cell: tuple[int, int]) -> Look:
    value = cloned_activations(module, x)[call][0]
    return look(module, x, call, layout_of(module, call, tuple(value.shape), (12, 12)), channel, cell)


def test_shares_are_the_gradients_of_the_cells_value() -> None:
    module, x = network(), torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    found = looked(module, x, "2", 3, (1, 2))
    variable = x.clone().requires_grad_()
    module(variable)[0, 3, 1, 2].backward()
    assert variable.grad is not None
    size = variable.grad[0].double().abs().sum(0).numpy()
    assert found.shares is not None
    np.testing.assert_allclose(found.shares, size / size.sum(), rtol=1e-6)
    rows, columns = np.nonzero(size)
    box = found.field
    assert (box.top, box.bottom) == (rows.min(), rows.max() + 1)
    assert (box.left, box.right) == (columns.min(), columns.max() + 1)


class TwoNames(nn.Module):
    """A convolution that the network calls by one of its two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.second = nn.Conv2d(3, 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.first(x)
        return out


def test_a_layer_answers_to_each_of_its_names() -> None:
    module, x = TwoNames().eval(), torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    layout = layout_of(module, "first", (1, 5, 10, 10), (12, 12))
    one, other = (look(module, x, name, layout, 3, (1, 2)) for name in ("first", "second"))
    assert one.field == other.field
    assert one.shares is not None
    assert other.shares is not None
    np.testing.assert_array_equal(one.shares, other.shares)


def test_half_of_the_gradient_is_in_as_few_pixels_as_can_be() -> None:
    shares = np.array([[0.1, 0.3], [0.25, 0.35]])
    assert Look(ReceptiveField(0, 2, 0, 2, (2, 2)), shares).pixels_of_half == 2
    assert Look(ReceptiveField(0, 2, 0, 2, (2, 2)), np.zeros((2, 2))).pixels_of_half == 0


class Spectrum(nn.Module):
    """Returns complex numbers, of which the magnitude is drawn."""

    def forward(self, x: Tensor) -> Tensor:
        spectrum: Tensor = torch.fft.fft2(x)
        return spectrum


def test_of_a_complex_cell_the_gradient_is_that_of_its_magnitude() -> None:
    module, x = nn.Sequential(Spectrum()), torch.rand(1, 3, 12, 12)
    found = looked(module, x, "0", 1, (2, 3))
    variable = x.clone().requires_grad_()
    torch.fft.fft2(variable)[0, 1, 2, 3].abs().backward()
    assert variable.grad is not None
    size = variable.grad[0].double().abs().sum(0).numpy()
    assert found.shares is not None
    np.testing.assert_allclose(found.shares, size / size.sum(), rtol=1e-5)


def test_a_silent_cell_has_a_box_and_no_gradient() -> None:
    module = network()
    with torch.no_grad():
        module[0].bias[:] = -100.0  # type: ignore[index]
    found = looked(module, torch.rand(1, 3, 12, 12), "1", 0, (4, 4))
    assert (found.field.height, found.field.width) == (3, 3)
    assert found.shares is not None
    assert not found.shares.any()


class Rounds(nn.Module):
    """Counts in whole numbers, which have no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.count = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.count((10 * x).to(torch.int32))


@pytest.mark.filterwarnings("ignore")
def test_without_gradients_it_says_so() -> None:
    module, x = Rounds(), torch.rand(1, 3, 12, 12)
    found = looked(module, x, "count", 0, (4, 4))
    assert found.shares is None
    assert found.why_none == "Torch follows no gradient from this layer to the picture."
