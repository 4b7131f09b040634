"""Networks that tutorials don't have: wrapped, scripted, of other types, with odd names and results."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from actviz_core.models import OwnNetwork, Preprocess, Task

PREPROCESS = Preprocess((8, 8), (8, 8), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


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


class WindowAttention(nn.Module):
    """Attention whose tokens lie in windows, five axes (N, heads, windows, L, L), as NesT has it."""

    num_heads = 2

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(4, 12)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        tokens = x.reshape(n, c, 4, h * w // 4).permute(0, 2, 3, 1)
        q, k, v = self.qkv(tokens).reshape(n, 4, h * w // 4, 3, 2, 2).permute(3, 0, 4, 1, 2, 5)
        mixed = (q @ k.transpose(-2, -1)).softmax(-1) @ v
        return mixed.permute(0, 1, 4, 2, 3).reshape(n, c, h, w)


class ChannelAttention(nn.Module):
    """Attention between channels instead of places, as XCiT has it."""

    num_heads = 2

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q = F.normalize(x.reshape(n, 2, c // 2, h * w), dim=-1)
        return ((q @ q.transpose(-2, -1)).softmax(-1) @ q).reshape(n, c, h, w)


class HeadlessAttention(nn.Module):
    """Called attention, with no number of heads."""

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        tokens = flat.transpose(1, 2)
        return ((tokens @ flat).softmax(-1) @ tokens).transpose(1, 2).reshape(x.shape)


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


def no_answer_at_all() -> nn.Module:
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 3), none=Does(lambda _: None)))


KINDS: dict[str, Callable[[], Any]] = {
    "plain": Net,
    "data parallel": lambda: nn.DataParallel(Net()),
    "compiled": lambda: compiled(Net()),
    "compiled data parallel": lambda: compiled(nn.DataParallel(Net())),
    "compiled in place": compiled_in_place,
    "compiled part": lambda: with_part(compiled),
    "data parallel part": lambda: with_part(nn.DataParallel),
    "scripted": lambda: scripted(
        nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    ),
    "traced": lambda: traced(Net()),
    "scripted part": lambda: with_part(scripted),
    "half": lambda: Net().half(),
    "bfloat16": lambda: Net().bfloat16(),
    "double": lambda: Net().double(),
    "half with a cast of its own": OwnCast,
    "no parameters": lambda: Does(lambda x: x.mean((2, 3))),
    "no layers": lambda: nn.Sequential(),
    "shared layer": Shared,
    "quantized layer": lambda: beside(quantized),
    "quantized answer": lambda: answers(quantized),
    "complex layer": lambda: beside(torch.fft.fft2),
    "complex answer": lambda: answers(torch.fft.fft),
    "complex32 layer": lambda: beside(lambda x: torch.fft.fft2(x).to(torch.complex32)),
    "complex32 answer": lambda: answers(lambda x: torch.fft.fft(x).to(torch.complex32)),
    "conjugated layer": lambda: beside(lambda x: torch.fft.fft2(x).conj()),
    "imaginary part of a conjugate": lambda: beside(lambda x: torch.fft.fft2(x).conj().imag),
    "sparse layer": lambda: beside(lambda x: x.relu().to_sparse()),
    "sparse answer": lambda: answers(lambda x: x.relu().to_sparse()),
    "compressed sparse layer": lambda: beside(lambda x: x[0, 0].relu().to_sparse_csr()),
    "nested layer": lambda: beside(nested),
    "jagged layer": lambda: beside(jagged),
    "nested answer": lambda: answers(lambda x: quietly_nested([x[0]], torch.strided)),
    "float8 layer": lambda: beside(lambda x: x.to(torch.float8_e4m3fn)),
    "bool layer": lambda: beside(lambda x: x > 0),
    "integer answer": lambda: answers(lambda x: (10 * x).long()),
    "0-d layer": lambda: beside(lambda x: x.sum()),
    "0-d answer": lambda: answers(lambda x: x.sum()),
    "1-d answer": lambda: answers(lambda x: x[0]),
    "one output": lambda: answers(lambda x: x[:, :1]),
    "empty layer": lambda: beside(lambda x: x[:, :0]),
    "empty rows": lambda: beside(lambda x: x[:, :, :0]),
    "empty batch": lambda: beside(lambda x: x[:0]),
    "empty answer": lambda: answers(lambda x: x[:, :0]),
    "empty first convolution": lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), Does(lambda x: x[:, :, :0]), Does(lambda x: x.new_ones(1, 3))
    ),
    "None layer": lambda: beside(lambda _: None),
    "None answer": no_answer_at_all,
    "number layer": lambda: beside(lambda _: 3),
    "number answer": lambda: answers(lambda x: float(x.sum())),
    "generator layer": lambda: beside(numbers),
    "object layer": lambda: beside(lambda _: object()),
    "object answer": lambda: answers(lambda _: object()),
    "text layer": lambda: beside(lambda _: "text"),
    "empty tuple layer": lambda: beside(lambda _: ()),
    "two answers": lambda: answers(lambda x: (x, x + 1)),
    "dataclass answer": lambda: answers(Result),
    "dict answer": lambda: answers(lambda x: {"logits": x, "features": x * 2}),
    "maps as answer": lambda: nn.Conv2d(3, 5, 3),
    "NaN everywhere": lambda: beside(lambda x: x * float("nan")),
    "too few classes": lambda: OwnNetwork(Net(), PREPROCESS, ("a", "b")),
    "too many classes": lambda: OwnNetwork(Net(), PREPROCESS, ("a", "b", "c", "d")),
    "equal class names": lambda: OwnNetwork(Net(), PREPROCESS, ("a", "a", "a")),
    "no classes, many outputs": lambda: nn.Sequential(
        nn.Conv2d(3, 50, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ),
    "features": lambda: OwnNetwork(Net(), PREPROCESS, (), Task.FEATURES),
    "segmentation of a vector": lambda: OwnNetwork(Net(), PREPROCESS, (), Task.SEGMENTATION),
    "relu#1 beside relu": ReluTwice,
    "a layer called as a step": LikeAStep,
    "names with dollars and stars": lambda: Named("a$b$", "*x*", "_y_", "`z`"),
    "names with brackets and spaces": lambda: Named("a[0]", "b c", "[x](y)", ":red[b]", " "),
    "names of other scripts": lambda: Named("層", "слой", "طبقة", "🙂"),
    "names with slashes and commas": lambda: Named("a/b", "c,d", "e#", "#", "/"),
    "a very long name": lambda: Named("x" * 300),
    "changes its attributes": lambda: Net(Changes()),
    "attention in windows": lambda: Net(WindowAttention()),
    "attention of channels": lambda: Net(ChannelAttention()),
    "attention without heads": lambda: Net(HeadlessAttention()),
    "multi-head attention": lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3),
        Does(lambda x: x.flatten(2).transpose(1, 2)),
        nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
    ),
    "recurrent": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(2), nn.LSTM(36, 5, batch_first=True)),
    "three-dimensional": lambda: nn.Sequential(
        Does(lambda x: x[:, None]), nn.Conv3d(1, 2, 3, padding=1), nn.Flatten()
    ),
    "raises a KeyError": lambda: Net(Raises(KeyError("x"))),
    "raises without words": lambda: Net(Raises(RuntimeError())),
    "raises StopIteration": lambda: Net(Raises(StopIteration())),
}


def build(kind: str) -> Any:
    """What a builder of this kind returns; its values are the same every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = KINDS[kind]()
    return made if isinstance(made, OwnNetwork) else OwnNetwork(made, PREPROCESS)


chosen = "plain"


def chosen_kind() -> Any:
    """Build the kind that a test has put into ``chosen``: a builder for ``ACTVIZ_MODELS``."""
    return build(chosen)
