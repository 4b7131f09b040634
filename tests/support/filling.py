"""Values for networks that are built without any: quicker than the usual random start, for large ones."""

import math

import torch
from torch import nn


def with_some_values(module: nn.Module) -> nn.Module:
    """Fill parameters quickly and the same every time, so that values neither vanish nor explode."""
    block = torch.rand(2**20, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                count = parameter.numel()
                values = block.repeat(math.ceil(count / len(block)))[:count].view(parameter.shape)
                if parameter.ndim > 1:
                    values *= math.sqrt(3 / parameter[0].numel())
                else:
                    values.mul_(0.1).add_(0 if name == "bias" else 1)
                part._parameters[name] = nn.Parameter(values)
    return module.eval()
