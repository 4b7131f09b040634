"""The activations that everybody on a server shares: captured once, kept while they fit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actviz_core.errors import ActVizError, ModelFailedError, UnknownLayerError
from actviz_core.hooks import Attention, Record, capture, capture_attention
from actviz_core.hooks.arrays import as_stored
from actviz_core.hooks.selection import has_steps, is_step
from actviz_core.layouts.layout import Layout
from actviz_core.layouts.of_network import layout_of
from actviz_core.models import Model
from actviz_core.names import CallName
from actviz_core.system.cache import ByteCache, CacheUse

_ATTENTION = " attention"  # no layer's name has a space: tells a layer's weights from its output
ROOT = ""  # the dotted name of the network itself: its output is the prediction


@dataclass(frozen=True)
class LayerCalls:
    """What one layer returned for one picture: call names, and activations with a batch of one."""

    names: tuple[str, ...]
    values: tuple[Tensor, ...]

    def __getitem__(self, call: str) -> Tensor:
        return self.values[self.names.index(call)]


class Kept(Protocol):
    """What else of a network and a picture the cache holds: anything that knows its bytes."""

    @property
    def nbytes(self) -> int:
        """How much of the cache it takes."""


Thing = TypeVar("Thing", bound=Kept)


@dataclass(frozen=True)
class LayerAttention(LayerCalls):
    """The attention weights of one layer for one picture; ``attention`` tells more of each call's values.

    ``same_pass`` is False where the pass that gave them answered otherwise than the one that predicted.
    """

    attention: tuple[Attention, ...]
    same_pass: bool


@dataclass(frozen=True)
class Found:
    """What was found out about a layer, such as a channel's worth, and the bytes that it takes."""

    value: Any
    nbytes: int


class ActivationStore:
    """Captures on demand and remembers, by model fingerprint, picture and layer."""

    def __init__(self, capacity_bytes: int) -> None:
        self._calls: ByteCache[tuple[str, str, str], LayerCalls] = ByteCache(capacity_bytes, _bytes_of)
        # The same cache and budget, for what is made from a network and a picture beside activations.
        self._things = cast("ByteCache[tuple[str, str, str], Kept]", self._calls)
        self._layouts: ByteCache[tuple[str, str, tuple[int, ...]], Layout] = ByteCache(
            8 << 20, lambda _: 2000
        )

    def calls(
        self,
        model: Model,
        image_id: str,
        inputs: Callable[[], Tensor],
        layers: Sequence[str],
        *,
        check: Callable[[], None] | None = None,
    ) -> dict[str, LayerCalls]:
        """Every call of ``layers`` for one picture; one forward pass makes all that is missing.

        A layer may also be a step, with its number or without: ``layer1.0/add#1`` is that call alone.
        ``inputs`` gives the picture as the model wants it (`Model.inputs`), and is called only when needed.
        ``image_id`` must belong to that picture alone. Before a pass ``check`` is called, to raise where it
        must not run. Raises `UnknownLayerError`, and `ModelFailedError` where the network itself raised.
        """

        def run(missing: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], LayerCalls]:
            names = [layer for _, _, layer in missing]
            try:
                record = capture(model.module, inputs(), names, steps=has_steps(model.module, names))
            except ActVizError:
                raise
            except Exception as error:
                raise ModelFailedError(f"{model.key} could not process {image_id}: {error}") from error
            return {key: _calls_of(key[2], record) for key in missing}

        keys = [(model.fingerprint, image_id, layer) for layer in layers]
        if check is not None and any(key not in self._calls for key in keys):
            check()  # not in `run`, whose errors reach everybody who waits for one of these layers
        found = self._calls.get_many(keys, run)
        return {layer: found[key] for layer, key in zip(layers, keys, strict=True)}

    def has(self, model: Model, image_id: str, layers: Iterable[str]) -> bool:
        """Whether `calls` would answer without a pass."""
        return all((model.fingerprint, image_id, layer) in self._calls for layer in layers)

    def has_attention(self, model: Model, image_id: str, layer: str) -> bool:
        """Whether `attention` would answer without a pass."""
        return self.has(model, image_id, [f"{layer}{_ATTENTION}"])

    def layout(
        self, model: Model, call: str, shape: tuple[int, ...], steps: Callable[[], Iterable[str]]
    ) -> Layout:
        """How the output of a call is laid out, for one picture of the model's input size.

        ``steps`` gives the names of the network's steps; it is called only for the result of one.
        """

        def decide() -> Layout:
            known = steps() if is_step(model.module, call) else ()
            return layout_of(model.module, call, shape, model.preprocess.size, steps=known)

        return self._layouts.get((model.fingerprint, call, shape), decide)

    def attention(
        self, model: Model, image_id: str, inputs: Callable[[], Tensor], layer: str
    ) -> LayerAttention:
        """The attention weights of one layer, from a pass whose answer is checked against the prediction.

        Raises `UnknownLayerError` where the layer has none, and `ModelFailedError`.
        """

        def run() -> LayerAttention:
            answer = self.calls(model, image_id, inputs, [ROOT])[ROOT].values
            try:
                heard = capture_attention(model.module, inputs(), [layer])
            except ActVizError:
                raise
            except Exception as error:
                raise ModelFailedError(f"{model.key} could not process {image_id}: {error}") from error
            same = heard.output is not None and bool(answer) and torch.equal(heard.output, answer[0])
            found = tuple(heard.values())
            return LayerAttention(tuple(heard), tuple(one.weights for one in found), found, same)

        key = (model.fingerprint, image_id, f"{layer}{_ATTENTION}")
        return cast("LayerAttention", self._calls.get(key, run))

    def remember(self, model: Model, image_id: str, name: str, make: Callable[[], Thing]) -> Thing:
        """What has this name for a network and a picture, made now unless it is there.

        It takes its place in the budget of the activations. ``name`` begins with a space, as no layer does,
        and belongs to one type of thing alone.
        """
        return cast("Thing", self._things.get((model.fingerprint, image_id, name), make))

    def remember_all(
        self,
        model: Model,
        image_id: str,
        names: Sequence[str],
        make: Callable[[Sequence[str]], Mapping[str, Thing]],
    ) -> dict[str, Thing]:
        """The same of several; one call of ``make`` makes those that are missing."""

        def run(missing: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], Kept]:
            made = make([name for _, _, name in missing])
            return {key: made[key[2]] for key in missing}

        keys = [(model.fingerprint, image_id, name) for name in names]
        found = self._things.get_many(keys, run)
        return {name: cast("Thing", found[key]) for name, key in zip(names, keys, strict=True)}

    def remembered(self, model: Model, image_id: str, name: str, _type: type[Thing]) -> Thing | None:
        """The same if it is there; None if it would have to be made."""
        return cast("Thing | None", self._things.peek((model.fingerprint, image_id, name)))

    def find(self, key: tuple[str, str, str]) -> Any | None:
        """What was found out under a key: a fingerprint, a picture or "", and a name with a space in it."""
        found = self._things.peek(key)
        return found.value if isinstance(found, Found) else None

    def keep(self, key: tuple[str, str, str], value: Any, count: int) -> None:
        """Keep what was found out, of so many bytes, within the same budget as the activations."""
        self._things.get(key, lambda: Found(value, count + 1000))

    def use(self) -> CacheUse:
        """What the cache of activations holds and how often it helped."""
        return self._calls.use()


