"""Two networks are of one architecture when nothing but the values of tensors differs."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import get_model

from actviz_core.hooks import architecture_of


@pytest.mark.parametrize("name", ["resnet18", "vit_b_32", "swin_t", "densenet121", "convnext_tiny"])
def test_other_weights_make_no_other_architecture(name: str) -> None:
    with torch.device("meta"):
        first, second = get_model(name), get_model(name).eval()
    assert architecture_of(first) is not None
    assert architecture_of(first) == architecture_of(second)
    assert hash(architecture_of(first)) == hash(architecture_of(second))


class Holds(nn.Module):
    """Holds whatever it is given."""

    def __init__(self, held: object) -> None:
        super().__init__()
        self.held = held


@dataclass(slots=True)
class Slotted:
    """Has no ``__dict__``, and a field that nobody sets."""

    number: int
    later: int = field(init=False)


def tied(*, together: bool) -> nn.Module:
    """Two layers with one weight, or with two that are alike."""
    network = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    if together:
        network[1].weight = network[0].weight
    return network


ReLU = nn.ReLU()
PAIRS: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module]]] = {
    "class": (nn.ReLU, nn.GELU),
    "name": (lambda: nn.ModuleDict({"a": nn.ReLU()}), lambda: nn.ModuleDict({"b": nn.ReLU()})),
    "stride": (lambda: nn.Conv2d(1, 1, 1, 1), lambda: nn.Conv2d(1, 1, 1, 2)),
    "shape": (lambda: nn.Linear(2, 3), lambda: nn.Linear(3, 2)),
    "dtype": (lambda: nn.Linear(2, 3), lambda: nn.Linear(2, 3).double()),
    "shared or not": (lambda: nn.Sequential(ReLU, ReLU), lambda: nn.Sequential(nn.ReLU(), nn.ReLU())),
    "number or switch": (lambda: Holds(1), lambda: Holds(True)),
    "whole or not": (lambda: Holds(1), lambda: Holds(1.0)),
    "order": (lambda: Holds([1, 2]), lambda: Holds([2, 1])),
    "function": (lambda: Holds(F.relu), lambda: Holds(F.gelu)),
    "argument": (lambda: Holds(partial(F.pad, pad=(1, 1))), lambda: Holds(partial(F.pad, pad=(2, 1)))),
    "tied or not": (lambda: tied(together=True), lambda: tied(together=False)),
    "field": (lambda: Holds(Slotted(1)), lambda: Holds(Slotted(2))),
    "shape of a tensor": (lambda: Holds(torch.zeros(2)), lambda: Holds(torch.zeros(3))),
}


@pytest.mark.parametrize("difference", PAIRS)
def test_any_other_difference_does(difference: str) -> None:
    first, second = PAIRS[difference]
    assert architecture_of(first()) == architecture_of(first())
    assert architecture_of(first()) != architecture_of(second())


def test_what_cannot_be_compared_has_no_architecture() -> None:
    hooked = nn.ReLU()
    hooked.register_forward_hook(lambda *_: None)
    number = 3
    for held in (object(), threading.Lock(), lambda: number, [[object()]], torch.randn):
        known = architecture_of(Holds(held)) is not None
        assert known == (held is torch.randn), held
    assert architecture_of(hooked) is None
