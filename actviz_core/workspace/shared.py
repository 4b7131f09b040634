"""What everybody on a server shares: networks, activations, and the settings it was started with."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from actviz_core.analysis import TopK, as_maps, read_prediction
from actviz_core.errors import (
    ActVizError,
    NotEnoughMemoryError,
    StillWorkingError,
    UnknownLayerError,
)
from actviz_core.hooks import Estimate, ModuleRow
from actviz_core.hooks.arrays import as_stored
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import has_steps, is_step
from actviz_core.hooks.walk import named_modules
from actviz_core.layouts.layout import Layout
from actviz_core.models import Model
from actviz_core.models.building import check_memory
from actviz_core.names import CallName, ModelKey
from actviz_core.samples import Sample, open_sample, open_source
from actviz_core.samples.pixels import picture_key
from actviz_core.settings import Settings, read_settings
from actviz_core.system.background import Background
from actviz_core.system.free_memory import available_memory
from actviz_core.system.waiting import Lines
from actviz_core.workspace.activations import ROOT, ActivationStore, LayerAttention, LayerCalls, to_numpy
from actviz_core.workspace.answer_sheets import AnswerSheets
from actviz_core.workspace.edited_networks import EditedNetworks
from actviz_core.workspace.estimates import Estimates
from actviz_core.workspace.explanations import Explanations
from actviz_core.workspace.following import Following
from actviz_core.workspace.layer_worth import LayerWorths
from actviz_core.workspace.networks import LoadedNetworks
from actviz_core.workspace.sweeps import Sweeps

Result = TypeVar("Result")

LITTLE = 64 << 20  # bytes of a pass that are not worth asking whether they are free


class Workspace:
    """Networks, pictures and activations by the names that links use. Safe from many threads.

    Whatever runs a network's code is done in threads that everybody shares, one piece of work for a network
    at a time, and waited for as `system.waiting` says: each method that takes a network or gives one may
    raise `StillWorkingError`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = ActivationStore(settings.cache_bytes)
        self.estimates = Estimates(settings.cache_bytes)
        self.lines = Lines(settings.wait_seconds)
        self.background = Background(self.store)
        self.answers = AnswerSheets(self.model, lambda key: open_source(key, settings))
        self.explanations = Explanations(self.store, self.lines, self.model, self.sample, picture_key)
        self.worths = LayerWorths(self.store, self.lines, self.model, self.sample, picture_key, self.at_once)
        self.following, self.edited, self.sweeps = Following(self), EditedNetworks(self), Sweeps(self)
        self.networks = LoadedNetworks(settings, self.lines, self.edited.forget)

    def model(self, key: str) -> Model:
        """The network of a model key, loaded once.

        A key with edits (``cifar-resnet20!layer1.0.conv1:5*0``) names the network with these channels
        scaled. Raises `UnknownModelError`, `WeightsError` or `NotEnoughMemoryError`, and `EditError`.
        """
        parts = ModelKey.parse(key)
        if parts.edits:
            return self.edited.model(parts.unedited, parts.edits)
        return self.networks.get(key)

    def sample(self, image_id: str) -> Sample:
        """The picture of an image id. Raises `UnknownImageError` or `BadImageError`."""
        return open_sample(image_id, self.settings)

    def owners(self, model: Model, names: Iterable[str]) -> dict[str, str]:
        """The layer or step that each layer, call or step name belongs to, without the names of neither.

        A step keeps its number. Raises `ModelFailedError` where a step is named and the network raises.
        """
        known = _layers_of(model)
        owners: dict[str, str] = {}
        for name in names:
            asked = CallName.asked(name, known)
            if asked is not None and asked.layer is not None:
                owners[name] = asked.layer
            elif asked is not None and self._has_step(model, asked):
                owners[name] = str(asked.call)
        return owners

    def unknown(self, model: Model, name: str) -> UnknownLayerError:
        """The error for a name that the network does not have, with the closest ones that it has."""
        known = {layer: None for layer in _layers_of(model) if layer}
        if CallName.step(name) is None:
            return unknown_name(name, known, f"is not a layer of {model.key}")
        known = {row.name: None for row in self.tree(model, steps=True) if row.name}
        return unknown_name(name, known, f"is not a step between layers of {model.key}")

    def calls(self, model: Model, sample: Sample, layers: Sequence[str]) -> dict[str, LayerCalls]:
        """What each of ``layers`` returned for a picture, call by call.

        They are layer names (``""`` is the network), or steps' names with or without their number. Raises
        `UnknownLayerError`, `BudgetError` or `ModelFailedError`.
        """
        chosen = [layer for layer in layers if layer != ROOT]  # the network's answer is made in any case

        def check() -> None:
            self.check_budget(model, chosen)
            self.check_room(model)

        picture = picture_key(sample)

        def run() -> dict[str, LayerCalls]:
            return self.store.calls(model, picture, lambda: model.inputs(sample.image), layers, check=check)

        if self.store.has(model, picture, layers):
            return run()
        return self.in_line(model, f"Running {model.key} on {sample.id}", run)

    def prepare(self, model: Model, sample: Sample, names: Sequence[str]) -> None:
        """Capture the network's answer and all of ``names`` that it has, in one forward pass.

        What follows then finds everything in the cache. Raises `BudgetError` or `ModelFailedError`.
        """
        owners = [*dict.fromkeys(self.owners(model, names).values()), ROOT]
        try:
            self.calls(model, sample, owners)
        except UnknownLayerError:  # a step that does not happen for this picture
            self.calls(model, sample, [owner for owner in owners if not is_step(model.module, owner)])

    def activations(self, model: Model, sample: Sample, names: Sequence[str]) -> dict[str, Tensor]:
        """Call names to activations for layer, call or step names, in their order; each with a batch of one.

        A layer name stands for all its calls, none if it never runs. Raises `UnknownLayerError` for what is
        not there, `BudgetError` for what is too much at once, and `ModelFailedError`.
        """
        owners = self.owners(model, names)
        for name in names:
            if name not in owners:
                raise self.unknown(model, name)
        calls = self.calls(model, sample, [*dict.fromkeys(owners.values())])
        found: dict[str, Tensor] = {}
        for name in names:
            ran = calls[owners[name]]
            chosen = [
                call for call in ran.names if name in (owners[name], call) or call.startswith(f"{name}[")
            ]
            if not chosen and ran.names:
                raise unknown_name(name, dict.fromkeys(ran.names), "did not happen for this picture")
            found.update((call, ran[call]) for call in chosen)
        return found

    def estimate(self, model: Model, *, steps: bool = False) -> Estimate:
        """What one picture makes in the network, known without a pass. Raises `ModelFailedError`."""
        if self.estimates.knows(model, steps=steps):
            return self.estimates.of(model, steps=steps)
        what = f"Working out the layers of {model.key}"
        return self.in_line(model, what, lambda: self.estimates.of(model, steps=steps))

    def memory(self, model: Model, names: Iterable[str]) -> int:
        """How many bytes it takes to keep what these layer, call and step names stand for, at most.

        Of a layer all calls are kept. Names that the network does not have count nothing. Raises
        `ModelFailedError`.
        """
        owners = dict.fromkeys(self.owners(model, names).values())
        return self.estimate(model, steps=has_steps(model.module, owners)).bytes_of(owners)

    def fitting(self, model: Model, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names, taken in their order, that fit into the cache together.

        Raises `ModelFailedError`.
        """
        owners = self.owners(model, names)
        found = self.estimate(model, steps=has_steps(model.module, owners))
        fitting = found.fitting(dict.fromkeys(owners.values()), self.settings.cache_bytes)
        return tuple(name for name, owner in owners.items() if owner in fitting)

    def check_budget(self, model: Model, names: Iterable[str]) -> None:
        """Raise `BudgetError` where these layer, call and step names need more memory than the cache has."""
        owners = [*dict.fromkeys(self.owners(model, names).values())]
        if owners:
            steps = has_steps(model.module, owners)
            self._estimated(model, steps=steps)
            self.estimates.check(model, owners, steps=steps)

    def _estimated(self, model: Model, *, steps: bool = False) -> Estimate | None:
        """The estimate of a network; None where it cannot be estimated, as capturing from it will tell."""
        try:
            return self.estimate(model, steps=steps)
        except StillWorkingError:
            raise
        except ActVizError:
            return None

    def check_room(self, model: Model) -> None:
        """Raise `NotEnoughMemoryError` where a pass through a network needs more memory than is free."""
        found = self._estimated(model)
        needed = None if found is None or model.device.type != "cpu" else found.peak_bytes
        if needed is None or needed < LITTLE:
            return
        what = f"A forward pass through {model.key}"
        try:
            check_memory(what, needed, at_least=True)
        except NotEnoughMemoryError as error:
            if not self.networks.drop(error.missing, but=model.key):
                raise
            check_memory(what, needed, at_least=True)

    def at_once(self, model: Model, most: int) -> int:
        """How many pictures, up to ``most``, one pass through a network can take in the free memory."""
        found, free = self._estimated(model), available_memory()
        if found is None or not found.peak_bytes or free is None or model.device.type != "cpu":
            return most
        return max(1, min(most, free // found.peak_bytes))

    def in_line(self, model: Model, what: str, work: Callable[[], Result]) -> Result:
        """Do work for a network when it is its turn."""
        return self.lines.do(model.fingerprint, what, work)

    def layout(self, model: Model, call: str, value: Tensor) -> Layout:
        """How a call's activation is laid out, as far as the network's structure tells."""

        def steps() -> list[str]:
            return [row.name for row in self.tree(model, steps=True) if row.step]

        return self.store.layout(model, call, tuple(value.shape), steps)

    def maps(self, model: Model, call: str, value: Tensor) -> npt.NDArray[np.generic]:
        """A call's activation for one picture as maps, (C, H, W). Raises `ShapeError` if it is empty."""
        return as_maps(to_numpy(value), self.layout(model, call, value))

    def attention(self, model: Model, sample: Sample, layer: str) -> LayerAttention:
        """A layer's attention weights for a picture. Raises `UnknownLayerError` or `ModelFailedError`."""
        picture = picture_key(sample)

        def run() -> LayerAttention:
            return self.store.attention(model, picture, lambda: model.inputs(sample.image), layer)

        if self.store.has_attention(model, picture, layer):
            return run()
        self.check_room(model)
        return self.in_line(model, f"Running {model.key} on {sample.id}", run)

    def prediction(self, model: Model, sample: Sample, k: int | None = 5) -> TopK:
        """What the network says about a picture: its k best classes (None: all), or why there is no answer.

        Raises `ModelFailedError`.
        """
        answer = self.calls(model, sample, [ROOT])[ROOT]
        outputs = {name: as_stored(value) for name, value in zip(answer.names, answer.values, strict=True)}
        return read_prediction(outputs, model.task, model.classes, k)

    def tree(self, model: Model, *, steps: bool = False) -> tuple[ModuleRow, ...]:
        """The network's module tree, with shapes for one picture of the size that it takes.

        With ``steps``, the steps between layers have rows too. Raises `ModelFailedError`.
        """
        return self.estimate(model, steps=steps).rows

    def why_nothing(self, model: Model, layer: str) -> str:
        """Say why a layer has no activation for a picture: it never ran, or it returned no tensor.

        Raises `ModelFailedError`.
        """
        row = next((row for row in self.tree(model) if row.name == layer), None)
        if row is None or not row.calls:
            return f"{layer} never runs for this picture."
        if row.shape is not None:
            return f"{layer} gives nothing for this picture, though it does for others."
        runs = "runs" if row.calls == 1 else f"runs {row.calls} times"
        return f"{layer} {runs} and returns {row.returned}, which holds no tensor to show."

    def _has_step(self, model: Model, asked: CallName) -> bool:
        found = self.estimate(model, steps=True)
        if not found.simulated:
            return True  # another picture may take another way
        steps = (CallName.step(row.name) for row in found.rows if row.step)
        number = asked.selector.number
        return any(
            step is not None and step.owner == asked.owner and number in (None, step.selector.number)
            for step in steps
        )


@cache
def shared_workspace() -> Workspace:
    """The one workspace of this server, made from the environment at the first call."""
    return Workspace(read_settings())


def _layers_of(model: Model) -> dict[str, None]:
    return {name: None for name, _ in named_modules(model.module)}
