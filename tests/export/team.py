"""A team's network for exported scripts: one part as TorchScript, another under ``torch.compile``."""

from torch import nn

from actviz_core.models import OwnNetwork
from tests.odd_modules import Net, compiled, scripted
from tests.odd_toys import PREPROCESS


def mixed() -> OwnNetwork:
    """Build it; the weights are the same every time, because builders begin from one seed."""
    between = nn.Sequential(scripted(nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU())), compiled(nn.Tanh()))
    return OwnNetwork(Net(between), PREPROCESS)
