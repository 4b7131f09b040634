"""In every network the receptive field is what NaN reaches; no pixel outside it changes a bit."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from actviz_core.channels.input_box import Evidence, ReceptiveField
from actviz_core.channels.receptive_field import receptive_field
from actviz_core.models.building import on_meta_device
from tests.support.filling import with_some_values

Read = Callable[[Tensor], Tensor]  # an activation (N, ...) as maps (N, C, H, W)


def channels_first(activation: Tensor) -> Tensor:
    return activation


def channels_last(activation: Tensor) -> Tensor:
    return activation.permute(0, 3, 1, 2)


def patches(activation: Tensor) -> Tensor:
    return activation[:, 1:].transpose(1, 2).unflatten(2, (4, 4))


LAYERS: dict[str, dict[str, Read]] = {
    "alexnet": dict.fromkeys(("features.0", "features.5", "features.12"), channels_first),
    "convnext_tiny": {
        "features.0": channels_first,
        "features.1.0.block.3": channels_last,
        "features.3.0": channels_first,
    },
    "densenet121": dict.fromkeys(
        ("features.pool0", "features.denseblock1.denselayer3.conv2", "features.transition1"), channels_first
    ),
    "efficientnet_b0": dict.fromkeys(("features.0", "features.1.0.block.0", "features.2.0"), channels_first),
    "googlenet": dict.fromkeys(("maxpool1", "inception3a", "maxpool3"), channels_first),
    "inception_v3": dict.fromkeys(("Conv2d_2b_3x3", "maxpool2", "Mixed_5b"), channels_first),
    "mnasnet0_5": dict.fromkeys(("layers.0", "layers.8.0", "layers.9.0"), channels_first),
    "mobilenet_v2": dict.fromkeys(("features.0", "features.2.conv", "features.4"), channels_first),
    "mobilenet_v3_small": dict.fromkeys(("features.0", "features.1.block.0", "features.1"), channels_first),
    "regnet_x_400mf": dict.fromkeys(
        ("stem", "trunk_output.block1", "trunk_output.block2.block2-0.f.b"), channels_first
    ),
    "resnet18": dict.fromkeys(("maxpool", "layer1.1", "layer2.0.conv1"), channels_first),
    "shufflenet_v2_x0_5": dict.fromkeys(("maxpool", "stage2.0", "stage2.1"), channels_first),
    "squeezenet1_0": dict.fromkeys(("features.2", "features.5.expand3x3", "features.6"), channels_first),
    "swin_t": dict.fromkeys(("features.0", "features.1.0", "features.1.1"), channels_last),
    "vgg11": dict.fromkeys(("features.2", "features.5", "features.13"), channels_first),
    "vit_b_16": {
        "conv_proj": channels_first,
        "encoder.dropout": patches,
        "encoder.layers.encoder_layer_0": patches,
    },
}
SIZES = {"inception_v3": 96, "vgg11": 48}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "googlenet": {"init_weights": False, "aux_logits": False},
    "inception_v3": {"init_weights": False},
    "vit_b_16": {"image_size": 64},
}
LARGE_HEADS = ("alexnet", "vgg11")  # none of the layers above needs them


class DoneError(Exception):
    """The layer has returned."""


def activations(module: nn.Module, layer: str, pictures: Tensor) -> Tensor:
    """What a layer returns for these pictures, by a plain hook."""
    seen: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        seen.append(output.clone())
        raise DoneError

    handle = module.get_submodule(layer).register_forward_hook(keep)
    try:
        with torch.no_grad(), pytest.raises(DoneError):
            module(pictures)
    finally:
        handle.remove()
    return seen[0]


@pytest.mark.parametrize("name", LAYERS)
def test_the_box_is_what_nan_reaches_and_no_pixel_outside_changes_a_bit(name: str) -> None:
    size = SIZES.get(name, 64)
    module = on_meta_device(lambda: get_model(name, **ARGUMENTS.get(name, {})))
    if name in LARGE_HEADS:
        module.classifier = nn.Identity()
    with_some_values(module)
    for layer, read in LAYERS[name].items():
        rows, columns = read(activations(module, layer, pictures(size)[:1])).shape[2:]
        for cell in ((0, columns - 1), (rows // 2, columns // 2), (rows - 1, columns // 3)):
            box = receptive_field(module, (1, 3, size, size), layer, cell)
            case = (layer, cell, box)

            def values(changed: Tensor, layer: str = layer, read: Read = read, cell: Any = cell) -> Tensor:
                return read(activations(module, layer, changed))[(slice(None), slice(None), *cell)]

            assert box.evidence is Evidence.NAN, case
            assert not any(values(strips(box, 0)).isnan().any(1)), case
            assert all(values(strips(box, 1)).isnan().any(1)), case
            outside, at_edges = changes(values, box)
            assert not outside, case
            assert all(at_edges), case


def pictures(size: int, seed: int = 3) -> Tensor:
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


def strips(box: ReceptiveField, more: int) -> Tensor:
    """Four pictures with NaN above, below, left and right of a box, and in so many lines of the box."""
    height = box.input_size[0]
    changed = pictures(height)[:1].repeat(4, 1, 1, 1)
    changed[0, :, : box.top + more] = torch.nan
    changed[1, :, box.bottom - more :] = torch.nan
    changed[2, :, :, : box.left + more] = torch.nan
    changed[3, :, :, box.right - more :] = torch.nan
    return changed


def changes(values: Callable[[Tensor], Tensor], box: ReceptiveField) -> tuple[bool, list[bool]]:
    """Whether other pixels outside the box change a bit of the cell; and for each side, those of its edge."""
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    edges = (
        (slice(box.top, box.top + 1), columns),
        (slice(box.bottom - 1, box.bottom), columns),
        (rows, slice(box.left, box.left + 1)),
        (rows, slice(box.right - 1, box.right)),
    )
    outside, at_edges = False, [False] * 4
    for seed in range(4):
        picture, other = pictures(box.input_size[0], seed).split(1)
        before = values(picture)
        around = other.clone()
        around[(..., rows, columns)] = picture[(..., rows, columns)]
        outside |= not values(around).equal(before)
        for side, edge in enumerate(edges):
            changed = picture.clone()
            changed[(..., *edge)] = 5 * other[(..., *edge)]
            at_edges[side] = at_edges[side] or not values(changed).equal(before)
        if all(at_edges):
            break
    return outside, at_edges
