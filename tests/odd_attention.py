"""Attention that is computed otherwise than in a plain vision transformer; each first line names its trap."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import MaxVit


class WindowAttention(nn.Module):
    """Attention whose tokens lie in windows, five axes (N, heads, windows, L, L), as NesT has it."""

    num_heads = 2

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(4, 12)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        tokens = x.reshape(n, c, 4, h * w // 4).permute(0, 2, 3, 1)
        q, k, v = self.qkv(tokens).reshape(n, 4, h * w // 4, 3, 2, 2).permute(3, 0, 4, 1, 2, 5)
        mixed = (q @ k.transpose(-2, -1)).softmax(-1) @ v
        return mixed.permute(0, 1, 4, 2, 3).reshape(n, c, h, w)


class ChannelAttention(nn.Module):
    """Attention between channels instead of places, as XCiT has it."""

    num_heads = 2

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q = F.normalize(x.reshape(n, 2, c // 2, h * w), dim=-1)
        return ((q @ q.transpose(-2, -1)).softmax(-1) @ q).reshape(n, c, h, w)


class HeadlessAttention(nn.Module):
    """Called attention, with no number of heads."""

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        tokens = flat.transpose(1, 2)
        return ((tokens @ flat).softmax(-1) @ tokens).transpose(1, 2).reshape(x.shape)


class ClassAttention(nn.Module):
    """Only the first token looks, as in XCiT's and CaiT's last blocks."""

    num_heads = 2

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2).unflatten(2, (2, -1)).transpose(1, 2)
        looked = (tokens[:, :, :1] @ tokens.transpose(-2, -1)).softmax(-1) @ tokens
        return x + looked.flatten(1)[:, :, None, None]


class CascadedAttention(nn.Module):
    """A softmax for each head, one after the other, as EfficientViT has it."""

    num_heads = 2

    def forward(self, x: Tensor) -> Tensor:
        heads: list[Tensor] = []
        for part in x.flatten(2).chunk(2, 1):
            tokens = part if not heads else part + heads[-1]
            weights = (tokens.transpose(1, 2) @ tokens).softmax(-1)
            heads.append(tokens @ weights.transpose(1, 2))
        return torch.cat(heads, 1).reshape(x.shape)


class Gate(nn.Module):
    """Called attention, but a gate for each place: it makes no weights."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x.mean(1, keepdim=True).sigmoid()


class SpatialAttention(Gate):
    """The name that such gates often have."""


def spread_windows() -> nn.Module:
    """Torchvision's MaxViT, whose windows lie side by side, then spread over the picture."""
    return nn.Sequential(
        nn.Upsample(scale_factor=4),
        MaxVit((32, 32), 8, 4, [16], [1], head_dim=8, stochastic_depth_prob=0.0, num_classes=3),
    )
