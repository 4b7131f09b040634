"""Small transformers and CNNs whose layouts are known."""

import pytest
from torch import nn
from torchvision.models import ConvNeXt, MaxVit, SwinTransformer, VisionTransformer
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2


def vit(dim: int = 32) -> nn.Module:
    return VisionTransformer(64, 16, 2, 2, dim, 48, num_classes=5)


def swin(dim: int = 24, *, second: bool = False) -> nn.Module:
    more = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2} if second else {}
    return SwinTransformer(
        [4, 4], dim, [2, 2], [2, 4], [4, 4], stochastic_depth_prob=0.1, num_classes=5, **more
    )


def maxvit() -> nn.Module:
    return MaxVit((128, 128), 8, 4, [8, 16], [2, 1], head_dim=4, stochastic_depth_prob=0.1, num_classes=5)


def convnext(dim: int = 24) -> nn.Module:
    return ConvNeXt([CNBlockConfig(dim, 40, 2), CNBlockConfig(40, None, 1)], 0.1, 1.0, num_classes=5)


def timm_network(name: str, **more: object) -> nn.Module:
    timm = pytest.importorskip("timm")
    return timm.create_model(name, num_classes=5, **more)
