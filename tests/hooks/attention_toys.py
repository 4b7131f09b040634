"""Toy networks, one per way of computing attention; each class's first line names its trap."""

import math
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import VisionTransformer

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
