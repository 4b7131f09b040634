"""Toy networks, one per way of computing attention; each class's first line names its trap."""

import math
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import MaxVit, VisionTransformer

TOKENS = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(3))

Network = TypeVar("Network", bound=nn.Module)


def seeded(network: Network) -> Network:
    """Weights large enough for attention that is far from uniform."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "norm" not in name and "ln" not in name:
                spread = 1.5 / math.sqrt(parameter.shape[-1])
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
    return network.eval()


def small_vit() -> VisionTransformer:
    """Two blocks of four heads on a grid of 4 x 4 patches and a class token."""
    return seeded(
        VisionTransformer(image_size=64, patch_size=16, num_layers=2, num_heads=4, hidden_dim=32, mlp_dim=64)
    )


def small_maxvit() -> MaxVit:
    """A grid of 16 x 16 and one of 8 x 8; windows of 4 x 4 side by side, then spread over the grid."""
    return seeded(
        MaxVit((64, 64), 8, 4, [16, 32], [1, 1], head_dim=8, stochastic_depth_prob=0.0, num_classes=3)
    )


def picture(size: int, count: int = 1) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(5))


class SelfAttention(nn.Module):
    """`nn.MultiheadAttention` on its fast path, then in place over its result."""

    def __init__(self, *, batch_first: bool = True, need_weights: bool = False) -> None:
        super().__init__()
        self.need_weights = need_weights
        self.attention = nn.MultiheadAttention(8, 2, batch_first=batch_first)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        out, _ = self.attention(x, x, x, need_weights=self.need_weights, attn_mask=mask)
        out += x
        return out


class CrossAttention(nn.Module):
    """Queries are not the keys, and a key of zeros is added."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, add_zero_attn=True)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.attention(x[:, :2], x, x, need_weights=False)[0]
        return out


class FusedAttention(nn.Module):
    """``scaled_dot_product_attention`` with a causal mask, a scale of its own and shared key heads."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 16)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.project(x).unflatten(2, (-1, 4)).transpose(1, 2).split([2, 1, 1], 1)
        return F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=0.3, enable_gqa=True)


class MaskedFusedAttention(nn.Module):
    """``scaled_dot_product_attention`` with a mask of booleans, called twice."""

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(-1)
        heads = x.unflatten(2, (2, 4)).transpose(1, 2)
        for _ in range(2):
            heads = F.scaled_dot_product_attention(heads, heads, heads, attn_mask=mask)
        return heads


class WrittenOut(nn.Module):
    """The softmax is written out and then overwritten; another softmax is no attention."""

    def __init__(self) -> None:
        super().__init__()
        self.num_heads = 2
        self.softmax = nn.Softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        heads = x.unflatten(2, (2, 4)).transpose(1, 2)
        weights = self.softmax(heads @ heads.transpose(-2, -1))
        out = (weights @ heads).transpose(1, 2).flatten(2)
        weights.zero_()
        return out.softmax(-1)


class WindowsBesideHeads(nn.Module):
    """Five axes: two heads and three windows of four tokens, in either order, written out or fused."""

    num_heads = 2

    def __init__(self, *, heads_first: bool, fused: bool = False, windows: int = 3) -> None:
        super().__init__()
        self.heads_first, self.fused, self.windows = heads_first, fused, windows
        self.qkv = nn.Linear(8, 24)

    def forward(self, x: Tensor) -> Tensor:
        cut = self.qkv(x).unflatten(1, (self.windows, -1)).unflatten(-1, (3, 2, 4))  # N G L 3 A c
        query, key, value = cut.permute(*((3, 0, 4, 1, 2, 5) if self.heads_first else (3, 0, 1, 4, 2, 5)))
        if self.fused:
            mixed = F.scaled_dot_product_attention(query, key, value, scale=1.0)
        else:
            mixed = (query @ key.transpose(-2, -1)).softmax(-1) @ value
        order = (0, 2, 3, 1, 4) if self.heads_first else (0, 1, 3, 2, 4)
        return mixed.permute(*order).flatten(3).flatten(1, 2)


class HeadAfterHead(nn.Module):
    """Each head has a softmax of its own, over the result of the head before it."""

    def __init__(self, heads: int = 3) -> None:
        super().__init__()
        self.num_heads = heads

    def forward(self, x: Tensor) -> Tensor:
        heads: list[Tensor] = []
        for part in x[..., :6].chunk(self.num_heads, -1):
            tokens = part if not heads else part + heads[-1]
            weights = (tokens @ tokens.transpose(-2, -1)).softmax(-1)
            heads.append((tokens.transpose(-2, -1) @ weights.transpose(-2, -1)).transpose(-2, -1))
        return torch.cat(heads, -1)


class OneHead(nn.Module):
    """Tells no number of heads; another softmax of three axes multiplies nothing: it is no attention."""

    def forward(self, x: Tensor) -> Tensor:
        weights = (x @ x.transpose(-2, -1)).softmax(-1)
        return (weights @ x).softmax(-1) + 1


class OverChannels(nn.Module):
    """Each of two heads weighs its four channels, as XCiT does."""

    num_heads = 2

    def forward(self, x: Tensor) -> Tensor:
        channels = F.normalize(x.unflatten(2, (2, 4)).permute(0, 2, 3, 1), dim=-1)
        weights = (channels @ channels.transpose(-2, -1)).softmax(-1)
        return (weights @ channels).permute(0, 3, 1, 2).flatten(2)
