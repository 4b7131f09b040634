"""Functional steps are captured like layers, bit for bit, and looking at them changes nothing."""

import copy
import threading
from collections import deque
from typing import TypeVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import get_model

from actviz_core.errors import UnknownLayerError
from actviz_core.hooks import capture
from tests.hooks import step_toys, toys
from tests.hooks.reference import assert_bit_equal, cloned_activations
from tests.hooks.test_left_as_found import Tripwire, hooks_of

PICTURE = torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(1))
VECTOR = torch.randn(2, 5, generator=torch.Generator().manual_seed(2))


Toy = TypeVar("Toy", bound=nn.Module)


def build(network: type[Toy]) -> Toy:
    torch.manual_seed(0)
    return network().eval()


def test_a_functional_residual_block_has_the_values_of_each_moment() -> None:
    block = build(step_toys.FunctionalBlock)
    with torch.no_grad():
        conv1 = F.conv2d(PICTURE, block.conv1.weight, block.conv1.bias, padding=1)
        relu1 = conv1.clamp(min=0)
        conv2 = F.conv2d(relu1, block.conv2.weight, block.conv2.bias, padding=1)
        add = conv2 + PICTURE
    expected = {
        "conv1": conv1,
        "/relu#1": relu1,
        "conv2": conv2,
        "/add#1": add,
        "/relu#2": add.clamp(min=0),
    }
    record = capture(block, PICTURE, steps=True)
    assert list(record) == list(expected)
    for name, value in expected.items():
        assert_bit_equal(record[name], value)
    assert record["/add#1"].min() < 0


def test_the_sums_of_a_resnet_are_those_of_its_blocks_before_the_in_place_relu() -> None:
    torch.manual_seed(0)
    network = get_model("resnet18").eval()
    x = torch.randn(1, 3, 64, 64)
    reference = cloned_activations(network, x)
    record = capture(network, x, steps=True)
    assert_bit_equal(record["layer1.0/add#1"], reference["layer1.0.bn2"][0] + reference["maxpool"][0])
    downsampled = reference["layer2.0.bn2"][0] + reference["layer2.0.downsample"][0]
    assert_bit_equal(record["layer2.0/add#1"], downsampled)
    assert_bit_equal(record["layer2.0"], downsampled.relu())
    assert_bit_equal(record["/flatten#1"], reference["avgpool"][0].flatten(1))
    assert record.calls("layer1.0/add") == ("layer1.0/add#1",)
    assert [name for name in record if "/" in name] == [
        *(f"layer{stage}.{block}/add#1" for stage in range(1, 5) for block in range(2)),
        "/flatten#1",
    ]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("vit_b_32", 224),
        ("swin_t", 64),
        ("swin_v2_t", 64),
        ("densenet121", 64),
        ("shufflenet_v2_x0_5", 64),
        ("mobilenet_v3_small", 64),
        ("convnext_tiny", 64),
    ],
)
def test_watching_the_steps_of_a_network_changes_none_of_its_numbers(name: str, size: int) -> None:
    torch.manual_seed(0)
    network = get_model(name).eval()
    x = torch.randn(1, 3, size, size)
    with torch.no_grad():
        logits = network(x)
    reference = cloned_activations(network, x)
    record = capture(network, x, steps=True)
    for layer, values in reference.items():
        for call, value in zip(record.calls(layer), values, strict=True):
            assert_bit_equal(record[call], value)
    last_step = [call for call in record if "/" in call][-1]
    assert_bit_equal(capture(network, x, ["", last_step.split("#")[0]], steps=True)[""], logits)


@pytest.mark.parametrize("norm_first", [True, False])
def test_transformer_encoders_show_their_sums_and_keep_their_numbers(norm_first: bool) -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first)
    encoder = nn.Sequential(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)).eval()
    tokens = torch.randn(2, 4, 8)
    reference = cloned_activations(encoder, tokens)
    record = capture(encoder, tokens, steps=True)
    for name, values in reference.items():
        for call, value in zip(record.calls(name), values, strict=True):
            assert_bit_equal(record[call], value)
    steps = [name for name in record if name.startswith("0.layers.0/")]
    assert steps == ["0.layers.0/add#1", "0.layers.0/relu#1", "0.layers.0/add#2"]
    assert_bit_equal(record["0.layers.0/add#1"], tokens + record["0.layers.0.self_attn[0]"])


def test_the_attention_of_torch_takes_its_own_path() -> None:
    block = build(step_toys.AttentionBlock)
    tokens = torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        expected = block(tokens)
    record = capture(block, tokens, steps=True)
    assert list(record) == ["norm", "attention[0]", "/add#1"]
    assert_bit_equal(record["/add#1"], expected)


