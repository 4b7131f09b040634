"""The modules that odd networks are made of; each class's first line names its trap."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Net(nn.Module):
    """``conv``, an optional ``between``, ``fc``: three outputs for pictures of any size."""

    def __init__(self, between: nn.Module | None = None, after: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.between = between or nn.ReLU()
        self.fc = nn.Linear(4, 3)
        self.after = after or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.fc(self.between(self.conv(x)).mean((2, 3))))


class Does(nn.Module):
    """Does what a function does."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


class Beside(nn.Module):
    """Runs a layer whose result nobody needs, and passes its input on."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.side = layer

    def forward(self, x: Tensor) -> Tensor:
        self.side(x)
        return x


def beside(function: Callable[[Tensor], Any]) -> nn.Module:
    return Net(Beside(Does(function)))


def answers(function: Callable[[Tensor], Any]) -> nn.Module:
    return Net(after=Does(function))


class Named(nn.Module):
    """Calls layers in a row that have these names."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names
        for name in names:
            self.add_module(name, nn.Conv2d(3, 3, 3, padding=1))
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        for name in self.names:
            x = self._modules[name](x)  # type: ignore[misc]  # none of them is None
        return self.fc(x.mean((2, 3)))


class ReluTwice(nn.Module):
    """Calls ``relu`` twice, and a layer called ``relu#1`` once, which gives other values."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.add_module("relu#1", nn.Hardtanh(-0.5, 0.25))
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        other: nn.Module = getattr(self, "relu#1")
        return self.fc(self.relu(other(self.relu(x) - 0.3)).mean((2, 3)))


class LikeAStep(nn.Module):
    """Has a sum in ``x``'s code, and a layer whose name is that of this step."""

    def __init__(self) -> None:
        super().__init__()
        self.x = Does(lambda x: (x + 1) * 2)
        self.add_module("x/add#1", nn.Hardtanh(-0.5, 0.25))
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        other: nn.Module = getattr(self, "x/add#1")
        return self.fc(other(self.x(x)).mean((2, 3)))


class Changes(nn.Module):
    """Changes its own attributes in every pass, as some write: a count, a tensor, a list, the last input."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.total = torch.zeros(4)
        self.seen: list[float] = []
        self.last: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.count += 1
        self.total += x.mean((0, 2, 3))
        self.seen.append(float(x.detach().mean()))
        self.last = x
        return x + self.count + self.total.sum()


@dataclass
class Result:
    """A result as libraries return it."""

    logits: Tensor
    hidden: Tensor | None = None


class Raises(nn.Module):
    """Raises what nobody expects of a network."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        raise self.error


class OwnCast(nn.Module):
    """Half a network that casts its input itself."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Net().half()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.half()).float()


class Shared(nn.Module):
    """One layer under two names, used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1)
        self.second = self.first
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.second(self.first(x)).mean((2, 3)))


def quietly(make: Callable[[], nn.Module]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


def scripted(module: nn.Module) -> nn.Module:
    return quietly(lambda: torch.jit.script(module.eval()))


def traced(module: nn.Module) -> nn.Module:
    return quietly(lambda: torch.jit.trace(module.eval(), torch.rand(1, 3, 8, 8)))


def with_part(change: Callable[[nn.Module], nn.Module]) -> nn.Module:
    net = Net(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()))
    net.between = change(net.between)
    return net


def compiled_in_place() -> nn.Module:
    net = Net()
    net.compile()
    return net


def compiled(module: nn.Module) -> nn.Module:
    made: nn.Module = torch.compile(module)  # type: ignore[assignment]
    return made


def quantized(x: Tensor) -> Tensor:
    return torch.quantize_per_tensor(x, 0.1, 10, torch.quint8)


def nested(x: Tensor) -> Tensor:
    return quietly_nested([x[0, 0], x[0, 1, :3]], torch.strided)


def jagged(x: Tensor) -> Tensor:
    return quietly_nested([x[0, 0], x[0, 1, :3]], torch.jagged)


def quietly_nested(parts: list[Tensor], layout: torch.layout) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nested.nested_tensor(parts, layout=layout)


def numbers(x: Tensor) -> Iterator[Tensor]:
    yield from x


class Pair(NamedTuple):
    """A result with names, which is a tuple."""

    logits: Tensor
    hidden: Tensor


class Unused(nn.Module):
    """Has a layer that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.idle = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * 2


class Restless(nn.Module):
    """Answers otherwise in each pass, whatever the seed."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = [torch.Generator().manual_seed(1)]

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand(x.shape, generator=self.generator[0])


class CalledOften(nn.Module):
    """Calls one layer fifty times."""

    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(50):
            x = self.step(x)
        return x


class Overwrites(nn.Module):
    """Overwrites in place what its layer returned."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x)
        out.zero_()
        return out + x