def _calls_of(layer: str, record: Record) -> LayerCalls:
    """What a record holds of a layer or step; of a step with its number, nothing of its other calls."""
    try:
        names = record.calls(layer)
    except UnknownLayerError:
        step = CallName.step(layer)
        if step is None or step.selector.number is None:
            raise
        calls = record.calls(step.owner)
        names = tuple(name for name in calls if name == layer or name.startswith(f"{layer}["))
    values = [part for name in names for part in parts_of(name, record[name])]
    return LayerCalls(tuple(name for name, _ in values), tuple(value for _, value in values))


def parts_of(call: str, value: Tensor) -> list[tuple[str, Tensor]]:
    """The value with its name; of a nested tensor its parts, which may differ in shape: ``call[0]``."""
    if not value.is_nested:
        return [(call, value)]
    return [(f"{call}[{number}]", part) for number, part in enumerate(value.unbind())]


def to_numpy(value: Tensor) -> npt.NDArray[np.generic]:
    """An activation as an array of its shape that can be drawn: complex numbers by their magnitude."""
    numbers = as_stored(value)
    if numbers.dtype == np.float16:
        return numbers.astype(np.float32)
    return np.abs(numbers) if numbers.dtype.kind == "c" else numbers


def _bytes_of(calls: LayerCalls | Kept) -> int:
    if not isinstance(calls, LayerCalls):
        return calls.nbytes
    dense = [value for value in calls.values if value.layout is torch.strided]
    storages = {value.untyped_storage().data_ptr(): value.untyped_storage().nbytes() for value in dense}
    sparse = sum(value.numel() * value.element_size() for value in calls.values) if not dense else 0
    return sum(storages.values()) + sparse + 1000  # a rough share for the Python objects around the values