def test_steps_in_the_roots_code_begin_with_a_stroke() -> None:
    record = capture(build(step_toys.BlocksAndHead), PICTURE, steps=True)
    assert [name for name in record if "/" in name] == [
        "blocks.0/relu#1",
        "blocks.0/add#1",
        "blocks.0/relu#2",
        "blocks.1/relu#1",
        "blocks.1/add#1",
        "blocks.1/relu#2",
        "/adaptive_avg_pool2d#1",
        "/flatten#1",
    ]
    assert_bit_equal(record["/flatten#1"], record["blocks"].mean((2, 3)))


def test_a_network_with_control_flow_by_value_has_its_steps_numbered() -> None:
    network = build(step_toys.LoopsByValue)
    record = capture(network, VECTOR, steps=True)
    assert {len(capture(network, x, ["/div"], steps=True)) for x in (VECTOR, -VECTOR)} == {2, 3}
    assert record.calls("/div") == tuple(f"/div#{n + 1}" for n in range(len(record.calls("linear"))))
    for linear, div, mul in zip(
        record.calls("linear"), record.calls("/div"), record.calls("/mul"), strict=True
    ):
        assert_bit_equal(record[div], record[linear] / 2)
        assert_bit_equal(record[mul], record[div] * 0.5)
    with torch.no_grad():
        assert_bit_equal(record["/mean#1"], network(VECTOR))


def test_a_module_that_runs_twice_goes_on_counting_and_its_output_is_no_step() -> None:
    record = capture(build(step_toys.ScalesTwice), VECTOR, steps=True)
    assert list(record) == ["scale#1", "scale#2", "both/mul#1", "both#1", "both/mul#2", "both#2"]
    assert_bit_equal(record["both/mul#2"], record["both#1"] * 2)


def test_one_function_has_one_name_however_it_is_written() -> None:
    x = torch.rand(2, 3, generator=torch.Generator().manual_seed(4)) + 1
    record = capture(nn.Sequential(build(step_toys.ManySpellings)), x, steps=True)
    names = [name.removeprefix("0/") for name in record if "/" in name]
    assert names == [
        *("add#1", "add#2", "add#3", "add#4", "add#5", "sub#1", "mul#1", "add#6", "div#1"),
        *("relu#1", "relu#2", "relu#3", "add#7", "cat#1", "max#1[0]", "max#1[1]", "max_pool1d#1"),
    ]
    assert_bit_equal(record["0/add#2"], x + 1 + 1)
    assert_bit_equal(record["0/add#3"], x + 1 + 1 + 1)


def test_steps_can_be_chosen_by_name_and_by_number() -> None:
    network = build(step_toys.BlocksAndHead)
    everything = capture(network, PICTURE, steps=True)
    record = capture(network, PICTURE, ["blocks.1/relu", "blocks.0/add#1", "fc"], steps=True)
    assert list(record) == ["blocks.0/add#1", "blocks.1/relu#1", "blocks.1/relu#2", "fc"]
    for name, value in record.items():
        assert_bit_equal(value, everything[name])
    assert record.calls("blocks.1/relu") == ("blocks.1/relu#1", "blocks.1/relu#2")


def test_the_pass_stops_after_the_last_numbered_step() -> None:
    network = nn.Sequential(build(step_toys.FunctionalBlock), Tripwire())
    assert list(capture(network, PICTURE, ["0/add#1"], steps=True)) == ["0/add#1"]
    assert list(capture(network, PICTURE, ["0/relu#1", "0.conv2"], steps=True)) == ["0/relu#1", "0.conv2"]
    with pytest.raises(AssertionError, match="went on for nothing"):
        capture(network, PICTURE, ["0/add"], steps=True)
    inside = nn.Sequential(build(step_toys.ScalesTwice).both, Tripwire())
    assert list(capture(inside, VECTOR, ["0/mul#1"], steps=True)) == ["0/mul#1"]


def test_steps_answer_to_all_names_of_their_module() -> None:
    network = build(step_toys.SharedSteps)
    record = capture(nn.DataParallel(network), VECTOR, ["module.right.0/mul#2"], steps=True)
    assert list(record) == ["left.0/mul#2"]
    assert_bit_equal(record["right.0/mul#2"], (VECTOR * 2 + 1) * 2)
    assert record.calls("module.right.0/mul") == ("left.0/mul#2",)


