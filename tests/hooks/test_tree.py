"""The module tree: shapes, parameters, calls and compute as a real pass shows them."""

import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import resnet18

from actviz_core.hooks import module_tree
from tests.hooks import step_toys, toys


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


def test_the_tree_shows_steps_below_their_module_in_the_order_of_execution() -> None:
    network, x = step_toys.BlocksAndHead(), torch.zeros(2, 3, 9, 9)
    rows = module_tree(network, x, steps=True)
    assert [row.name for row in rows] == [
        "",
        "blocks",
        *("blocks.0", "blocks.0.conv1", "blocks.0/relu#1", "blocks.0.conv2", "blocks.0/add#1"),
        *("blocks.0/relu#2", "blocks.1", "blocks.1.conv1", "blocks.1/relu#1", "blocks.1.conv2"),
        *("blocks.1/add#1", "blocks.1/relu#2", "/adaptive_avg_pool2d#1", "/flatten#1", "fc"),
    ]
    add = next(row for row in rows if row.name == "blocks.0/add#1")
    assert (add.type, add.depth, add.shape, add.calls, add.step) == ("add", 3, (2, 3, 9, 9), 1, True)
    assert (rows[-2].depth, rows[-2].shape) == (1, (2, 3))
    assert tuple(row for row in rows if not row.step) == module_tree(network, x)


def test_the_tree_knows_a_steps_compute() -> None:
    x = torch.zeros(4, 6)
    rows = {row.name: row for row in module_tree(step_toys.MatrixProducts(), x, steps=True)}
    assert rows["/matmul#1"].flops == 2 * 4 * 6 * 6
    assert rows["/add#1"].flops == 0
    assert rows["inner/mm#1"].flops == 2 * 4 * 4 * 6
    assert "inner/mm#2" not in rows  # it is what the module returns
