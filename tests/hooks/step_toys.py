"""Toy networks, one per hard case of functional steps; each class's first line names its trap."""

from collections import deque

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


class FunctionalBlock(nn.Module):
    """A residual block of functions, where each step overwrites the one before it in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 3, 3, padding=1)
        self.conv2 = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.conv1(x), inplace=True)
        out = self.conv2(out)
        out += x
        return F.relu_(out)


class BlocksAndHead(nn.Module):
    """Steps in the root's own code, after two blocks of the same kind."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(FunctionalBlock(), FunctionalBlock())
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.adaptive_avg_pool2d(self.blocks(x), 1)
        return self.fc(torch.flatten(pooled, 1))


class LoopsByValue(nn.Module):
    """How often a step runs depends on the values, so torch.fx cannot trace it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(2 if float(x.sum()) > 0 else 3):
            x = self.linear(x) / 2 * 0.5
        return x.mean(1)


class ScalesTwice(nn.Module):
    """A module with a step inside runs twice in one pass."""

    class Scale(nn.Module):
        """Its only step is what it returns."""

        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    class ScaleAndShift(nn.Module):
        """A step that stays inside, and one that is returned."""

        def forward(self, x: Tensor) -> Tensor:
            return x * 2 + 1

    def __init__(self) -> None:
        super().__init__()
        self.scale = self.Scale()
        self.both = self.ScaleAndShift()

    def forward(self, x: Tensor) -> Tensor:
        return self.both(self.both(self.scale(self.scale(x))))


class SharedSteps(nn.Module):
    """One module with a step inside sits below two parents."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Sequential(ScalesTwice.ScaleAndShift())
        self.right = nn.Sequential(self.left[0])

    def forward(self, x: Tensor) -> Tensor:
        return self.right(self.left(x))


class AttentionBlock(nn.Module):
    """`nn.MultiheadAttention` computes on another path when it sees a function mode."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        normal = self.norm(x)
        attended, _ = self.attention(normal, normal, normal, need_weights=False)
        return attended + x


class SeesFunctionModes(nn.Module):
    """Notes how many function modes are while it runs, in what a capture does not put back."""

    def __init__(self) -> None:
        super().__init__()
        self.depths: deque[int] = deque()

    def forward(self, x: Tensor) -> Tensor:
        self.depths.append(torch._C._len_torch_function_stack())
        return x + 1


class Doubling(TorchFunctionMode):
    """A network's own function mode: every ``+`` gives twice as much."""

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]  # as torch's
        result = func(*args, **(kwargs or {}))
        return result * 2 if func.__name__ == "add" else result


class OwnModes(nn.Module):
    """The network pushes function modes of its own, and layers run between push and pop."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        with torch.device("cpu"):
            x = self.linear(x) + torch.ones(5)
        with Doubling():
            x = self.linear(x) + 1
        return self.linear(x) - 1


class TriesAndFails(nn.Module):
    """A layer raises, and the network goes on in another way."""

    class Fails(nn.Module):
        """Raises after a step."""

        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(5, 5)

        def forward(self, x: Tensor) -> Tensor:
            if float((self.linear(x) * 2).sum()) < float("inf"):
                raise ValueError("broken on purpose")
            return x

    def __init__(self) -> None:
        super().__init__()
        self.fails = self.Fails()
        self.linear = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        try:
            return self.fails(x)
        except ValueError:
            return self.linear(x) + x


class ManySpellings(nn.Module):
    """The same function written in several ways, and what is no step in between."""

    def forward(self, x: Tensor) -> Tensor:
        y = 1 + x
        y = y.add(1).add_(1)
        y += 1
        y = torch.add(y, 1)
        y = 1 - y
        y = 2 / (y * y + 1)
        y = F.relu(y).relu() + torch.relu(y)
        y = torch.concat([y, y], 1)
        y = F.dropout(y, 0.5, training=self.training)
        y = y.view(-1).reshape(2, -1).transpose(0, 1)[1:].contiguous()
        values, _ = y.max(0)
        return F.max_pool1d(values[None], 2) @ torch.ones(1, 1)


class MatrixProducts(nn.Module):
    """Products of matrices without a layer."""

    class Inner(nn.Module):
        """Two products, of which the second is returned."""

        def forward(self, x: Tensor) -> Tensor:
            return torch.mm(torch.mm(x, x.t()), x)

    def __init__(self) -> None:
        super().__init__()
        self.inner = self.Inner()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x @ torch.ones(6, 6)) + x