def test_a_step_that_is_not_there_is_named_with_the_closest_ones() -> None:
    network = build(step_toys.BlocksAndHead)
    with pytest.raises(UnknownLayerError, match=r"'blocks\.0/ad' is not a step.*'blocks\.0/add'"):
        capture(network, PICTURE, ["blocks.0/ad"], steps=True)
    with pytest.raises(UnknownLayerError, match=r"'blocks\.0/add#2' did not happen.*ran 1 times"):
        capture(network, PICTURE, ["blocks.0/add#2"], steps=True)
    with pytest.raises(UnknownLayerError, match=r"'block\.0/add' is not a layer.*'blocks\.0'"):
        capture(network, PICTURE, ["block.0/add"], steps=True)
    with pytest.raises(UnknownLayerError, match=r"'blocks\.0/add' is a step.*steps=True"):
        capture(network, PICTURE, ["blocks.0/add"])
    scale = nn.Sequential(build(step_toys.ScalesTwice).scale)
    with pytest.raises(UnknownLayerError, match=r"'0/mul' is not a step"):
        capture(scale, VECTOR, ["0/mul"], steps=True)


def test_a_layer_that_raises_does_not_disturb_the_steps_after_it() -> None:
    network = build(step_toys.TriesAndFails)
    record = capture(network, VECTOR, steps=True)
    assert list(record) == ["fails.linear", "fails/mul#1", "fails/sum#1", "linear", "/add#1"]
    assert_bit_equal(record["/add#1"], record["linear"] + VECTOR)
    assert torch._C._len_torch_function_stack() == 0


def test_a_networks_own_function_modes_still_work() -> None:
    network = build(step_toys.OwnModes)
    with torch.no_grad():
        expected = network(VECTOR)
    record = capture(network, VECTOR, ["", "/sub", "/add", "/mul"], steps=True)
    assert_bit_equal(record[""], expected)
    assert_bit_equal(record["/sub#1"], expected)
    with torch.no_grad():
        assert_bit_equal(record["/add#2"], network.linear(record["/add#1"]) + 1)
    assert_bit_equal(record["/mul#1"], record["/add#2"] * 2)
    assert torch._C._len_torch_function_stack() == 0


def test_a_layer_compiled_inside_the_network_keeps_its_numbers() -> None:
    network = nn.Sequential(build(step_toys.FunctionalBlock), build(toys.SkipAdd)).eval()
    reference = cloned_activations(copy.deepcopy(network), PICTURE)
    network[1].compile(backend="eager")
    record = capture(network, PICTURE, steps=True)
    for layer, values in reference.items():
        for call, value in zip(record.calls(layer), values, strict=True):
            assert_bit_equal(record[call], value)
    assert "0/add#1" in record


def test_only_the_steps_of_this_thread_are_recorded() -> None:
    inside, finished = threading.Event(), threading.Event()

    class Waits(nn.Module):
        """Lets the other thread run in the middle of a capture."""

        def forward(self, x: Tensor) -> Tensor:
            if threading.current_thread() is not stranger:
                inside.set()
                assert finished.wait(30)
            return x * 3

    network = nn.Sequential(step_toys.SeesFunctionModes(), Waits(), build(toys.TwoInputs).linear).eval()
    seen: list[Tensor] = []

    def call_directly() -> None:
        assert inside.wait(30)
        with torch.no_grad():
            seen.append(network(VECTOR + 1))
        finished.set()

    stranger = threading.Thread(target=call_directly)
    stranger.start()
    record = capture(nn.Sequential(network, step_toys.ManySpellings()), VECTOR, ["0.0", "1/add"], steps=True)
    stranger.join()
    assert network[0].depths == deque([1, 0])
    assert_bit_equal(record["0.0"], VECTOR + 1)
    assert len(record.calls("1/add")) == 7
    with torch.no_grad():
        assert_bit_equal(seen[0], network(VECTOR + 1))


def test_off_costs_nothing_no_function_mode_and_no_further_hook() -> None:
    hooks: list[int] = []

    class CountsHooks(nn.Module):
        """Counts the hooks of the whole network while it runs."""

        def forward(self, x: Tensor) -> Tensor:
            hooks.append(hooks_of(network))
            return x

    network = nn.Sequential(step_toys.SeesFunctionModes(), CountsHooks(), nn.Linear(5, 5))
    capture(network, VECTOR)
    capture(network, VECTOR, ["0", "2"], steps=True)  # no step is asked for
    assert network[0].depths == deque([0, 0])
    assert hooks == [4, 4]  # one forward hook a module, nothing else
    capture(network, VECTOR, ["0", "2"], steps=False)
    capture(network, VECTOR, steps=True)
    assert network[0].depths == deque([0, 0, 0, 1])
    assert hooks_of(network) == 0
