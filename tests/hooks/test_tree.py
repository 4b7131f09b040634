"""The module tree: shapes, parameters, calls and compute as a real pass shows them."""

import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import resnet18

from actviz_core.hooks import module_tree
from tests.hooks import toys


def test_rows_of_resnet18_have_their_shapes_parameters_and_compute() -> None:
    module, x = resnet18().eval(), torch.zeros(1, 3, 64, 64)
    rows = {row.name: row for row in module_tree(module, x)}
    assert list(rows) == [name for name, _ in module.named_modules()]
    conv = rows["layer1.0.conv1"]
    assert (conv.type, conv.depth, conv.shape) == ("Conv2d", 3, (1, 64, 16, 16))
    assert conv.parameters == 64 * 64 * 9
    assert conv.flops == 2 * 64 * 64 * 9 * 16 * 16
    assert rows["layer1.0.relu"].calls == 2
    with FlopCounterMode(display=False) as counter:
        module(x)
    assert rows[""].flops == counter.get_total_flops()


def test_a_module_that_never_runs_has_no_shape_and_no_calls() -> None:
    rows = {row.name: row for row in module_tree(toys.NeverCalled(), torch.zeros(1, 5))}
    assert (rows["unused"].shape, rows["unused"].calls, rows["unused"].parameters) == (None, 0, 30)
    assert (rows["used"].shape, rows["used"].calls) == ((1, 5), 1)


def test_a_nested_output_shows_its_first_tensor() -> None:
    rows = {row.name: row for row in module_tree(toys.NestedOutputs(), torch.zeros(2, 3, 5))}
    assert rows["lstm"].shape == (2, 3, 4)
