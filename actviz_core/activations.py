"""The activations that everybody on a server shares: captured once, kept while they fit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from actviz_core.cache import ByteCache, CacheUse
from actviz_core.errors import ActVizError, ModelFailedError
from actviz_core.hooks import ModuleRow, capture, module_tree
from actviz_core.models import Model

ROOT = ""  # the dotted name of the network itself: its output is the prediction


@dataclass(frozen=True)
class LayerCalls:
    """What one layer returned for one picture: call names, and activations with a batch of one."""

    names: tuple[str, ...]
    values: tuple[Tensor, ...]

    def __getitem__(self, call: str) -> Tensor:
        return self.values[self.names.index(call)]


class ActivationStore:
    """Captures on demand and remembers, by model fingerprint, picture and layer."""

    def __init__(self, capacity_bytes: int) -> None:
        self._calls: ByteCache[tuple[str, str, str], LayerCalls] = ByteCache(capacity_bytes, _bytes_of)
        self._trees: ByteCache[tuple[str, tuple[int, ...]], tuple[ModuleRow, ...]] = ByteCache(
            32 << 20, lambda rows: 500 * len(rows)
        )

    def calls(
        self, model: Model, image_id: str, inputs: Callable[[], Tensor], layers: Sequence[str]
    ) -> dict[str, LayerCalls]:
        """Every call of ``layers`` for one picture; one forward pass makes all that is missing.

        ``inputs`` gives the picture as the model wants it, (1, 3, H, W), and is called only when needed.
        ``image_id`` must belong to that picture alone. Raises `UnknownLayerError`, and `ModelFailedError`
        where the network itself raised.
        """

        def run(missing: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], LayerCalls]:
            names = [layer for _, _, layer in missing]
            try:
                record = capture(model.module, inputs().to(model.device), names)
            except ActVizError:
                raise
            except Exception as error:
                raise ModelFailedError(f"{model.key} could not process {image_id}: {error}") from error
            return {
                (fingerprint, image, layer): LayerCalls(
                    record.calls(layer), tuple(record[call] for call in record.calls(layer))
                )
                for fingerprint, image, layer in missing
            }

        keys = [(model.fingerprint, image_id, layer) for layer in layers]
        found = self._calls.get_many(keys, run)
        return {layer: found[key] for layer, key in zip(layers, keys, strict=True)}

    def tree(self, model: Model, inputs: Tensor) -> tuple[ModuleRow, ...]:
        """The model's module tree for inputs of this shape, from one forward pass the first time."""

        def run() -> tuple[ModuleRow, ...]:
            try:
                return module_tree(model.module, inputs.to(model.device))
            except Exception as error:
                raise ModelFailedError(f"{model.key} could not run: {error}") from error

        return self._trees.get((model.fingerprint, tuple(inputs.shape)), run)

    def use(self) -> CacheUse:
        """What the cache of activations holds and how often it helped."""
        return self._calls.use()


def _bytes_of(calls: LayerCalls) -> int:
    storages = {
        value.untyped_storage().data_ptr(): value.untyped_storage().nbytes() for value in calls.values
    }
    return sum(storages.values()) + 1000  # a rough share for the Python objects around the values
