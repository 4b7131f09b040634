"""A receptive field by arithmetic, by changes where NaN does not tell it, and its errors."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from actviz_core.channels.input_box import Evidence, ReceptiveField
from actviz_core.channels.receptive_field import receptive_field
from actviz_core.errors import ChannelError, ShapeError, UnknownLayerError
from actviz_core.models.building import on_meta_device
from tests.support.filling import with_some_values

SHAPE = (1, 3, 16, 20)
Sides = tuple[int, int, int, int]


def sides(box: ReceptiveField) -> Sides:
    return box.top, box.bottom, box.left, box.right


@pytest.mark.parametrize(
    ("layer", "cell", "expected"),
    [
        (nn.Conv2d(3, 2, 3), (0, 0), (0, 3, 0, 3)),
        (nn.Conv2d(3, 2, 3, padding=1), (0, 5), (0, 2, 4, 7)),
        (nn.Conv2d(3, 2, 3, stride=2), (2, 3), (4, 7, 6, 9)),
        (nn.Conv2d(3, 2, (3, 2), dilation=(4, 3)), (1, 2), (1, 10, 2, 6)),
        (nn.Conv2d(3, 3, (1, 5), groups=3, padding=(0, 2)), (7, 0), (7, 8, 0, 3)),
        (nn.ConvTranspose2d(3, 2, 4, stride=2), (5, 5), (1, 3, 1, 3)),
        (nn.MaxPool2d(3, 2, ceil_mode=True), (7, 9), (14, 16, 18, 20)),
        (nn.AdaptiveAvgPool2d((3, 4)), (1, 1), (5, 11, 5, 10)),
        (nn.Upsample(scale_factor=2), (5, 6), (2, 3, 3, 4)),
        (nn.PixelUnshuffle(2), (3, 4), (6, 8, 8, 10)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_known_layers_have_the_field_that_their_arithmetic_says(
    layer: nn.Module, cell: tuple[int, int], expected: Sides
) -> None:
    assert sides(receptive_field(nn.Sequential(layer), SHAPE, "0", cell)) == expected


def test_a_channel_of_a_joined_layer_may_see_less_than_the_cell() -> None:
    class Branches(nn.Module):
        """Kernels of two sizes side by side, as in Inception."""

        def __init__(self) -> None:
            super().__init__()
            self.small = nn.Conv2d(3, 2, 1)
            self.large = nn.Conv2d(3, 2, 5, padding=2)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([self.small(x), self.large(x)], 1)

    module = Branches()
    assert sides(receptive_field(module, SHAPE, "/cat#1", (8, 8), channel=1)) == (8, 9, 8, 9)
    assert sides(receptive_field(module, SHAPE, "/cat#1", (8, 8), channel=2)) == (6, 11, 6, 11)
    assert sides(receptive_field(module, SHAPE, "/cat#1", (8, 8))) == (6, 11, 6, 11)


def test_a_layer_that_looks_at_everything_says_so_and_a_grown_field_does_not() -> None:
    pooled = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 5))
    for layer in ("1", "2", "3"):
        box = receptive_field(pooled, SHAPE, layer, (0, 0))
        assert box.sees_all
        assert box.layer_sees_all
    assert box.sentence() == "Every cell of this layer can depend on every part of the picture."
    grown = nn.Sequential(nn.Conv2d(3, 2, 31, padding=15))
    middle, corner = (receptive_field(grown, SHAPE, "0", cell) for cell in ((8, 10), (0, 0)))
    assert sides(corner) == (0, 16, 0, 16)
    assert not corner.sees_all
    assert (
        corner.sentence()
        == "This cell can depend on 16 x 16 of the picture's 16 x 20 pixels, and on no other."
    )
    assert not middle.layer_sees_all


class SwallowsNaN(nn.Module):
    """A ReLU written so that NaN becomes zero, in one branch of two."""

    def __init__(self, *, everywhere: bool) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 2, 5, padding=2)
        self.narrow = nn.Conv2d(3, 2, 1)
        self.everywhere = everywhere

    def forward(self, x: Tensor) -> Tensor:
        wide, narrow = self.wide(x), self.narrow(x)
        if self.everywhere:
            narrow = torch.where(narrow > 0, narrow, torch.zeros(()))
        return torch.where(wide > 0, wide, torch.zeros(())) + narrow


class RefusesNaN(nn.Module):
    """Raises where a picture is no number."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        if x.isnan().any():
            raise ValueError("not a number")
        return self.conv(x)


@pytest.mark.parametrize(
    ("module", "layer"),
    [(SwallowsNaN(everywhere=False), ""), (SwallowsNaN(everywhere=True), ""), (RefusesNaN(), "conv")],
    ids=["swallows some", "swallows all", "refuses"],
)
def test_a_network_that_does_not_pass_nan_on_is_searched_by_changes_and_says_so(
    module: nn.Module, layer: str
) -> None:
    with torch.no_grad():
        for conv in (part for part in module.modules() if isinstance(part, nn.Conv2d)):
            conv.bias.fill_(4)  # type: ignore[union-attr]  # so that what is compared with zero lets changes through
    box = receptive_field(module, SHAPE, layer, (8, 8))
    assert box.evidence is Evidence.CHANGES
    assert sides(box) == (6, 11, 6, 11)
    assert box.sentence().startswith("This cell depends on at least 5 x 5")


