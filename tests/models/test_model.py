"""Fingerprints: the same for the same network everywhere, another for any difference."""

import torch
from torch import nn

from actviz_core.models.model import fingerprint


class Weighing(nn.Module):
    """Two parameters and a buffer with fixed values."""

    def __init__(self, shape: tuple[int, int] = (2, 3), dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(6, dtype=dtype).view(shape))
        self.bias = nn.Parameter(torch.tensor([0.5, -0.5]))
        self.register_buffer("count", torch.tensor(7))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)


def test_it_is_the_same_in_every_process() -> None:
    expected = "2b1ef9efd6961f0495d4e5d1620424ae795f058434fac2e57268c9a14c905861"
    assert fingerprint("weighing", Weighing()) == expected


def test_it_does_not_depend_on_memory_layout_or_mode() -> None:
    convolution = nn.Conv2d(3, 4, 3)
    before = fingerprint("net", convolution)
    assert fingerprint("net", convolution.to(memory_format=torch.channels_last).eval()) == before


def test_any_difference_changes_it() -> None:
    def changed(name: str) -> Weighing:
        module = Weighing()
        with torch.no_grad():
            module.get_parameter(name)[-1].add_(1e-6) if name == "bias" else module.get_buffer(name).add_(1)
        return module

    prints = [
        fingerprint("weighing", Weighing()),
        fingerprint("other", Weighing()),
        fingerprint("weighing", Weighing(shape=(3, 2))),
        fingerprint("weighing", Weighing(dtype=torch.float64)),
        fingerprint("weighing", changed("bias")),
        fingerprint("weighing", changed("count")),
        fingerprint("weighing", changed("scratch")),
        fingerprint("weighing", nn.Sequential(Weighing())),
    ]
    assert len(set(prints)) == len(prints)
