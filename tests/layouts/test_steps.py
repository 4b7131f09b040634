"""Layouts of steps: certain where neither their function nor those beside it can have moved anything."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from actviz_core.hooks import capture
from actviz_core.layouts.of_network import layout_of


class WrittenOutAttention(nn.Module):
    """Attention of single steps between convolutions: its weights have the shape of maps."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Conv2d(4, 4, 1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (part(x).flatten(2) for part in (self.query, self.key, self.value))
        weights = (query.reshape(1, 4, -1, 1) * 0.5) @ key.reshape(1, 4, 1, -1)
        mixed = weights.softmax(-1) @ value.unsqueeze(-1)
        return F.relu(mixed.reshape(x.shape) + x)


class Joined(nn.Module):
    """Steps that put values or axes together, after a layer that leaves no doubt."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x)) * 2
        above = torch.cat([x, x], 2)
        beside = torch.cat([x, x], 1)
        return F.max_pool2d(above, 2).mean() + torch.stack([beside, beside]).sum()


class Turns(nn.Module):
    """A step that moves everything aside: what comes after it lies aside too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.roll(self.conv(x), 2, 3) + 1
        return F.max_pool2d(x, 2)[None] * 2


@pytest.mark.parametrize(
    ("network", "certain"),
    [
        (WrittenOutAttention, set()),
        (Joined, {"/relu#1", "/mul#1", "/cat#2", "/max_pool2d#1", "/mean#1", "/sum#1", "/add#1"}),
        (Turns, {"/max_pool2d#1"}),
    ],
)
def test_a_step_that_may_have_moved_axes_or_places_is_called_a_guess(
    network: type[nn.Module], certain: set[str]
) -> None:
    module = network().eval()
    channels = next(module.parameters()).shape[1]
    record = capture(module, torch.rand(1, channels, 4, 4), steps=True)
    steps = [call for call in record if "/" in call]
    layouts = {call: layout_of(module, call, record[call].shape, (4, 4), steps=steps) for call in steps}
    assert {call for call in steps if layouts[call].certain} == certain
    assert [call for call in steps if not layouts[call].on_picture and "roll" in call] == [
        call for call in steps if "roll" in call
    ]
