"""Networks and their weights: what there is, and loading it ready to be looked at."""

from actviz_core.models.model import Model, ModelInfo, Origin, WeightsInfo
from actviz_core.models.own_networks import OwnNetwork
from actviz_core.models.preprocess import Frame, Preprocess
from actviz_core.models.registry import (
    canonical_key,
    find_weights_download,
    list_models,
    list_weights,
    load_model,
    start_weights_download,
)

__all__ = [
    "Frame",
    "Model",
    "ModelInfo",
    "Origin",
    "OwnNetwork",
    "Preprocess",
    "WeightsInfo",
    "canonical_key",
    "find_weights_download",
    "list_models",
    "list_weights",
    "load_model",
    "start_weights_download",
]