def test_pictures_that_change_each_other_are_sent_one_by_one() -> None:
    class Together(nn.Module):
        """Subtracts the mean over the batch."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x - 0.5 * x.mean(0, keepdim=True))

    class OneOnly(nn.Module):
        """Takes one picture at a time."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x.view(1, *SHAPE[1:]))

    for module in (Together(), OneOnly()):
        box = receptive_field(module, SHAPE, "conv", (4, 5))
        assert (sides(box), box.evidence) == ((4, 7, 5, 8), Evidence.NAN)


class Misleading(torch.autograd.Function):
    """Passes on a gradient of one for every value, whatever was computed."""

    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Tensor:
        return x.roll(3, -1)

    @staticmethod
    def backward(_ctx: Any, gradient: Tensor) -> Tensor:
        return torch.ones_like(gradient) if gradient.any() else gradient


def test_gradients_that_mislead_or_are_missing_change_nothing() -> None:
    class Rolls(nn.Module):
        """Moves the picture by three pixels."""

        def __init__(self, how: Callable[[Tensor], Tensor]) -> None:
            super().__init__()
            self.how = how
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(self.how(x))

    misled, missing = Rolls(Misleading.apply), Rolls(lambda x: x.detach().roll(3, -1))
    for module in (misled, missing):
        assert sides(receptive_field(module, SHAPE, "conv", (4, 6))) == (4, 7, 3, 6)


def test_pooling_that_hides_pixels_from_the_gradient_does_not_shrink_the_box() -> None:
    module = nn.Sequential(nn.MaxPool2d(7, 1), nn.MaxPool2d(5, 1))
    assert sides(receptive_field(module, SHAPE, "1", (2, 4), channel=0)) == (2, 13, 4, 15)


def test_what_does_not_depend_on_the_picture_has_an_empty_box() -> None:
    class Constant(nn.Module):
        """Adds a learned map, which is a layer's output of its own."""

        class Learned(nn.Module):
            """Returns its parameter."""

            def __init__(self) -> None:
                super().__init__()
                self.map = nn.Parameter(torch.ones(1, 2, 4, 4))

            def forward(self) -> Tensor:
                return self.map

        def __init__(self) -> None:
            super().__init__()
            self.learned = self.Learned()

        def forward(self, x: Tensor) -> Tensor:
            return x.mean() + self.learned()

    box = receptive_field(Constant(), SHAPE, "learned", (1, 1))
    assert box.empty
    assert box.sentence() == "No change of the picture that was tried changes this cell's value."


def test_each_call_of_a_shared_layer_has_its_own_field_also_in_half_precision() -> None:
    shared = nn.Conv2d(3, 3, 3, padding=1)
    module = nn.Sequential(shared, nn.Conv2d(3, 3, 1), shared).to(torch.bfloat16)
    # Some processors' kernels for half precision multiply a neighbour by zero in each layer: NaN shows it.
    for call, exact in (("0#1", (7, 10, 7, 10)), ("0#2", (6, 11, 6, 11))):
        found = sides(receptive_field(module, SHAPE, call, (8, 8)))
        too_far = [exact[0] - found[0], found[1] - exact[1], exact[2] - found[2], found[3] - exact[3]]
        assert set(too_far) <= {0, 1, 2}, found


def test_the_network_is_left_as_found() -> None:
    module = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Dropout()).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.get_rng_state()
    receptive_field(module, SHAPE, "2", (1, 1))
    assert torch.get_rng_state().equal(state)
    assert all(part.training for part in module.modules())
    assert all(value.equal(before[name]) for name, value in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_it_takes_at_most_twelve_passes_that_end_at_the_layer() -> None:
    runs: list[int] = []
    module = with_some_values(on_meta_device(lambda: get_model("resnet18")))
    module.get_submodule("conv1").register_forward_hook(
        lambda _module, inputs, _output: runs.append(len(inputs[0]))
    )
    module.get_submodule("layer1.1").register_forward_hook(lambda *_: runs.append(1000))
    receptive_field(module, (1, 3, 224, 224), "layer1.0.conv1", (20, 30))
    assert len(runs) <= 12
    assert max(runs) <= 4


def test_errors_say_what_is_there() -> None:
    convolution = nn.Conv2d(3, 2, 3)
    module = nn.Sequential(convolution, nn.ReLU())
    with pytest.raises(
        ChannelError, match="no cell in row 14, column 0: the maps of '0' have 14 rows and 18 col"
    ):
        receptive_field(module, SHAPE, "0", (14, 0))
    with pytest.raises(ChannelError, match="no channel 2: '0' has the channels 0 to 1"):
        receptive_field(module, SHAPE, "0", (0, 0), channel=2)
    with pytest.raises(UnknownLayerError, match="'conv' is not a layer"):
        receptive_field(module, SHAPE, "conv", (0, 0))
    with pytest.raises(ShapeError, match=r"\(N, C, H, W\); got \(3, 16, 20\)"):
        receptive_field(module, SHAPE[1:], "0", (0, 0))
    with torch.no_grad():
        convolution.weight.fill_(torch.nan)
    with pytest.raises(ChannelError, match="no finite value in this cell of '1'"):
        receptive_field(module, SHAPE, "1", (0, 0))
