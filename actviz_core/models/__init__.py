"""Networks and their weights: what there is, and loading it ready to be looked at."""

from actviz_core.models.model import Family, Model, ModelInfo, WeightsInfo
from actviz_core.models.preprocess import Preprocess
from actviz_core.models.registry import (
    canonical_key,
    find_weights_download,
    list_models,
    list_weights,
    load_model,
    start_weights_download,
)

__all__ = [
    "Family",
    "Model",
    "ModelInfo",
    "Preprocess",
    "WeightsInfo",
    "canonical_key",
    "find_weights_download",
    "list_models",
    "list_weights",
    "load_model",
    "start_weights_download",
]
