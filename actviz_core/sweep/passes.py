"""Runs a network on batches of pictures, and isolates the pictures that it cannot process."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from actviz_core.errors import ActVizError, ModelFailedError, SweepError
from actviz_core.hooks import reduce_calls
from actviz_core.hooks.selection import call_of
from actviz_core.layouts.layout import Layout
from actviz_core.layouts.of_network import layout_of
from actviz_core.models import Model
from actviz_core.sweep.answers import Answers, answers_of
from actviz_core.sweep.reduction import Numbers, empty_numbers, reduced

ROOT = ""
# Torch often computes one picture alone by other kernels than several, which changes last digits. A picture
# that is left alone is therefore run twice at once, which in most layers gives the values of a larger batch.
FEWEST = 2


@dataclass(frozen=True)
class CallPlan:
    """One call that is swept: its name, how many channels it has, and how one picture's activation is read.

    ``shape`` is the activation's shape for one picture of the network's input size.
    """

    name: str
    channels: int
    shape: tuple[int, ...]
    layout: str


@dataclass(frozen=True)
class Swept:
    """The numbers of N pictures by call, the network's answers, and the pictures that it could not process.

    ``failed`` maps positions among the N to a sentence.
    """

    numbers: dict[str, Numbers]
    answers: Answers
    failed: dict[int, str]


class Passes:
    """Runs one network on batch after batch; ``layers`` are layer, call and step names."""

    def __init__(self, model: Model, layers: Sequence[str], *, steps: Iterable[str] = ()) -> None:
        self._model = model
        self._layers = tuple(dict.fromkeys(layers))
        self._steps = tuple(steps)
        self._layouts: dict[tuple[str, tuple[int, ...], int, tuple[int, int]], Layout] = {}

    def plan(self) -> tuple[CallPlan, ...]:
        """The calls that there are, from a pass on an input of zeros.

        Raises `UnknownLayerError`, `ModelFailedError` where the network raises, and `SweepError` where a
        layer does not return one activation a picture.
        """
        rows, columns = self._model.preprocess.size
        inputs = torch.zeros(
            FEWEST, 3, rows, columns, device=self._model.device, dtype=self._model.input_type
        )
        shapes: dict[str, tuple[tuple[int, ...], str]] = {}

        def shape(call: str, place: str, tensor: Tensor) -> None:
            layout = self._layout(call + place, tuple(tensor.shape), FEWEST, (rows, columns))
            axis = layout.axes.find("N")
            one = [1 if number == axis else side for number, side in enumerate(tensor.shape)]
            shapes[call + place] = tuple(one), layout.name

        try:
            numbers, _ = self._run(inputs, FEWEST, shape)
        except ActVizError:
            raise
        except Exception as error:
            raise ModelFailedError(f"{self._model.key} could not run: {error}") from error
        return tuple(
            CallPlan(
                name,
                found.mean.shape[1],
                *(shapes.get(name) or shapes[self._numbered(name)]),
            )
            for name, found in numbers.items()
        )

    def sweep(self, inputs: Tensor, calls: Sequence[CallPlan]) -> Swept:
        """Run a batch (N, 3, H, W); where the network raises, its pictures one by one.

        Raises `SweepError` where a call is not as it was planned.
        """
        count = len(inputs)
        if count >= FEWEST:
            try:
                return self._swept(inputs, calls)
            except ActVizError:
                raise
            except Exception as error:  # whatever a network raises; the pictures are tried by themselves
                del error
        alone = [self._alone(picture, calls) for picture in inputs.split(1)]
        numbers = {call.name: Numbers.joined([one.numbers[call.name] for one in alone]) for call in calls}
        answers = Answers(
            np.concatenate([one.answers.classes for one in alone]),
            np.concatenate([one.answers.probabilities for one in alone]),
        )
        return Swept(numbers, answers, {at: one.failed[0] for at, one in enumerate(alone) if one.failed})

    def _alone(self, picture: Tensor, calls: Sequence[CallPlan]) -> Swept:
        try:
            both = self._swept(picture.expand(FEWEST, *picture.shape[1:]).contiguous(), calls)
        except ActVizError:
            raise
        except Exception as error:
            numbers = {call.name: empty_numbers(1, call.channels) for call in calls}
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
            return Swept(numbers, Answers.none(1), {0: f"{self._model.key} could not process it ({reason})"})
        first = slice(0, 1)
        answers = Answers(both.answers.classes[first], both.answers.probabilities[first])
        return Swept({name: found.rows(first) for name, found in both.numbers.items()}, answers, {})

    def _swept(self, inputs: Tensor, calls: Sequence[CallPlan]) -> Swept:
        there = inputs.to(device=self._model.device, dtype=self._model.input_type, non_blocking=True)
        numbers, answers = self._run(there, len(inputs))
        found = {name: each.mean.shape[1] for name, each in numbers.items()}
        for call in calls:
            if found.get(call.name) != call.channels:
                said = f"{found[call.name]} channels" if call.name in found else "did not happen"
                raise SweepError(
                    f"{call.name} has {call.channels} channels for an input of zeros, and for some pictures "
                    f"{said}. Leave it out: a sweep needs a layer that does the same for every picture."
                )
        return Swept({call.name: numbers[call.name] for call in calls}, answers, {})

    def _run(
        self, inputs: Tensor, count: int, look: Callable[[str, str, Tensor], None] | None = None
    ) -> tuple[dict[str, Numbers], Answers]:
        size = (inputs.shape[-2], inputs.shape[-1])
        outputs: dict[str, Tensor] = {}
        waiting: list[Callable[[], Answers]] = []

        def reduce(call: str, place: str, tensor: Tensor) -> Callable[[], Numbers] | None:
            if call == f"{ROOT}#1":
                outputs[place] = tensor
                if ROOT not in self._layers:
                    return None
            layout = self._layout(call + place, tuple(tensor.shape), count, size)
            if look is not None:
                look(call, place, tensor)
            try:
                return reduced(tensor, layout, count)
            except SweepError as error:
                raise SweepError(
                    f"{call_of(self._model.module, call).owner} cannot be swept. {error}"
                ) from error

        layers = self._layers if ROOT in self._layers else (*self._layers, ROOT)
        found = reduce_calls(self._model.module, inputs, layers, reduce)
        waiting.append(answers_of(outputs, count, self._model.task))
        return {name: each() for name, each in found.items() if each is not None}, waiting[0]()

    def _numbered(self, name: str) -> str:
        """The name of a call that happened once, with its number: ``lstm#1[0]`` of ``lstm[0]``."""
        return str(call_of(self._model.module, name).numbered)

    def _layout(self, call: str, shape: tuple[int, ...], count: int, size: tuple[int, int]) -> Layout:
        key = (call, shape, count, size)
        if key not in self._layouts:
            if len(self._layouts) > 4096:
                self._layouts.clear()  # a source whose pictures all have sizes of their own
            self._layouts[key] = layout_of(
                self._model.module, call, shape, size, batch=count, steps=self._steps
            )
        return self._layouts[key]
