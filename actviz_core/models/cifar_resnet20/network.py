"""ResNet-20 for 32x32 pictures, as in He et al. 2015, section 4.2 (arXiv:1512.03385).

Every step of the computation is a module of its own, also each ReLU, each sum and each shortcut, so that
every one of them can be looked at. Exported scripts hold a copy of these classes, word for word.
"""

import torch
from torch import Tensor, nn

# Per-channel mean and standard deviation of the CIFAR-10 training pictures, scaled to 0..1, as used across
# the literature.
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)

SIZE = 32


class ZeroPadShortcut(nn.Module):
    """The parameter-free shortcut "option A": every second pixel, new channels filled with zeros."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.new_channels = channels_out - channels_in

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C_in, H, W) to (N, C_out, H / 2, W / 2)."""
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.new_channels))


class Add(nn.Module):
    """The sum of a block's two branches, as a module."""

    def forward(self, residual: Tensor, shortcut: Tensor) -> Tensor:
        """Add two tensors of the same shape."""
        return residual + shortcut


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm, plus a shortcut around them."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.shortcut: nn.Module = (
            nn.Identity() if stride == 1 else ZeroPadShortcut(channels_in, channels_out)
        )
        self.add = Add()
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C_in, H, W) to (N, C_out, H / stride, W / stride)."""
        residual = self.relu1(self.bn1(self.conv1(x)))
        residual = self.bn2(self.conv2(residual))
        out: Tensor = self.relu2(self.add(residual, self.shortcut(x)))
        return out


class CifarResNet20(nn.Module):
    """ResNet-20: a 3x3 convolution, three stages of three blocks (16, 32, 64 channels), one linear layer."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        self.layer1 = stage(16, 16, stride=1)
        self.layer2 = stage(16, 32, stride=2)
        self.layer3 = stage(32, 64, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised pictures (N, 3, 32, 32) to logits (N, classes)."""
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        logits: Tensor = self.fc(self.flatten(self.avgpool(x)))
        return logits


def seeded_network(seed: int) -> CifarResNet20:
    """Make a fresh network with He-normal convolutions (arXiv:1502.01852), the same for the same seed."""
    network = CifarResNet20()
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def stage(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    """Three blocks, the first of which may halve rows and columns."""
    return nn.Sequential(
        BasicBlock(channels_in, channels_out, stride),
        BasicBlock(channels_out, channels_out, 1),
        BasicBlock(channels_out, channels_out, 1),
    )
