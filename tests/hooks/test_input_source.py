"""What goes into a layer is traced to the layer or step that made it."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import densenet121

from actviz_core import load_model
from actviz_core.errors import UnknownLayerError
from actviz_core.hooks import input_source
from tests.hooks import toys

PICTURE = torch.zeros(1, 3, 32, 32)


def test_the_bundled_network_is_traced_layer_by_layer() -> None:
    module = load_model("cifar-resnet20").module
    assert input_source(module, PICTURE, "layer1.0.bn1") == "layer1.0.conv1#1"
    assert input_source(module, PICTURE, "layer2.0.conv1") == "layer1#1"
    assert input_source(module, PICTURE, "fc") == "flatten#1"
    assert input_source(module, PICTURE, "conv1") is None


def test_steps_count_and_views_do_not() -> None:
    class Steps(nn.Module):
        """A sum goes into one layer, a view into another."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.third(self.second(self.first(x) + x).view(1, -1, 4))

    x = torch.zeros(1, 3, 4, 4)
    assert input_source(Steps(), x, "second") == "/add#1"
    assert input_source(Steps(), x, "third") is None
    with torch.device("meta"):
        module = densenet121()
        assert input_source(module, torch.empty(1, 3, 32, 32), "features.denseblock1.denselayer2.conv2") == (
            "features.denseblock1.denselayer2.relu2#1"
        )


def test_in_place_and_shared_layers_are_named_by_the_call_that_came_last() -> None:
    assert input_source(toys.InPlaceAfter(), PICTURE, "relu") == "bn#1"
    module = nn.Sequential(toys.InPlaceAfter(), nn.Conv2d(4, 2, 1))
    assert input_source(module, PICTURE, "1") == "0#1"
    assert input_source(toys.ReusedReLU(), torch.zeros(2, 5), "second") == "relu#2"


def test_names_that_are_not_there_or_never_run_are_refused_and_no_hook_stays() -> None:
    module = toys.NeverCalled()
    with pytest.raises(UnknownLayerError, match="'unused' never ran"):
        input_source(module, torch.zeros(2, 5), "unused")
    with pytest.raises(UnknownLayerError, match="'none' is not a layer"):
        input_source(module, torch.zeros(2, 5), "none")
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
