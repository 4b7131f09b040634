"""Small networks as the app meets them: ready `Model`s that count their passes, go wrong, or call twice."""

import threading

import torch
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode

from actviz_core.models import Model, Preprocess

CLASSES = ("ant", "bee", "cat")
PREPROCESS = Preprocess((8, 8), (8, 8), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), InterpolationMode.NEAREST)


def model_of(module: nn.Module, *, key: str = "toy", fingerprint: str = "toy") -> Model:
    """Wrap a module of three classes whose pictures are 8 x 8."""
    return Model(key, module.eval(), PREPROCESS, CLASSES, fingerprint, torch.device("cpu"))


def picture(seed: int) -> Tensor:
    """An input of shape (1, 3, 8, 8), the same for the same seed."""
    return torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(seed))


class Counter:
    """Counts, and is no attribute that a hooked pass would put back."""

    def __init__(self) -> None:
        self.number = 0


class Flaws(nn.Module):
    """Puts values that are no numbers, or no finite ones, into the first channel of what passes through."""

    def __init__(self, *flaws: float) -> None:
        super().__init__()
        self.flaws = flaws

    def forward(self, x: Tensor) -> Tensor:
        flawed = x.clone()
        for column, flaw in enumerate(self.flaws):
            flawed[:, 0, 1, column] = flaw
        return flawed


class Fails(nn.Module):
    """Raises, as a network does that wants another input."""

    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("mat1 and mat2 cannot be multiplied")


class CountedNet(nn.Module):
    """Counts its passes, calls one ReLU twice, has a layer that never runs, and an optional one in between.

    Passes wait for ``gate``, so that a test can hold them up.
    """

    def __init__(self, between: nn.Module | None = None, *, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.fc = nn.Linear(4, len(CLASSES))
            self.idle = nn.Conv2d(3, 4, 1)
        self.between = between or nn.Identity()
        self.relu = nn.ReLU(inplace=True)
        self.counted = Counter()
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()

    @property
    def passes(self) -> int:
        """How often it ran."""
        return self.counted.number

    def forward(self, x: Tensor) -> Tensor:
        with self._lock:
            self.counted.number += 1
        assert self.gate.wait(60)
        maps = self.relu(self.between(self.conv(x)) - 0.1)
        return self.fc(self.relu(maps.mean((2, 3))))
