"""The layers to look at first: sensible for every architecture of the zoo, from its module tree alone."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from actviz_core.analysis import all_convolutions, first_and_last_stage, first_of_each_stage
from actviz_core.hooks import ModuleRow
from actviz_core.models.registry import find_network
from actviz_core.models.torchvision_networks import torchvision_networks
from actviz_core.settings import Settings
from actviz_core.tasks import Task

# What a person who knows the architecture would choose.
KNOWN = {
    "cifar-resnet20": ("layer1.0.conv1", "layer2.0.conv1", "layer3.0.conv1"),
    "resnet50": ("layer1.0.conv1", "layer2.0.conv1", "layer3.0.conv1", "layer4.0.conv1"),
    "vgg11": ("features.0", "features.3", "features.6", "features.11", "features.16"),
    "densenet121": tuple(f"features.denseblock{block}.denselayer1.conv1" for block in (1, 2, 3, 4)),
    "vit_b_32": tuple(f"encoder.layers.encoder_layer_{layer}" for layer in (0, 2, 4, 7, 9, 11)),
    "swin_t": ("features.1", "features.3", "features.5", "features.7"),
    "mobilenet_v3_small": (
        "features.0.0",
        *(f"features.{block}.block.0.0" for block in (1, 3, 5, 10)),
    ),
    "inception_v3": (
        *("Conv2d_1a_3x3.conv", "Conv2d_2a_3x3.conv", "Conv2d_3b_1x1.conv"),
        *("Mixed_5b.branch1x1.conv", "Mixed_6a.branch3x3.conv", "Mixed_7b.branch1x1.conv"),
    ),
    "regnet_y_400mf": tuple(f"trunk_output.block{block}.block{block}-0.proj.0" for block in (1, 2, 3, 4)),
    "maxvit_t": ("stem.0.0", *(f"blocks.{block}.layers.0.layers.MBconv.proj.1" for block in (0, 1, 2, 3))),
    "fcn_resnet50": tuple(f"backbone.layer{stage}.0.conv1" for stage in (1, 2, 3, 4)),
    "timm/vit_tiny_patch16_224": tuple(f"blocks.{block}" for block in (0, 2, 4, 7, 9, 11)),
    "timm/swin_tiny_patch4_window7_224": ("layers.0", "layers.1", "layers.2", "layers.3"),
    "timm/resnetv2_50": tuple(f"stages.{stage}.blocks.0.downsample.conv" for stage in (0, 1, 2, 3)),
    "timm/eva02_tiny_patch14_224": ("patch_embed", *(f"blocks.{block}" for block in (1, 4, 6, 9, 11))),
}
ZOO = [network.name for network in torchvision_networks()]
TOKENS = {
    name
    for name in (*ZOO, *KNOWN)
    if "vit_b" in name or "vit_l" in name or "vit_h" in name or "patch1" in name
}


def tree(name: str, settings: Settings) -> list[ModuleRow]:
    """The module tree from a pass on the meta device, which computes nothing but shapes."""
    parts = find_network(name, settings)[0].on_meta_device(settings)
    module = parts.module.to("meta").eval()
    shapes: dict[str, tuple[int, ...]] = {}
    calls: dict[str, int] = {}

    def seeing(name: str) -> Any:
        def see(_module: nn.Module, _inputs: Any, output: Any) -> None:
            calls[name] = calls.get(name, 0) + 1
            if (first := first_tensor(output)) is not None:
                shapes.setdefault(name, tuple(first.shape))

        return see

    for layer, part in module.named_modules():
        part.register_forward_hook(seeing(layer))
    with torch.no_grad():
        output = module(torch.zeros(1, 3, *parts.preprocess.size, device="meta"))
    if parts.task is Task.CLASSIFICATION:
        assert output.shape == (1, len(parts.classes))
    if parts.task is Task.SEGMENTATION:
        assert output["out"].shape == (1, len(parts.classes), *parts.preprocess.size)
    return [
        row(layer, type(part).__name__, shapes.get(layer), calls.get(layer, 0), len(part._modules))
        for layer, part in module.named_modules()
    ]


def first_tensor(output: Any) -> Tensor | None:
    if isinstance(output, (tuple, list, dict)):
        items = output.values() if isinstance(output, dict) else output
        return next((found for item in items if (found := first_tensor(item)) is not None), None)
    return output if isinstance(output, Tensor) else None


def channels(shape: tuple[int, ...]) -> int:
    """The dimension that is not one of the two equal ones, of maps (N, C, H, W) or (N, H, W, C)."""
    return shape[-1] if shape[1] == shape[2] else shape[1]


def row(
    name: str,
    kind: str,
    shape: tuple[int, ...] | None,
    calls: int = 1,
    children: int = 0,
    *,
    step: bool = False,
) -> ModuleRow:
    return ModuleRow(name, kind, name.count(".") + 1 if name else 0, shape, 0, 0, calls, children, step)


@pytest.mark.parametrize("name", [*ZOO, *(name for name in KNOWN if name not in ZOO)])
def test_every_architecture_has_layers_from_early_to_late(name: str, settings: Settings) -> None:
    rows = tree(name, settings)
    layers = first_of_each_stage(rows)
    assert layers == KNOWN.get(name, layers)
    assert 3 <= len(layers) == len(set(layers)) <= 6
    shapes = {row.name: row.shape or () for row in rows}
    order = list(shapes)
    assert [order.index(layer) for layer in layers] == sorted(order.index(layer) for layer in layers)
    assert all(len(shapes[layer]) > 2 for layer in layers)
    if name not in TOKENS:
        sizes = [math.prod(shapes[layer][1:]) / channels(shapes[layer]) for layer in layers]
        assert sizes[0] > sizes[-1] > 1
    assert first_and_last_stage(rows) == (layers[0], layers[-1])
    assert set(all_convolutions(rows)) == {
        r.name for r in rows if "Conv" in r.type and r.calls and not r.children
    }


ROOT = row("", "Net", (1, 10), children=2)


def test_without_stages_it_is_the_first_convolution_of_each_size() -> None:
    convolutions = [
        row(f"c{n}", "Conv2d", (1, 4, side, side)) for n, side in enumerate((8, 8, 8, 4, 4, 2, 1))
    ]
    assert first_of_each_stage([ROOT, *convolutions[:3]]) == ("c0", "c1", "c2")
    assert first_of_each_stage([ROOT, *convolutions, *convolutions[:1]]) == ("c0", "c3", "c5", "c0")


def test_without_convolutions_it_is_the_first_layer_that_ran() -> None:
    rows = [ROOT, row("idle", "Linear", None, calls=0), row("fc", "Linear", (1, 10))]
    assert first_of_each_stage(rows) == ("fc",)
    assert first_of_each_stage([ROOT]) == ()
    assert first_and_last_stage([ROOT]) == ()


def test_steps_between_layers_are_not_chosen() -> None:
    rows = [ROOT, row("/conv2d#1", "conv2d", (1, 4, 8, 8), step=True), row("act", "ReLU", (1, 4, 8, 8))]
    assert first_of_each_stage(rows) == ("act",)


def test_parts_that_never_ran_or_compute_nothing_are_no_stages() -> None:
    rows = [ROOT]
    for stage, calls in (("a", 1), ("b", 1), ("idle", 0), ("c", 1)):
        rows += [
            row(stage, "Block", (1, 4, 8, 8), calls, children=1),
            row(f"{stage}.conv", "Conv2d", (1, 4, 8, 8), calls),
        ]
    rows += [row("tail", "Act", (1, 4, 8, 8), children=1), row("tail.relu", "ReLU", (1, 4, 8, 8))]
    assert first_of_each_stage(rows) == ("a.conv", "b.conv", "c.conv")
