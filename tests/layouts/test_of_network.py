"""Layouts of every layer of transformers and CNNs, checked against what a change in one patch changes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.models import resnet18

from actviz_core.analysis import as_maps, prefix_tokens
from actviz_core.analysis.statistics import float_maps
from actviz_core.hooks import capture
from actviz_core.layouts.layout import Layout, LayoutKind
from actviz_core.layouts.of_network import layout_of
from tests.layouts.networks import convnext, maxvit, swin, timm_network, vit

PLACES = (LayoutKind.MAPS, LayoutKind.CHANNEL_LAST, LayoutKind.TOKENS, LayoutKind.WINDOWS)


@dataclass(frozen=True)
class Case:
    """A network whose layers are asked for their layout: how to build it, its input, its coarsest step."""

    build: Callable[[], nn.Module]
    size: tuple[int, int]
    step: int
    least: int = 20


CASES = {
    "torchvision ViT": Case(vit, (64, 64), 16),
    "torchvision ViT with as many channels as tokens": Case(lambda: vit(34), (64, 64), 16),
    "torchvision Swin": Case(swin, (64, 96), 8),
    "torchvision Swin, padded windows": Case(swin, (56, 88), 8),
    "torchvision Swin with as many channels as rows and columns": Case(lambda: swin(16), (64, 64), 8),
    "torchvision SwinV2": Case(lambda: swin(second=True), (64, 96), 8),
    "torchvision MaxViT": Case(maxvit, (128, 128), 8),
    "torchvision ConvNeXt": Case(convnext, (64, 96), 8),
    "torchvision ConvNeXt with as many channels as rows and columns": Case(lambda: convnext(16), (64, 64), 8),
    "torchvision ResNet": Case(resnet18, (128, 192), 32),
    "timm ViT": Case(
        lambda: timm_network("vit_tiny_patch16_224", img_size=64, depth=2, embed_dim=32, num_heads=2),
        (64, 64),
        16,
    ),
    "timm ViT, not square, with registers": Case(
        lambda: timm_network(
            "vit_tiny_patch16_224", img_size=(64, 96), depth=2, embed_dim=32, num_heads=2, reg_tokens=3
        ),
        (64, 96),
        16,
    ),
    "timm ViT without class token, as many channels as tokens": Case(
        lambda: timm_network(
            "vit_tiny_patch16_224",
            img_size=64,
            depth=2,
            embed_dim=16,
            num_heads=2,
            class_token=False,
            global_pool="avg",
        ),
        (64, 64),
        16,
    ),
    "timm ViT of any input size": Case(
        lambda: timm_network(
            "vit_tiny_patch16_224", img_size=64, depth=2, embed_dim=32, num_heads=2, dynamic_img_size=True
        ),
        (64, 96),
        16,
    ),
    "timm DeiT, distilled": Case(
        lambda: timm_network(
            "deit_tiny_distilled_patch16_224", img_size=64, depth=2, embed_dim=32, num_heads=2
        ),
        (64, 64),
        16,
    ),
    "timm Swin": Case(
        lambda: timm_network(
            "swin_tiny_patch4_window7_224",
            img_size=(64, 96),
            window_size=4,
            embed_dim=24,
            depths=(2, 2),
            num_heads=(2, 4),
        ),
        (64, 96),
        8,
    ),
    "timm Swin, padded windows": Case(
        lambda: timm_network(
            "swin_tiny_patch4_window7_224",
            img_size=(56, 88),
            window_size=4,
            embed_dim=24,
            depths=(2, 2),
            num_heads=(2, 4),
        ),
        (56, 88),
        8,
    ),
    "timm SwinV2": Case(
        lambda: timm_network(
            "swinv2_tiny_window8_256",
            img_size=(64, 96),
            window_size=4,
            embed_dim=24,
            depths=(2, 2),
            num_heads=(2, 4),
        ),
        (64, 96),
        8,
    ),
    "timm ConvNeXt with linear layers": Case(
        lambda: timm_network("convnext_tiny", dims=(24, 40, 48, 56), depths=(2, 1, 1, 1)), (64, 96), 32
    ),
    "timm ResNet": Case(lambda: timm_network("resnet10t"), (128, 192), 32),
}


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[str(request.param)]


@dataclass(frozen=True)
class Seen:
    """One call's output for a picture, and for the same picture with one patch changed."""

    call: str
    before: Tensor
    after: Tensor
    layout: Layout


@pytest.fixture(scope="module", autouse=True)
def no_fused_attention() -> Iterator[None]:
    """Torch's one-piece attention shows no weights that could be replaced."""
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(True)


