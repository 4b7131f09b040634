"""Edits: what follows is what torch computes with the edited tensor, forward and backward."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from captum.attr import GuidedBackprop
from torch import Tensor, nn
from torchvision.models import get_model

from actviz_core import Record, capture, capture_gradients, only_positive, scale, switch_off
from actviz_core.errors import EditError, UnknownLayerError
from actviz_core.hooks import Edit
from tests.hooks import toys
from tests.hooks.gradient_reference import hooked_gradients
from tests.hooks.reference import assert_bit_equal, cloned_activations
from tests.support.filling import with_some_values

X = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(3))
VECTOR = torch.randn(2, 5, generator=torch.Generator().manual_seed(2))


def resnet() -> nn.Module:
    return with_some_values(get_model("resnet18"))


def build(network: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return network()


@contextmanager
def edited_by_hand(layer: nn.Module, edit: Edit) -> Iterator[None]:
    """The edit as a plain forward hook, set before any other."""
    handle = layer.register_forward_hook(lambda _module, _args, output: edit(output))
    try:
        yield
    finally:
        handle.remove()


def zeroed(channel: int) -> Edit:
    def edit(tensor: Tensor) -> Tensor:
        tensor = tensor.clone()
        tensor[:, channel] = 0
        return tensor

    return edit


@pytest.mark.parametrize("layer", ["conv1", "layer1.0.conv1", "layer2.0", "layer4.1.bn2", "avgpool"])
def test_everything_after_an_edit_is_what_torch_computes_with_it(layer: str) -> None:
    module = resnet()
    with edited_by_hand(module.get_submodule(layer), zeroed(5)):
        reference = cloned_activations(module, X)
        gradients = hooked_gradients(module, X, lambda answer: answer[:, 7].sum())
    record = capture(module, X, edits={layer: switch_off(5)})
    for name, values in reference.items():
        for call, value in zip(record.calls(name), values, strict=True):
            assert_bit_equal(record[call], value)
    assert record[layer][:, 5].eq(0).all()
    found = capture_gradients(module, X, 7, edits={layer: switch_off(5)})
    for call, gradient in gradients.items():
        assert gradient is not None
        assert found[call].equal(gradient), call


def test_no_edit_is_left_behind() -> None:
    module = resnet()
    before = capture(module, X, ["fc"])["fc"]
    assert not capture(module, X, ["fc"], edits={"layer1": scale(3, 0.0)})["fc"].equal(before)
    with pytest.raises(EditError):
        capture(module, X, ["fc"], edits={"layer1": switch_off(64)})
    assert capture(module, X, ["fc"])["fc"].equal(before)


def test_guided_backprop_is_only_positive_at_every_relu() -> None:
    module = get_model("resnet18").eval()
    with_some_values(module)
    relus = [name for name, part in module.named_modules() if isinstance(part, nn.ReLU) and part.inplace]
    assert len(relus) == 9
    captums = GuidedBackprop(module).attribute(X.clone().requires_grad_(), 7)
    edits = dict.fromkeys(relus, only_positive())
    assert capture_gradients(module, X, 7, ["input"], gradient_edits=edits)["input"].equal(captums)
    everything = capture_gradients(module, X, 7, gradient_edits=edits)
    assert everything["input"].equal(captums)
    assert all(float(everything[call].min()) >= 0 for call in everything.calls("layer1.0.relu"))


@pytest.mark.parametrize("layer", ["layer1.0.conv1", "layer3.0", "layer4.1.bn2"])
def test_an_edited_gradient_is_what_a_tensor_hook_would_pass_on(layer: str) -> None:
    module = resnet()
    edit = scale([1, 4], 3.0)

    def with_hook(_module: nn.Module, _args: Any, output: Tensor) -> None:
        output.register_hook(edit)

    handle = module.get_submodule(layer).register_forward_hook(with_hook)
    reference = hooked_gradients(module, X, lambda answer: answer[:, 7].sum())
    handle.remove()
    found = capture_gradients(module, X, 7, gradient_edits={layer: edit})
    same_tensor = (
        f"{layer}.relu#2"  # its own hook was set before the edit's, on the tensor that the block returns
    )
    for call, gradient in reference.items():
        assert gradient is not None
        assert found[call].equal(edit(gradient) if call == same_tensor else gradient), call
    for call in ("conv1", layer):
        alone = capture_gradients(module, X, 7, [call], gradient_edits={layer: edit})
        assert alone[call].equal(found[call])
    plain = capture_gradients(module, X, 7, [layer])[layer]
    assert found[layer][:, 4].equal(plain[:, 4] * 3)


def test_of_a_block_and_its_last_layer_the_blocks_gradient_is_edited_first() -> None:
    module = nn.Sequential(nn.Sequential(nn.Linear(5, 3)))
    plain = capture_gradients(module, VECTOR, 0)
    edits: dict[str, Edit] = {"0.0": lambda gradient: gradient + 1, "0": lambda gradient: gradient * 2}
    record = capture_gradients(module, VECTOR, 0, gradient_edits=edits)
    assert record["0"].equal(plain["0"] * 2)
    assert record["0.0"].equal(plain["0"] * 2 + 1)
    assert record["input"].equal((plain["0"] * 2 + 1) @ module[0][0].weight)  # type: ignore[index]
    only_inner = capture_gradients(module, VECTOR, 0, gradient_edits={"0.0": edits["0.0"]})
    assert only_inner["0"].equal(plain["0"])
    assert only_inner["0.0"].equal(plain["0"] + 1)


def test_one_call_of_several_can_be_edited() -> None:
    module = build(toys.ReusedReLU)
    record = capture(module, VECTOR, edits={"relu#2": switch_off([0, 1])})
    plain = capture(module, VECTOR)
    assert record["relu#1"].equal(plain["relu#1"])
    assert record["relu#2"][:, :2].eq(0).all()
    assert record["second"].equal(F.linear(record["relu#2"], module.second.weight, module.second.bias))  # type: ignore[arg-type, union-attr]


def test_a_part_of_a_nested_output_can_be_edited() -> None:
    x = torch.zeros(2, 3, 5)
    record = capture(build(toys.NestedOutputs), x, edits={"inner[both][1]": lambda tensor: tensor * 2})
    assert record["inner[both][1][0]"].unique().tolist() == [4.0]
    assert record["inner[both][0]"].unique().tolist() == [1.0]
    assert record["inner[pair][0]"].unique().tolist() == [3.0]


def test_edits_of_one_call_are_made_in_their_order() -> None:
    edits: dict[str, Edit] = {"first": lambda tensor: tensor + 1, "first#1": lambda tensor: tensor * 2}
    module = build(toys.ReusedReLU)
    plain = capture(module, VECTOR)
    record = capture(module, VECTOR, ["first"], edits=edits)
    assert record["first"].equal((plain["first"] + 1) * 2)


def test_steps_can_be_edited() -> None:
    module = resnet()
    edits = {"layer1.0/add#1": switch_off(2)}
    record = capture(module, X, steps=True, edits=edits)
    plain = capture(module, X, steps=True)
    assert list(record) == list(plain)
    assert record["layer1.0/add#1"][:, 2].eq(0).all()
    assert record["layer1.0.bn2"].equal(plain["layer1.0.bn2"])
    assert record["layer1.0"].equal(record["layer1.0/add#1"].relu())
    assert capture(module, X, ["fc"], steps=True, edits=edits)["fc"].equal(record["fc"])
    gradients = capture_gradients(module, X, 7, steps=True, edits=edits)
    assert gradients["layer1.0.bn2"][:, 2].eq(0).all()
    changed = capture_gradients(module, X, 7, steps=True, gradient_edits=edits)
    assert changed["layer1.0/add#1"][:, 2].eq(0).all()
    assert changed["layer1.0.bn2"].equal(changed["layer1.0/add#1"])
    with pytest.raises(UnknownLayerError, match="capture it with steps=True"):
        capture(module, X, edits=edits)


def test_an_edits_own_functions_are_no_steps() -> None:
    module = resnet()
    edits: dict[str, Edit] = {"layer1.0.conv1": lambda tensor: F.relu(tensor) * 2 + 1}
    assert list(capture(module, X, steps=True, edits=edits)) == list(capture(module, X, steps=True))


def test_a_checkpointed_block_is_edited_in_its_second_run_too() -> None:
    module = build(toys.Checkpointed)
    record = capture_gradients(module, VECTOR, 0, edits={"block.0": scale(0, 2.0)})
    with edited_by_hand(module.block[0], scale(0, 2.0)):  # type: ignore[index, arg-type]
        reference = hooked_gradients(module, VECTOR, lambda answer: answer[:, 0].sum())
    assert record["input"].equal(reference["input"])  # type: ignore[arg-type]
    with pytest.raises(EditError, match="runs a second time in the backward pass"):
        capture_gradients(module, VECTOR, 0, edits={"block.0#1": scale(0, 2.0)})


def test_the_pass_still_stops_early_and_later_edits_change_nothing() -> None:
    module = resnet()
    plain = capture(module, X, ["conv1"])
    assert capture(module, X, ["conv1"], edits={"layer4": switch_off(0)})["conv1"].equal(plain["conv1"])


def test_what_cannot_be_edited_is_said() -> None:
    module = build(toys.ReusedReLU)

    def edited(edits: dict[str, Any]) -> None:
        capture(module, VECTOR, edits=edits)

    with pytest.raises(UnknownLayerError, match=r"'frist' is not a layer of this network. Closest: 'first'"):
        edited({"frist": switch_off(0)})
    with pytest.raises(UnknownLayerError, match="'relu#4' did not happen in this forward pass; 'relu' ran 3"):
        edited({"relu#4": switch_off(0)})
    with pytest.raises(EditError, match="There is no channel 5: there are 0 to 4 along axis 1"):
        edited({"first": switch_off([1, 5])})
    with pytest.raises(EditError, match="There is no axis 3"):
        edited({"first": scale(0, 2.0, axis=3)})
    with pytest.raises(EditError, match="The edit of 'first' gave NoneType"):
        edited({"first": lambda _tensor: None})
    with pytest.raises(EditError, match=r"gave \(2,\) of torch.float32; \(2, 5\) of torch.float32 is needed"):
        edited({"first": lambda tensor: tensor[:, 0]})


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's own, of quantized tensors
@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("quantized", lambda values: torch.quantize_per_tensor(values, 0.1, 10, torch.quint8)),
        ("sparse", Tensor.to_sparse),
        ("torch.float8_e4m3fn", lambda values: values.to(torch.float8_e4m3fn)),
    ],
)
def test_values_of_which_torch_changes_no_single_channel_are_refused(
    kind: str, make: Callable[[Tensor], Tensor]
) -> None:
    values = make(torch.eye(3))
    for edit in (switch_off(1), scale(1, 0.5)):
        with pytest.raises(EditError, match=f"Torch cannot change a single channel of {kind} values"):
            edit(values)


def test_ready_made_edits_touch_only_their_channels() -> None:
    tensor = torch.tensor([[[-1.0, torch.nan]], [[-0.0, torch.inf]]]).permute(2, 1, 0)  # (2, 1, 2)
    assert switch_off(0)(tensor).eq(0).all()
    assert scale(0, 0.0)(tensor).eq(0).all()
    assert switch_off(1, axis=-1)(tensor)[..., 1].eq(0).all()
    assert_bit_equal(switch_off(1, axis=-1)(tensor)[..., 0], tensor[..., 0])
    assert_bit_equal(scale((1,), 2.0, axis=2)(tensor)[..., 0], tensor[..., 0])
    assert only_positive()(torch.tensor([-2.0, 3.0])).tolist() == [0.0, 3.0]
    assert switch_off([1, 1]) == switch_off(1) == scale(1, 0)
    assert switch_off(1) != switch_off(1, axis=-1)


def test_eight_threads_of_activations_gradients_and_edits_get_what_one_gets() -> None:
    module = resnet()
    edits = {"layer1.0.conv1": switch_off(3)}
    relus = [name for name, part in module.named_modules() if isinstance(part, nn.ReLU)]
    guided = dict.fromkeys(relus, only_positive())
    layers = ["layer1.0.conv1", "layer2.0", "fc"]
    jobs: list[Callable[[], Record]] = [
        lambda: capture(module, X, layers),
        lambda: capture(module, X, layers, edits=edits),
        lambda: capture_gradients(module, X, 5, layers),
        lambda: capture_gradients(module, X, 5, [*layers, "input"], gradient_edits=guided),
    ]
    expected = [dict(job()) for job in jobs]
    start = threading.Barrier(8)

    def work(thread: int) -> int:
        start.wait()
        wrong = 0
        for turn in range(20):
            which = (thread + turn) % len(jobs)
            found = jobs[which]()
            wrong += list(found) != list(expected[which])
            wrong += not all(found[call].equal(value) for call, value in expected[which].items())
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 0
    hooks = [
        len(value) for part in module.modules() for key, value in vars(part).items() if key.endswith("_hooks")
    ]
    assert sum(hooks) == 0
    assert all(parameter.grad is None for parameter in module.parameters())
