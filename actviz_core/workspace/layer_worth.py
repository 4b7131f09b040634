"""What every channel of a layer is worth for a class's probability: found in the background, once for all."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from actviz_core.attribution.answer import class_table
from actviz_core.errors import ActVizError, ModelFailedError, StoppedError
from actviz_core.hooks import channel_worth
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.system.jobs import Job, Jobs
from actviz_core.system.waiting import Lines, Patience, patient
from actviz_core.workspace.activations import ActivationStore

MOST_WAITING = 8
BATCH = 64  # channels in one pass, where there is memory for so many


@dataclass(frozen=True)
class WorthAsked:
    """The channels of which call, along which axis, for which class of which network and picture."""

    model: Model
    sample: Sample
    call: str
    axis: int
    target: int

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        """The same for whoever asks for the same."""
        return self.model.fingerprint, self.sample.id, self.call, self.axis, self.target


@dataclass(frozen=True, eq=False)
class LayerWorth:
    """How far the class's probability falls without each channel, (C,) float64; below 0 where it rises."""

    falls: npt.NDArray[np.float64]

    @property
    def nbytes(self) -> int:
        """How much of the cache it takes."""
        return 1000 + self.falls.nbytes


class LayerWorths:
    """The worth of channels, in the cache of activations. Safe from many threads."""

    def __init__(
        self,
        store: ActivationStore,
        lines: Lines,
        model_of: Callable[[str], Model],
        sample_of: Callable[[str], Sample],
        picture_of: Callable[[Sample], str],
        at_once: Callable[[Model, int], int],
    ) -> None:
        self._store, self._lines = store, lines
        self._model_of, self._sample_of, self._picture_of = model_of, sample_of, picture_of
        self._at_once = at_once
        self.jobs = Jobs(MOST_WAITING)

    def find(self, asked: WorthAsked) -> LayerWorth | None:
        """What was found; None while it is still to be."""
        return self._store.remembered(asked.model, self._picture_of(asked.sample), _name(asked), LayerWorth)

    def job(self, asked: WorthAsked) -> Job | None:
        """The running or latest job that finds it; it counts passes of the network."""
        return self.jobs.find(asked.key)

    def start(self, asked: WorthAsked) -> Job:
        """Begin to find it, or join whoever does. Raises `ModelFailedError` if too many wait."""
        told = (asked.model.key, asked.sample.id, asked.call, asked.axis, asked.target)
        return self.jobs.start(asked.key, f"worth of {asked.call}", partial(self._work, *told))

    def _work(self, model_key: str, image_id: str, call: str, axis: int, target: int, job: Job) -> None:
        with patient(Patience(math.inf)):
            model, sample = self._model_of(model_key), self._sample_of(image_id)
            asked = WorthAsked(model, sample, call, axis, target)
            what = f"Switching off the channels of {call} in {model.key}"
            self._lines.do(model.fingerprint, what, lambda: self._make(asked, job))

    def _make(self, asked: WorthAsked, job: Job) -> None:
        def share(answer: Any) -> Tensor:
            if job.stop.is_set():
                raise StoppedError("Stopped before it was done.")
            return class_table(answer).double().softmax(1)[0, asked.target]

        def make() -> LayerWorth:
            x = asked.model.inputs(asked.sample.image)
            batch = max(1, self._at_once(asked.model, BATCH + 1) - 1)  # beside the unchanged picture
            worth = channel_worth(
                asked.model.module,
                x,
                asked.call,
                share,
                axis=asked.axis,
                batch=batch,
                progress=job.progress,
            )
            return LayerWorth(worth.double().numpy())

        try:
            self._store.remember(asked.model, self._picture_of(asked.sample), _name(asked), make)
        except ActVizError:
            raise
        except Exception as error:
            raise ModelFailedError(
                f"{asked.model.key} could not process {asked.sample.id}: {error}"
            ) from error


def _name(asked: WorthAsked) -> str:
    return f" worth {asked.target} {asked.axis} {asked.call}"