@pytest.fixture(scope="module")
def seen(case: Case) -> list[Seen]:
    """Every call's output, from a network in which each token only looks at itself."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = case.build().eval()
        look_at_one_place(network)
        picture = torch.rand(1, 3, *case.size)
        changed = picture.clone()
        rows, columns = patch(case)
        changed[..., rows, columns] = torch.rand(1, 3, case.step, case.step)
    with EachTokenForItself():  # type: ignore[no-untyped-call]  # torch leaves it untyped
        first, second = (capture(network, x, steps=True) for x in (picture, changed))
    return [
        Seen(
            call,
            first[call],
            second[call],
            layout_of(network, call, first[call].shape, case.size, steps=first),
        )
        for call in first
    ]


def patch(case: Case) -> tuple[slice, slice]:
    """Pixels of the cell in row 1 and column 2 of the coarsest maps."""
    return slice(case.step, 2 * case.step), slice(2 * case.step, 3 * case.step)


@torch.no_grad()
def look_at_one_place(network: nn.Module) -> None:
    """Leave a convolution's centre alone, and make nothing vanish: cells then depend on their place only."""
    for module in network.modules():
        if isinstance(module, (nn.MaxPool2d, nn.AvgPool2d)) and module.kernel_size == 3:
            module.kernel_size, module.padding = 1, 0
        if isinstance(module, nn.Conv2d) and module.kernel_size != module.stride:
            rows, columns = (size // 2 for size in module.kernel_size)
            centre = module.weight[..., rows, columns].clone()
            module.weight.zero_()
            module.weight[..., rows, columns] = centre
    for name, weight in network.named_parameters():
        if "squeeze_excitation.fc2" in name:
            weight.zero_()  # else every place would depend on the mean of all
        elif not weight.any() and name.endswith(("weight", "gamma")):
            weight.fill_(1.0)  # of norms that start at zero
        elif "layer_scale" in name or name.endswith("gamma"):
            weight.fill_(1.0)


class EachTokenForItself(TorchDispatchMode):
    """Replaces attention weights by the identity, wherever they are computed."""

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = str(func)
        if "_scaled_dot_product" in name:
            return args[2].clone(), *result[1:]
        if "_softmax" in name and result.dim() > 2:
            return torch.eye(result.shape[-1]).expand(result.shape).contiguous()
        return result


def share_inside(one: Seen, case: Case) -> float:
    """How much of the change, in the maps that the layout makes, lies where the patch was changed."""
    before, after = (float_maps(as_maps(value.numpy(), one.layout)) for value in (one.before, one.after))
    difference = np.abs(after - before).sum(0)
    height, width = difference.shape
    down, right = case.size[0] / height, case.size[1] / width
    rows, columns = patch(case)
    inside = (
        slice(int(rows.start // down), int(np.ceil(rows.stop / down))),
        slice(int(columns.start // right), int(np.ceil(columns.stop / right))),
    )
    return float(difference[inside].sum() / difference.sum())


def on_picture(seen: list[Seen]) -> Iterator[Seen]:
    """The outputs that a layout claims to lay over the picture, without those that the change can't reach."""
    for one in seen:
        if one.layout.on_picture and one.layout.kind in PLACES:
            changed = not torch.equal(one.before, one.after)
            assert changed or "/" in one.call, one.call  # of a position embedding, steps change nothing
            if changed:
                yield one


def layers(seen: list[Seen]) -> list[Seen]:
    return [one for one in seen if "/" not in one.call]


def test_the_changed_patch_changes_where_the_layout_says_it_lies(seen: list[Seen], case: Case) -> None:
    checked = list(on_picture(seen))
    assert len(checked) >= case.least
    for one in checked:
        assert share_inside(one, case) == pytest.approx(1), (one.call, one.layout)


def test_every_layer_of_a_known_network_has_a_certain_layout(seen: list[Seen]) -> None:
    assert [(one.call, tuple(one.before.shape)) for one in layers(seen) if not one.layout.certain] == []


def test_tokens_beside_the_patches_are_told_by_name_and_do_not_depend_on_a_patch(seen: list[Seen]) -> None:
    for one in seen:
        names, values = prefix_tokens(one.after.numpy(), one.layout)
        assert len(names) == len(values)
        np.testing.assert_array_equal(values, prefix_tokens(one.before.numpy(), one.layout)[1])


PREFIXES = {
    "torchvision ViT": ("class token",),
    "timm ViT, not square, with registers": ("class token", "register 1", "register 2", "register 3"),
    "timm ViT without class token, as many channels as tokens": (),
    "timm DeiT, distilled": ("class token", "distillation token"),
}


def test_prefix_tokens_have_the_names_of_their_parameters(
    seen: list[Seen], request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["case"]
    if name in PREFIXES:
        assert {one.layout.prefix for one in seen} == {(), PREFIXES[name]}
