"""One channel of a network: where it looks, what it computes with, and what excites it."""

from actviz_core.channels.excitation import Excitation, Objective, Progress, visualize_channel
from actviz_core.channels.input_box import Evidence, ReceptiveField
from actviz_core.channels.receptive_field import receptive_field
from actviz_core.channels.training import is_untrained
from actviz_core.channels.weights import ChannelWeights, WeightKind, channel_weights

__all__ = [
    "ChannelWeights",
    "Evidence",
    "Excitation",
    "Objective",
    "Progress",
    "ReceptiveField",
    "WeightKind",
    "channel_weights",
    "is_untrained",
    "receptive_field",
    "visualize_channel",
]
