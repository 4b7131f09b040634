"""A network whose layers are hard to draw: one cell, no channel, 2,048 channels, nothing finite."""

import torch
from torch import Tensor, nn

from actviz_core.models import OwnNetwork


class Unusual(nn.Module):
    """Each layer takes the picture, and the answer is the mean of one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.many = nn.Conv2d(3, 2048, 8, stride=8)
        self.one_cell = nn.AdaptiveMaxPool2d(1)
        self.none = nn.Identity()
        self.nothing_finite = nn.Identity()

    def forward(self, inputs: Tensor) -> Tensor:
        """Run every layer."""
        self.one_cell(inputs)
        self.none(inputs[:, :0])
        self.nothing_finite(torch.full_like(inputs, torch.nan))
        answer: Tensor = self.many(inputs).mean((1, 2, 3))[:, None]
        return answer


def build() -> OwnNetwork:
    """Build it for ``ACTVIZ_MODELS``."""
    torch.manual_seed(0)
    return OwnNetwork(Unusual())
