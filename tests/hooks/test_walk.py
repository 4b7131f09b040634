"""The quick walk over a network gives what torch's own gives."""

from collections.abc import Callable

import pytest
from torch import nn
from torchvision.models import maxvit_t, resnet18, swin_t

from actviz_core.hooks.walk import all_names, named_modules


def shared() -> nn.Module:
    layer = nn.Conv2d(1, 1, 1)
    network = nn.Sequential(layer, nn.Sequential(nn.ReLU(), layer), nn.ModuleDict({"a": layer}))
    network.register_module("empty", None)
    return network


@pytest.mark.parametrize("build", [shared, resnet18, swin_t, maxvit_t])
def test_names_and_modules_come_in_torchs_order(build: Callable[[], nn.Module]) -> None:
    network = build()
    assert named_modules(network) == list(network.named_modules())
    assert all_names(network) == list(network.named_modules(remove_duplicate=False))
