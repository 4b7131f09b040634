"""Networks that tutorials don't have: wrapped, scripted, of other types, with odd names and results."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from actviz_core.models import OwnNetwork, Preprocess
from actviz_core.tasks import Task
from tests.odd_attention import (
    CascadedAttention,
    ChannelAttention,
    ClassAttention,
    HeadlessAttention,
    SpatialAttention,
    WindowAttention,
    spread_windows,
)
from tests.odd_modules import (
    CalledOften,
    Changes,
    Does,
    LikeAStep,
    Named,
    Net,
    Overwrites,
    OwnCast,
    Pair,
    Raises,
    ReluTwice,
    Restless,
    Result,
    Shared,
    Unused,
    answers,
    beside,
    compiled,
    compiled_in_place,
    jagged,
    nested,
    numbers,
    quantized,
    quietly_nested,
    scripted,
    traced,
    with_part,
)

PREPROCESS = Preprocess((8, 8), (8, 8), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


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
    "conjugated answer": lambda: answers(lambda x: torch.fft.fft(x).conj()),
    "negated view": lambda: beside(lambda x: torch.fft.fft2(x).conj().imag.neg()),
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
    "named tuple answer": lambda: answers(lambda x: Pair(x, x + 1)),
    "list layer": lambda: beside(lambda x: [x, x + 1]),
    "None beside a tensor": lambda: beside(lambda x: (None, x)),
    "numbers as keys": lambda: beside(lambda x: {0: x, 1: x + 1}),
    "six axes": lambda: beside(lambda x: x[:, :, None, None]),
    "unsigned layer": lambda: beside(lambda x: (100 * x).clamp(0, 255).to(torch.uint8)),
    "silent layer": lambda: beside(lambda x: x * 0),
    "constant layer": lambda: beside(lambda x: x * 0 + 3),
    "infinite layer": lambda: beside(lambda x: x / 0),
    "tied answer": lambda: answers(lambda x: x * 0),
    "infinite answer": lambda: answers(lambda x: x / 0),
    "NaN answer": lambda: answers(lambda x: x * float("nan")),
    "five thousand channels": lambda: beside(lambda x: x.flatten(1).repeat(1, 20)[..., None, None]),
    "a layer that never runs": lambda: Net(Unused()),
    "called fifty times": lambda: Net(CalledOften()),
    "overwritten in place": lambda: Net(Overwrites()),
    "another answer each time": lambda: Net(Restless()),
    "spectral norm": lambda: Net(nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 4, 1))),
    "lazy layer": lambda: Net(nn.LazyConv2d(4, 1)),
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
    "windows spread over the picture": spread_windows,
    "attention of the class token": lambda: Net(ClassAttention()),
    "a softmax for each head": lambda: Net(CascadedAttention()),
    "attention without weights": lambda: Net(SpatialAttention()),
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
