"""One network of each torchvision family: every call's gradient is bit for bit what a tensor hook gets."""

import pytest
import torch
from torch import nn
from torchvision.models import get_model

from actviz_core import capture_gradients
from actviz_core.models.building import on_meta_device
from tests.hooks.gradient_reference import hooked_gradients
from tests.support.filling import with_some_values

FAMILIES = {
    "alexnet": 64,
    "convnext_tiny": 32,
    "densenet121": 32,
    "efficientnet_b0": 32,
    "googlenet": 32,
    "inception_v3": 75,
    "maxvit_t": 224,
    "mnasnet0_5": 32,
    "mobilenet_v2": 32,
    "regnet_y_400mf": 32,
    "resnet18": 32,
    "shufflenet_v2_x0_5": 32,
    "squeezenet1_1": 32,
    "swin_t": 32,
    "vgg11": 32,
    "vit_b_16": 224,
}
WITHOUT_AUXILIARY = {"googlenet", "inception_v3"}


def built(family: str) -> nn.Module:
    arguments = {"aux_logits": False, "init_weights": False} if family in WITHOUT_AUXILIARY else {}
    return with_some_values(on_meta_device(lambda: get_model(family, **arguments)))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_gradient_is_bit_equal(family: str) -> None:
    module = built(family)
    side = FAMILIES[family]
    pictures = 1 if family == "maxvit_t" else 2  # it takes no smaller ones
    x = torch.rand((pictures, 3, side, side), generator=torch.Generator().manual_seed(1))
    reference = hooked_gradients(module, x, lambda answer: answer[:, 5].sum())
    record = capture_gradients(module, x, 5)
    assert set(record) | set(record.without) == set(reference)
    assert len(record) > 0.8 * len(reference)
    for call, gradient in reference.items():
        if gradient is None:
            assert call in record.without
        else:
            assert record[call].equal(gradient), call
    assert all(parameter.grad is None for parameter in module.parameters())


@pytest.mark.parametrize("family", ["densenet121", "inception_v3", "shufflenet_v2_x0_5", "swin_t"])
def test_watching_steps_changes_no_bit_of_a_gradient(family: str) -> None:
    module = built(family)
    side = FAMILIES[family]
    x = torch.rand((2, 3, side, side), generator=torch.Generator().manual_seed(1))
    plain, watched = capture_gradients(module, x, 5), capture_gradients(module, x, 5, steps=True)
    assert all(watched[call].equal(gradient) for call, gradient in plain.items())
    assert len(watched) > len(plain)


@pytest.mark.parametrize("family", ["resnet18", "densenet121", "mobilenet_v2"])
def test_a_layer_alone_has_the_same_gradient_as_among_all(family: str) -> None:
    module = with_some_values(on_meta_device(lambda: get_model(family)))
    x = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(1))
    everything = capture_gradients(module, x, 5)
    for call in list(everything)[:: max(1, len(everything) // 12)]:
        alone = capture_gradients(module, x, 5, [call])
        assert list(alone) == [call]
        assert alone[call].equal(everything[call])
