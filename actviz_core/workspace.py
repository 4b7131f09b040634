"""What everybody on a server shares: loaded networks, activations, and the settings it was started with."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actviz_core.activations import ROOT, ActivationStore, LayerAttention, LayerCalls, as_numbers
from actviz_core.analysis import TopK, as_maps, read_prediction
from actviz_core.cache import ByteCache
from actviz_core.hooks import ModuleRow
from actviz_core.hooks.record import layer_of, unknown_name
from actviz_core.layouts import Layout
from actviz_core.models import Model, canonical_key, load_model
from actviz_core.samples import Sample, open_sample
from actviz_core.settings import Settings, read_settings

MODEL_BYTES = 3 << 30  # loaded networks: the largest of torchvision take 2.6 GB


class Workspace:
    """Networks, pictures and activations by the names that links use. Safe from many threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = ActivationStore(settings.cache_bytes)
        self._models: ByteCache[str, Model] = ByteCache(MODEL_BYTES, _bytes_of)

    def model(self, key: str) -> Model:
        """The network of a model key, loaded once. Raises `UnknownModelError` or `WeightsError`."""
        key = canonical_key(key, self.settings)
        return self._models.get(key, lambda: load_model(key, settings=self.settings))

    def sample(self, image_id: str) -> Sample:
        """The picture of an image id. Raises `UnknownImageError` or `BadImageError`."""
        return open_sample(image_id, self.settings)

    def calls(self, model: Model, sample: Sample, layers: Sequence[str]) -> dict[str, LayerCalls]:
        """What each of ``layers`` (layer names; ``""`` is the network) returned for a picture, call by call.

        Raises `UnknownLayerError` or `ModelFailedError`.
        """
        return self.store.calls(model, picture_key(sample), lambda: model.preprocess(sample.image), layers)

    def prepare(self, model: Model, sample: Sample, names: Sequence[str]) -> None:
        """Capture the network's answer and all of ``names`` that it has, in one forward pass.

        What follows then finds everything in the cache. Raises `ModelFailedError`.
        """
        known = {name: None for name, _ in model.module.named_modules()}
        layers = (layer_of(name, known) for name in names)
        self.calls(model, sample, [*dict.fromkeys(layer for layer in layers if layer), ROOT])

    def activations(self, model: Model, sample: Sample, names: Sequence[str]) -> dict[str, Tensor]:
        """Call names to activations for layer or call names, in their order; each with a batch of one.

        A layer name stands for all its calls, none if it never runs. Raises `UnknownLayerError` for what is
        not there, and `ModelFailedError`.
        """
        known = {name: None for name, _ in model.module.named_modules()}
        layer_names = [layer_of(name, known) for name in names]
        for name, layer in zip(names, layer_names, strict=True):
            if layer is None:
                raise unknown_name(name, known, f"is not a layer of {model.key}")
        layers = [layer for layer in dict.fromkeys(layer_names) if layer is not None]
        calls = self.calls(model, sample, layers)
        found: dict[str, Tensor] = {}
        for name, layer in zip(names, layer_names, strict=True):
            ran = calls[layer or ""]
            chosen = [call for call in ran.names if name in (layer, call) or call.startswith(f"{name}[")]
            if not chosen and ran.names:
                raise unknown_name(name, dict.fromkeys(ran.names), "did not happen for this picture")
            found.update((call, ran[call]) for call in chosen)
        return found

    def layout(self, model: Model, call: str, value: Tensor) -> Layout:
        """How a call's activation is laid out, as far as the network's structure tells."""
        return self.store.layout(model, call, tuple(value.shape))

    def maps(self, model: Model, call: str, value: Tensor) -> npt.NDArray[np.generic]:
        """A call's activation for one picture as maps, (C, H, W). Raises `ShapeError` if it is empty."""
        return as_maps(as_numbers(value), self.layout(model, call, value))

    def attention(self, model: Model, sample: Sample, layer: str) -> LayerAttention:
        """A layer's attention weights for a picture. Raises `UnknownLayerError` or `ModelFailedError`."""
        return self.store.attention(model, picture_key(sample), lambda: model.preprocess(sample.image), layer)

    def prediction(self, model: Model, sample: Sample, k: int | None = 5) -> TopK:
        """What the network says about a picture: its k best classes (None: all), or why there is no answer.

        Raises `ModelFailedError`.
        """
        answer = self.calls(model, sample, [ROOT])[ROOT]
        outputs = {
            name: (value.float() if value.is_floating_point() else value).numpy()
            for name, value in zip(answer.names, answer.values, strict=True)
        }
        return read_prediction(outputs, model.task, model.classes, k)

    def tree(self, model: Model) -> tuple[ModuleRow, ...]:
        """The network's module tree, with shapes for one picture of the size that it takes."""
        height, width = model.preprocess.size
        return self.store.tree(model, torch.zeros(1, 3, height, width))


@cache
def shared_workspace() -> Workspace:
    """The one workspace of this server, made from the environment at the first call."""
    return Workspace(read_settings())


def picture_key(sample: Sample) -> str:
    """A name for exactly these pixels: an image id may come to show another picture (a folder's file)."""
    if sample.id.startswith("folder/"):
        return f"{sample.id}@{hash((sample.image.size, sample.image.tobytes())):x}"
    return sample.id


def _bytes_of(model: Model) -> int:
    tensors = (*model.module.parameters(), *model.module.buffers())
    return sum(tensor.nbytes for tensor in tensors)
