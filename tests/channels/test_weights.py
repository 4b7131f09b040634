"""The weights shown for a channel are those that torch multiplies with."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from actviz_core.channels import WeightKind, channel_weights
from actviz_core.errors import ChannelError, UnknownLayerError

GENERATOR = torch.Generator().manual_seed(0)


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("transposed", [False, True])
def test_the_kernels_of_a_channel_compute_it_alone_from_its_inputs(*, groups: int, transposed: bool) -> None:
    build, compute = (nn.ConvTranspose2d, F.conv_transpose2d) if transposed else (nn.Conv2d, F.conv2d)
    layer = build(6, 12, 3, groups=groups)
    x = torch.randn(1, 6, 8, 8, generator=GENERATOR)
    with torch.no_grad():
        output = layer(x)
    for channel in range(12):
        found = channel_weights(nn.Sequential(layer), "0", channel)
        assert found.kind is WeightKind.KERNELS
        assert found.kernels is not None
        assert found.bias is not None
        assert found.kernels.shape == (6 // groups, 3, 3)
        kernels = torch.from_numpy(found.kernels)
        alone = compute(x[:, found.inputs], kernels[:, None] if transposed else kernels[None]) + found.bias
        assert torch.allclose(alone[0, 0], output[0, channel], atol=1e-5)


def test_the_inputs_with_the_largest_weights_come_first() -> None:
    layer = nn.Conv2d(8, 4, 3, groups=2, bias=False)
    with torch.no_grad():
        layer.weight[3] *= torch.tensor([1.0, 9.0, 0.0, 3.0]).view(4, 1, 1) / layer.weight[3].norm(
            dim=(1, 2), keepdim=True
        )
    found = channel_weights(nn.Sequential(layer), "0#1", 3)
    assert [number for number, _ in found.strongest()] == [5, 7, 4, 6]
    assert [norm for _, norm in found.strongest(2)] == pytest.approx([9, 3])
    assert found.bias is None


def test_a_linear_layer_gives_its_row() -> None:
    layer = nn.Linear(5, 3)
    found = channel_weights(nn.Sequential(layer), "0", 2)
    assert found.kind is WeightKind.ROW
    assert found.kernels is not None
    assert found.kernels.tolist() == layer.weight[2].tolist()
    assert found.bias == float(layer.bias.detach()[2])
    assert found.norms.tolist() == np.abs(found.kernels).tolist()


def test_a_batch_norm_tells_what_it_does_to_a_value_in_all() -> None:
    layer = nn.BatchNorm2d(3).eval()
    with torch.no_grad():
        for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
            assert values is not None
            values.uniform_(0.5, 2, generator=GENERATOR)
    found = channel_weights(nn.Sequential(layer), "0", 1)
    assert (found.kind, found.scale, found.shift) == (
        WeightKind.NORM,
        float(layer.weight.detach()[1]),
        float(layer.bias.detach()[1]),
    )
    assert found.applied_scale is not None
    assert found.applied_shift is not None
    x = torch.randn(1, 3, 2, 2, generator=GENERATOR)
    with torch.no_grad():
        assert torch.allclose(found.applied_scale * x[0, 1] + found.applied_shift, layer(x)[0, 1], atol=1e-5)


@pytest.mark.parametrize("layer", [nn.LayerNorm(4), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True)])
def test_other_norms_give_scale_and_shift(layer: nn.Module) -> None:
    found = channel_weights(nn.Sequential(layer), "0", 3)
    assert (found.kind, found.scale, found.shift, found.applied_scale) == (WeightKind.NORM, 1.0, 0.0, None)


@pytest.mark.parametrize(
    ("layer", "name", "why"),
    [
        (nn.ReLU(), "0", "ReLU has no weights"),
        (nn.Sequential(nn.Linear(2, 2)), "0", "Sequential has its weights in the layers inside it"),
        (nn.PReLU(), "0", "The weights of PReLU do not belong to single channels"),
        (nn.LayerNorm((2, 2)), "0", "a scale and a shift for each cell"),
        (nn.BatchNorm2d(2, affine=False, track_running_stats=False), "0", "no scale and no shift of its own"),
        (nn.ReLU(), "/add#1", "A step between layers has no weights"),
    ],
)
def test_what_has_no_weights_of_its_own_says_why(layer: nn.Module, name: str, why: str) -> None:
    found = channel_weights(nn.Sequential(layer), name, 0)
    assert found.kind is WeightKind.NONE
    assert why in found.why_none
    assert found.strongest() == []


def test_names_and_channels_that_are_not_there_are_refused() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1))
    with pytest.raises(ChannelError, match="no channel 4: this layer has the channels 0 to 3"):
        channel_weights(module, "0", 4)
    with pytest.raises(UnknownLayerError, match="'1' is not a layer"):
        channel_weights(module, "1", 0)


def test_what_is_returned_is_no_part_of_the_network() -> None:
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    found = channel_weights(nn.Sequential(layer), "0", 0)
    assert found.kernels is not None
    found.kernels[:] = 7
    assert layer.weight.equal(Tensor(before))
