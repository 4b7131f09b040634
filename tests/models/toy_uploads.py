"""Weights of a small network, as an upload."""

import torch
from torch import nn

from actviz_core.models.own_weights import OwnWeights
from actviz_core.weights.state_dicts import StateDict
from tests.support.payloads import saved
from tests.weights.reading import read_here


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def upload(seed: int = 0, name: str = "net.pt") -> StateDict:
    return read_here(saved(network(seed).state_dict()), name)


def files(store: OwnWeights) -> list[str]:
    return sorted(path.relative_to(store.folder).as_posix() for path in store.folder.glob("*/*"))
