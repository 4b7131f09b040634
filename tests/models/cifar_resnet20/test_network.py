"""The bundled network is the ResNet-20 of the paper, step by step."""

import torch
from torch import nn

from actviz_core.models.cifar_resnet20.network import BasicBlock, CifarResNet20, seeded_network


def test_it_has_the_papers_size() -> None:
    weighted = [m for m in CifarResNet20().modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert len(weighted) == 20
    assert sum(p.numel() for p in CifarResNet20().parameters()) == 269_722


def test_the_stages_halve_the_picture_and_double_the_channels() -> None:
    network = CifarResNet20().eval()
    x = torch.zeros(2, 3, 32, 32)
    shapes = []
    for step in (network.conv1, network.layer1, network.layer2, network.layer3, network.avgpool):
        x = step(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(16, 32, 32), (16, 32, 32), (32, 16, 16), (64, 8, 8), (64, 1, 1)]


def test_every_relu_and_every_sum_is_a_module_that_runs_once() -> None:
    network = CifarResNet20().eval()
    assert len([m for m in network.modules() if isinstance(m, nn.ReLU)]) == 1 + 9 * 2
    leaves = {name: m for name, m in network.named_modules() if not list(m.children())}
    assert len({id(m) for m in leaves.values()}) == len(leaves)
    assert {"conv1", "layer1.0.relu1", "layer1.0.add", "layer2.0.shortcut", "flatten", "fc"} <= set(leaves)


def test_a_block_adds_its_input_and_pads_new_channels_with_zeros() -> None:
    block = BasicBlock(2, 4, stride=2).eval()
    nn.init.zeros_(block.conv2.weight)
    x = torch.rand(1, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    out = block(x)
    assert torch.equal(out[:, :2], x[:, :, ::2, ::2])
    assert not out[:, 2:].any()


def test_the_same_seed_gives_the_same_start_and_another_does_not() -> None:
    first, second, other = (seeded_network(seed).state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])
    assert not first["fc.bias"].any()
