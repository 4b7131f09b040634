"""The gradients that everybody on a server shares: made in one backward pass, kept while they fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from torch import Tensor

from actviz_core.errors import ActVizError, ModelFailedError, UnknownLayerError
from actviz_core.hooks import GradientRecord, capture_gradients
from actviz_core.hooks.selection import has_steps
from actviz_core.models import Model
from actviz_core.workspace.activations import ActivationStore


class Values(StrEnum):
    """What is shown of a call: what it returned, the gradient of a class there, or both multiplied."""

    ACTIVATION = "activation"
    GRADIENT = "gradient"
    PRODUCT = "gradient x activation"


@dataclass(frozen=True)
class Followed:
    """Gradients, or gradients times activations, of one class: its index, and its name for people."""

    values: Values
    target: int
    name: str

    def of(self, call: str) -> str:
        """What files call such values of a call: ``gradient of class 3 at conv1``."""
        return f"{self.values} of class {self.target} at {call}"


@dataclass(frozen=True)
class LayerGradients:
    """The gradients of one class at what one layer returned for one picture.

    Attributes:
        values: call names to gradients, with a batch of one, of the calls' shapes.
        without: call names to the reason why there is no gradient.

    """

    values: Mapping[str, Tensor]
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """How much of the cache it takes."""
        return 1000 + sum(value.untyped_storage().nbytes() for value in self.values.values())


def layer_gradients(
    store: ActivationStore,
    model: Model,
    image_id: str,
    inputs: Callable[[], Tensor],
    target: int,
    layers: Sequence[str],
) -> dict[str, LayerGradients]:
    """The gradients of a class at ``layers``, or steps with or without their number, for one picture.

    ``inputs`` gives the picture as the model wants it; ``image_id`` belongs to that picture alone. Raises
    `TargetError`, `UnknownLayerError`, and `ModelFailedError` where the network itself raised.
    """

    def run(missing: Sequence[str]) -> dict[str, LayerGradients]:
        names = [name.removeprefix(start) for name in missing]
        try:
            record = capture_gradients(
                model.module, inputs(), target, names, steps=has_steps(model.module, names)
            )
        except ActVizError:
            raise
        except Exception as error:
            raise ModelFailedError(
                f"{model.key} could not be followed back for {image_id}: {error}"
            ) from error
        return {start + name: _of_layer(name, record) for name in names}

    start = f" gradient {target} "
    found = store.remember_all(model, image_id, [start + layer for layer in layers], run)
    return {layer: found[start + layer] for layer in layers}


def has_gradients(
    store: ActivationStore, model: Model, image_id: str, target: int, layers: Sequence[str]
) -> bool:
    """Whether `layer_gradients` would answer without a pass."""
    names = [f" gradient {target} {layer}" for layer in layers]
    return all(store.remembered(model, image_id, name, LayerGradients) is not None for name in names)


def _of_layer(layer: str, record: GradientRecord) -> LayerGradients:
    try:
        names = list(record.calls(layer))
    except UnknownLayerError:
        names = [name for name in record if _belongs(name, layer)]
    without = {name: why for name, why in record.without.items() if _belongs(name, layer)}
    return LayerGradients({name: record[name] for name in names if _belongs(name, layer)}, without)


def _belongs(call: str, layer: str) -> bool:
    return call == layer or call.startswith((f"{layer}#", f"{layer}["))
