"""Toy networks, one per hard case of capturing; each class's first line names its trap."""

import copy
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


class InPlaceAfter(nn.Module):
    """An in-place ReLU overwrites what the batch norm before it returned."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(x)))


class ReusedReLU(nn.Module):
    """One ReLU module is called three times, in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(5, 5)
        self.second = nn.Linear(5, 5)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.second(self.relu(self.first(self.relu(x.clone())))))


class SkipAdd(nn.Module):
    """``+=`` on a skip connection writes into a layer's output."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 3, 3, padding=1)
        self.conv2 = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv2(self.conv1(x))
        out += x
        return out


class Branch(nn.Module):
    """A parent that calls a module it may share with another parent."""

    def __init__(self, shared: nn.Module) -> None:
        super().__init__()
        self.shared = shared

    def forward(self, x: Tensor) -> Tensor:
        return self.shared(x) + 1


class SharedByTwoParents(nn.Module):
    """One module object sits below two parents."""

    def __init__(self) -> None:
        super().__init__()
        shared = nn.Linear(5, 5)
        self.left = Branch(shared)
        self.right = Branch(shared)

    def forward(self, x: Tensor) -> Tensor:
        return self.right(self.left(x))


class Pair(NamedTuple):
    """A named result."""

    values: Tensor
    number: int


class NestedOutputs(nn.Module):
    """Tuples, dicts, None and numbers, nested in what layers return."""

    class Inner(nn.Module):
        """Returns everything at once."""

        def forward(self, x: Tensor) -> Any:
            return {"both": (x + 1, [x + 2, None]), "pair": Pair(x + 3, 7), "nothing": None}

    def __init__(self) -> None:
        super().__init__()
        self.inner = self.Inner()
        self.lstm = nn.LSTM(5, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(self.inner(x)["both"][1][0])
        return out


class ReturnsInput(nn.Module):
    """A module returns its input, which is then written to."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.Identity()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.same(x))


class ViewModifiedLater(nn.Module):
    """A layer returns a view, and its base is written to afterwards."""

    class FirstHalf(nn.Module):
        """Returns a view of its input."""

        def forward(self, x: Tensor) -> Tensor:
            return x[:, : x.shape[1] // 2]

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)
        self.front = self.FirstHalf()

    def forward(self, x: Tensor) -> Tensor:
        base = self.linear(x)
        view = self.front(base)
        base.mul_(0)
        base.transpose(0, 1)[0].add_(5)
        return view * 1


class RaisesInTheMiddle(nn.Module):
    """The second layer raises."""

    class Broken(nn.Module):
        """Always raises."""

        def forward(self, x: Tensor) -> Tensor:
            raise ValueError("broken on purpose")

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(5, 5)
        self.dropout = nn.Dropout()
        self.broken = self.Broken()

    def forward(self, x: Tensor) -> Tensor:
        return self.broken(self.dropout(self.first(x)))


class Stochastic(nn.Module):
    """Dropout and batch norm: random, and with buffers that change, in train mode."""

    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(5)
        self.dropout = nn.Dropout(0.5)
        self.passes: Tensor
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        return self.dropout(self.bn(x))


class NeverCalled(nn.Module):
    """One module never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(5, 5)
        self.unused = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x)


class Checkpointed(nn.Module):
    """A block runs inside ``torch.utils.checkpoint``."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(5, 5), nn.ReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = checkpoint(self.block, x, use_reentrant=False)
        return out


class DataDependentLoop(nn.Module):
    """How often a layer runs depends on the values."""

    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Linear(5, 5)
        self.last = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(2 if x.sum() > 0 else 3):
            x = self.step(x)
        return self.last(x)


class KeepsItsOutput(nn.Module):
    """A layer keeps the tensor it returned and writes to it in the next pass."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = self.Remembering()

    class Remembering(nn.Module):
        """Adds its input to a state that is no buffer."""

        def __init__(self) -> None:
            super().__init__()
            self.state = [torch.zeros(1, 5)]

        def forward(self, x: Tensor) -> Tensor:
            self.state[0].add_(x)
            return self.state[0]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x)
        return out


class ReturnsParameter(nn.Module):
    """A layer returns one of its parameters."""

    class Embedding(nn.Module):
        """Returns its weight."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.arange(5.0))

        def forward(self) -> Tensor:
            return self.weight

    def __init__(self) -> None:
        super().__init__()
        self.embedding = self.Embedding()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.embedding()
        return out


class TwoInputs(nn.Module):
    """Takes two tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(5, 5)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.linear(a) * b


class CopiesALayer(nn.Module):
    """Runs a copy of its layer, which takes the layer's hooks along."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", copy.deepcopy(self.layer)(x))


class ReturnsJagged(nn.Module):
    """Its layer returns rows of unlike length, a kind of tensor with a dispatch of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = Jagged()

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.rows(x).to_padded_tensor(0.0))


class Jagged(nn.Module):
    """Two values of the first row, all of the second."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.nested.nested_tensor([x[0, :2], x[1]], layout=torch.jagged)
