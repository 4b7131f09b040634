"""Builders as teams write them, good and bad, for ``ACTVIZ_MODELS``."""

import sys
import threading
from types import SimpleNamespace

import torch
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights
from torchvision.transforms import Compose

from actviz_core.models import OwnNetwork, Preprocess
from actviz_core.tasks import Task

PREPROCESS = Preprocess((8, 8), (8, 8), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
NUMBER = 7


class Small(nn.Module):
    """Three classes for pictures of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).mean((2, 3))


class NoParameters(nn.Module):
    """Averages each colour: a network without a single parameter."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


def module_alone() -> nn.Module:
    return Small()


def with_all() -> tuple[nn.Module, Preprocess, list[str]]:
    return Small(), PREPROCESS, ["ant", "bee", "cat"]


def an_object() -> OwnNetwork:
    return OwnNetwork(
        Small(), ResNet18_Weights.DEFAULT.transforms(), ("ant", "bee", "cat"), Task.SEGMENTATION
    )


def another_object() -> SimpleNamespace:
    return SimpleNamespace(module=Small(), classes=("ant",))


def half_precision() -> nn.Module:
    module = Small().bfloat16()
    module.register_buffer("sparse", torch.eye(3).to_sparse())
    module.register_buffer("empty", torch.zeros(0))
    module.register_buffer("flag", torch.tensor(True))
    module.register_buffer("mirrored", torch.tensor([1 + 2j]).conj())
    return module.train()


def own_seed() -> nn.Module:
    torch.manual_seed(99)
    return Small()


def with_optional(width: int = 3) -> nn.Module:
    return Small() if width == 3 else NoParameters()


def with_required(width: int, *, depth: int) -> nn.Module:
    raise AssertionError((width, depth))


def raises() -> nn.Module:
    raise FileNotFoundError("no weights at /team/net.pt")


def exits() -> nn.Module:
    sys.exit(2)


def returns_nothing() -> None:
    return None


def returns_a_pair() -> tuple[nn.Module, list[str]]:
    return Small(), ["ant"]


def returns_the_class() -> type[nn.Module]:
    return Small


def wrong_preprocess() -> tuple[nn.Module, object, list[str]]:
    return Small(), Compose([]), ["ant"]


def wrong_classes() -> tuple[nn.Module, None, list[int]]:
    return Small(), None, [1, 2, 3]


def one_string_as_classes() -> tuple[nn.Module, None, str]:
    return Small(), None, "ant"


def wrong_task() -> SimpleNamespace:
    return SimpleNamespace(module=Small(), task="detection")


def lazy() -> nn.Module:
    return nn.LazyConv2d(3, 3)


def on_meta() -> nn.Module:
    return Small().to("meta")


GATE = threading.Event()  # what waits for it hangs until a test opens it
begun: list[str] = []


def hangs() -> nn.Module:
    begun.append("hangs")
    assert GATE.wait(60)
    return Small()


def enormous() -> nn.Module:
    untouched = nn.ParameterList(nn.Parameter(torch.empty(10_000, 10_000)) for _ in range(2))
    return nn.Sequential(untouched, nn.Linear(10_000, 10_000, bias=False), nn.Linear(10**6, 10**6))
