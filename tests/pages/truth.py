"""What the pages must show, computed without the code that they use: a cloning hook on every module."""

from functools import cache

import numpy as np
import numpy.typing as npt
from torch import Tensor

from actviz_core.models import Model, load_model
from actviz_core.samples import open_sample
from tests.hooks.reference import cloned_activations

MODEL = "cifar-resnet20"
IMAGE = "bundled-cifar10/0"
LAYERS = ["layer1.0.conv1", "layer2.0.conv1", "layer3.0.conv1"]

Maps = npt.NDArray[np.float32]


def truth(layer: str, image_id: str = IMAGE, model_key: str = MODEL) -> Maps:
    """What the first call of a layer returns for a picture, float32 without the batch: (C, H, W) or (C,)."""
    maps: Maps = _activations(model_key, image_id)[layer][0][0].numpy()
    return maps


def said_classes(image_id: str = IMAGE, model_key: str = MODEL) -> tuple[list[str], npt.NDArray[np.float64]]:
    """The classes from the most probable one down, with their probabilities."""
    logits = truth("fc", image_id, model_key).astype(np.float64)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    order = np.argsort(-shares)
    return [model(model_key).classes[index] for index in order], shares[order]


@cache
def model(key: str = MODEL) -> Model:
    """A network of the test's own."""
    return load_model(key)


def inputs(image_id: str = IMAGE, model_key: str = MODEL) -> Tensor:
    """What a network of the test's own gets for a picture, (1, 3, H, W)."""
    return model(model_key).preprocess(open_sample(image_id).image)


@cache
def _activations(model_key: str, image_id: str) -> dict[str, list[Tensor]]:
    return cloned_activations(model(model_key).module, inputs(image_id, model_key))
