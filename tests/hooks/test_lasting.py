"""Copies in which edits last compute what capture does with the same edits, to the bit."""

import threading

import pytest
import torch
from torch import nn

from actviz_core import capture, capture_gradients, load_model, scale, switch_off
from actviz_core.errors import EditError
from actviz_core.hooks.lasting import edited_copy
from tests.toy_models import picture


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return load_model("cifar-resnet20").module


def inputs() -> torch.Tensor:
    return torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0))


EDITS = {"layer1.0.conv1": switch_off(5), "layer2.0": scale([1, 3], 2.5)}


def test_every_call_is_what_an_edited_pass_gives(network: nn.Module) -> None:
    lasting = capture(edited_copy(network, EDITS), inputs())
    once = capture(network, inputs(), edits=EDITS)
    assert list(lasting) == list(once)
    assert all(torch.equal(lasting[call], once[call]) for call in once)
    assert not torch.equal(lasting["fc"], capture(network, inputs(), ["fc"])["fc"])


def test_so_is_every_gradient_and_steps_are_no_others(network: nn.Module) -> None:
    copied = edited_copy(network, EDITS)
    lasting = capture_gradients(copied, inputs(), 3, steps=True)
    once = capture_gradients(network, inputs(), 3, steps=True, edits=EDITS)
    assert list(lasting) == list(once)
    assert all(torch.equal(lasting[call], once[call]) for call in once)


def test_the_network_itself_stays_as_it_is_and_shares_its_parameters(network: nn.Module) -> None:
    before = capture(network, inputs(), ["fc"])["fc"]
    copied = edited_copy(network, EDITS)
    assert not any(module._forward_hooks for module in network.modules())
    assert {id(one) for one in copied.parameters()} == {id(one) for one in network.parameters()}
    assert torch.equal(capture(network, inputs(), ["fc"])["fc"], before)


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace")
def test_what_cannot_be_edited_is_refused(network: nn.Module) -> None:
    with pytest.raises(EditError, match="'layer9' is not a layer"):
        edited_copy(network, {"layer9": switch_off(0)})
    scripted = torch.jit.trace(nn.Conv2d(3, 2, 1), picture(0))
    with pytest.raises(EditError, match="TorchScript"):
        edited_copy(nn.Sequential(scripted), {"0": switch_off(0)})
    stuck = nn.Conv2d(3, 2, 1)
    stuck.lock = threading.Lock()  # type: ignore[assignment]
    with pytest.raises(EditError, match="cannot be copied"):
        edited_copy(stuck, {"": switch_off(0)})
