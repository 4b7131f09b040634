"""`capture` returns bit for bit what each layer returned, whatever the network does to its memory."""

import copy

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from actviz_core.errors import UnknownLayerError
from actviz_core.hooks import capture
from tests.hooks import toys
from tests.hooks.reference import assert_bit_equal, cloned_activations

PICTURE = torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(1))
VECTOR = torch.randn(2, 5, generator=torch.Generator().manual_seed(2))
NETWORKS = {
    "in-place after": (toys.InPlaceAfter, PICTURE),
    "reused relu": (toys.ReusedReLU, VECTOR),
    "skip add": (toys.SkipAdd, PICTURE),
    "shared by two parents": (toys.SharedByTwoParents, VECTOR),
    "view modified later": (toys.ViewModifiedLater, VECTOR[:, [0, 1, 2, 3, 4, 0]]),
    "never called": (toys.NeverCalled, VECTOR),
    "checkpointed": (toys.Checkpointed, VECTOR),
    "data-dependent loop": (toys.DataDependentLoop, VECTOR),
}


def build(network: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return network()


def assert_same_as_reference(module: nn.Module, *inputs: torch.Tensor) -> None:
    reference = cloned_activations(copy.deepcopy(module), *(x.clone() for x in inputs))
    record = capture(module, tuple(x.clone() for x in inputs))
    for layer, values in reference.items():
        calls = record.calls(layer)
        assert len(calls) == len(values)
        for call, value in zip(calls, values, strict=True):
            assert_bit_equal(record[call], value)
    assert len(record) == sum(map(len, reference.values()))


@pytest.mark.parametrize("case", NETWORKS)
def test_every_value_is_what_the_layer_returned(case: str) -> None:
    network, x = NETWORKS[case]
    assert_same_as_reference(build(network), x)


@pytest.mark.parametrize("case", NETWORKS)
def test_a_layer_alone_has_the_same_values_as_among_all(case: str) -> None:
    network, x = NETWORKS[case]
    module = build(network)
    reference = cloned_activations(copy.deepcopy(module), x.clone())
    for layer, values in reference.items():
        record = capture(module, x.clone(), [layer])
        assert len(record) == len(values)
        for call, value in zip(record, values, strict=True):
            assert_bit_equal(record[call], value)


def test_resnet18_is_bit_equal_in_all_its_layers() -> None:
    torch.manual_seed(0)
    assert_same_as_reference(resnet18(), torch.randn(1, 3, 64, 64))


def test_batch_norm_before_an_in_place_relu_keeps_its_negative_values() -> None:
    record = capture(build(toys.InPlaceAfter), PICTURE, ["bn", "relu"])
    assert record["bn"].min() < 0
    assert record["relu"].min() == 0


def test_a_transformer_encoder_takes_the_path_with_its_submodules() -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    encoder = nn.Sequential(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(8, 3))
    tokens = torch.randn(2, 4, 8)
    reference = cloned_activations(copy.deepcopy(encoder), tokens)
    record = capture(encoder, tokens)
    assert "0.layers.1.linear1" in record
    for layer_name, values in reference.items():
        for call, value in zip(record.calls(layer_name), values, strict=True):
            assert_bit_equal(record[call], value)
    assert_bit_equal(capture(encoder, tokens, ["1"])["1"], reference["1"][0])


def test_a_layer_that_runs_several_times_has_numbered_calls_in_order() -> None:
    record = capture(build(toys.ReusedReLU), VECTOR)
    assert list(record) == ["relu#1", "first", "relu#2", "second", "relu#3"]
    assert record.calls("relu") == ("relu#1", "relu#2", "relu#3")


def test_one_call_can_be_asked_for_alone() -> None:
    module = build(toys.ReusedReLU)
    everything = capture(module, VECTOR)
    record = capture(module, VECTOR, ["relu#2", "first"])
    assert list(record) == ["first", "relu#2"]
    assert_bit_equal(record["relu#2"], everything["relu#2"])


def test_nested_outputs_are_named_by_their_place() -> None:
    record = capture(build(toys.NestedOutputs), torch.zeros(2, 3, 5))
    assert list(record) == [
        "inner[both][0]",
        "inner[both][1][0]",
        "inner[pair][0]",
        "lstm[0]",
        "lstm[1][0]",
        "lstm[1][1]",
    ]
    assert record["inner[both][1][0]"].unique().tolist() == [2.0]
    assert record["lstm[1][0]"].shape == (1, 2, 4)


def test_a_part_of_a_nested_output_can_be_asked_for() -> None:
    record = capture(build(toys.NestedOutputs), torch.zeros(2, 3, 5), ["lstm[1]", "inner[pair]"])
    assert list(record) == ["inner[pair][0]", "lstm[1][0]", "lstm[1][1]"]


def test_a_module_that_returns_its_input_keeps_the_value_it_returned() -> None:
    x = torch.tensor([[-1.0, 2.0]])
    record = capture(build(toys.ReturnsInput), x)
    assert record["same"].tolist() == [[-1.0, 2.0]]
    assert record["relu"].tolist() == [[0.0, 2.0]]


def test_a_record_does_not_change_with_its_input_or_the_networks_parameters() -> None:
    x = torch.tensor([[1.0, 2.0]])
    record = capture(nn.Sequential(nn.Identity()), x)
    x.zero_()
    assert record["0"].tolist() == [[1.0, 2.0]]
    module = build(toys.ReturnsParameter)
    record = capture(module, VECTOR)
    with torch.no_grad():
        next(module.parameters()).zero_()
    assert record["embedding"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_record_does_not_change_with_a_tensor_the_network_kept() -> None:
    module = build(toys.KeepsItsOutput)
    first = capture(module, torch.ones(1, 5))
    capture(module, torch.ones(1, 5))
    assert first["inner"].tolist() == [[1.0] * 5]


def test_values_are_detached_and_a_small_view_does_not_hold_its_base() -> None:
    record = capture(build(toys.ViewModifiedLater), torch.ones(1, 6), gradients=True)
    assert not any(value.requires_grad for value in record.values())
    assert record["front"].untyped_storage().nbytes() == record["front"].nbytes


def test_several_inputs_are_passed_as_a_tuple() -> None:
    assert_same_as_reference(build(toys.TwoInputs), VECTOR, VECTOR + 1)


def test_half_precision_and_nan_pass_through_unchanged() -> None:
    x = torch.tensor([[1.5, float("nan"), float("inf"), -0.0]], dtype=torch.bfloat16)
    record = capture(nn.Sequential(nn.Identity(), nn.Hardtanh(-2, 2)), x)
    assert record["0"].dtype == torch.bfloat16
    assert record["0"].view(torch.int16).tolist() == x.view(torch.int16).tolist()


def test_a_compiled_network_gives_the_values_of_the_network_inside() -> None:
    inner = build(toys.InPlaceAfter).eval()
    compiled = torch.compile(inner, backend="eager")
    assert isinstance(compiled, nn.Module)
    with torch.no_grad():
        compiled(PICTURE)
    reference = cloned_activations(inner, PICTURE)
    record = capture(compiled, PICTURE)
    assert list(record) == ["conv", "bn", "relu"]
    for layer, values in reference.items():
        assert_bit_equal(record[layer], values[0])
        assert_bit_equal(record[f"_orig_mod.{layer}"], values[0])
    assert list(capture(compiled, PICTURE, ["_orig_mod.bn"])) == ["bn"]


def test_a_layer_compiled_inside_the_network_is_seen_as_well() -> None:
    module = nn.Sequential(build(toys.InPlaceAfter), nn.Conv2d(4, 2, 3)).eval()
    reference = cloned_activations(copy.deepcopy(module), PICTURE)
    module[0].compile(backend="eager")
    with torch.no_grad():
        module(PICTURE)
    record = capture(module, PICTURE)
    for layer, values in reference.items():
        assert_bit_equal(record[layer], values[0])


def test_a_data_parallel_network_answers_to_names_with_and_without_its_prefix() -> None:
    inner = build(toys.SkipAdd)
    wrapped = nn.DataParallel(inner)
    record = capture(wrapped, PICTURE, ["module.conv1", "conv2"])
    for layer, values in cloned_activations(inner, PICTURE).items():
        assert_bit_equal(record[layer], values[0])
        assert_bit_equal(record[f"module.{layer}"], values[0])


def test_a_shared_module_answers_to_all_its_names() -> None:
    record = capture(build(toys.SharedByTwoParents), VECTOR, ["right.shared"])
    assert list(record) == ["left.shared#1", "left.shared#2"]
    assert record.calls("right.shared") == record.calls("left.shared")
    assert_bit_equal(record["right.shared#2"], record["left.shared#2"])


def test_the_root_can_be_asked_for_by_the_empty_name() -> None:
    module = build(toys.TwoInputs)
    with torch.no_grad():
        expected = module.eval()(VECTOR, VECTOR)
    assert_bit_equal(capture(module, (VECTOR, VECTOR), [""])[""], expected)


def test_an_unknown_layer_is_named_with_the_closest_ones() -> None:
    with pytest.raises(UnknownLayerError, match=r"'layer1\.0\.conv3' is not a layer.*'layer1\.0\.conv2'"):
        capture(resnet18(), torch.zeros(1, 3, 32, 32), ["layer1.0.conv3"])


def test_a_call_that_did_not_happen_is_named_with_those_that_did() -> None:
    with pytest.raises(UnknownLayerError, match=r"'relu#4' did not happen.*ran 3 times"):
        capture(build(toys.ReusedReLU), VECTOR, ["relu#4"])


def test_looking_up_what_is_not_in_a_record_says_why() -> None:
    record = capture(build(toys.ReusedReLU), VECTOR)
    with pytest.raises(UnknownLayerError, match=r"several activations; choose one of relu#1, relu#2, relu#3"):
        record["relu"]
    with pytest.raises(UnknownLayerError, match=r"'frist' was not captured. Closest: 'first'"):
        record["frist"]
    unused = capture(build(toys.NeverCalled), VECTOR, ["unused"])
    assert unused.calls("unused") == ()
    with pytest.raises(UnknownLayerError, match=r"'unused' never ran"):
        unused["unused"]


def test_a_copy_of_a_layer_runs_under_the_layers_name() -> None:
    module = build(toys.CopiesALayer)
    expected = module(VECTOR).detach()
    assert_bit_equal(capture(module, VECTOR)["layer"], expected)


def test_a_tensor_with_a_dispatch_of_its_own_is_kept_as_it_is() -> None:
    rows = capture(build(toys.ReturnsJagged), VECTOR)["rows"].unbind()
    assert [row.tolist() for row in rows] == [VECTOR[0, :2].tolist(), VECTOR[1].tolist()]
