"""What a network says about the pictures of a whole source: found in the background, once for everybody."""

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actviz_core.analysis.predictions import SAME
from actviz_core.errors import ActVizError, BadImageError, ModelFailedError
from actviz_core.hooks.passes import left_as_found
from actviz_core.models import Model
from actviz_core.samples import Source
from actviz_core.system.jobs import Job, Jobs
from actviz_core.tasks import Task

MOST_PICTURES = 10_000
"""Of a larger source only so many are looked at, from its start."""

MOST_WAITING = 4
"""How many networks and sources may be in work or wait for their turn."""

KEPT = 32
"""How many answer sheets are kept; each takes 40 KB at most."""

BATCH, BATCH_SECONDS = 64, 0.1  # other visitors wait for a batch, so it grows only while it is quick
NO_ANSWER = ""


@dataclass(frozen=True, eq=False)
class AnswerSheet:
    """A network's answers to the first pictures of a source, and which of them can be judged.

    ``said`` names a class a picture, `NO_ANSWER` where several classes tie or values are not finite.
    ``judged`` and ``wrong`` are bool, of shape (N,) for all N pictures of the source: a picture can be judged
    that was looked at and whose label is the name of a class; it is wrong if the answer is another one.
    """

    said: tuple[str, ...]
    judged: npt.NDArray[np.bool_]
    wrong: npt.NDArray[np.bool_]


def why_not_judged(model: Model, source: Source) -> str:
    """Why right and wrong cannot be told for these; empty where they can."""
    if model.task is not Task.CLASSIFICATION:
        return "This network gives no class for a picture, so there is no right and wrong."
    names = {name.casefold() for name in model.classes}
    if not any(label.casefold() in names for label in source.classes):
        return "No label of these pictures is the name of a class of this network."
    return ""


class AnswerSheets:
    """The answer sheets of a server. Safe from many threads; one network works at a time."""

    def __init__(self, model_of: Callable[[str], Model], source_of: Callable[[str], Source]) -> None:
        self._model_of, self._source_of = model_of, source_of
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._jobs = Jobs()
        self._asked: set[tuple[str, str]] = set()
        self._sheets: OrderedDict[tuple[str, str], tuple[weakref.ref[Source], AnswerSheet]] = OrderedDict()

    def find(self, model: Model, source: Source) -> AnswerSheet | None:
        """The finished sheet of a network for exactly these pictures."""
        with self._lock:
            made_of, sheet = self._sheets.get((model.fingerprint, source.key), (None, None))
            return sheet if made_of is not None and made_of() is source else None

    def job(self, model: Model, source: Source) -> Job | None:
        """The running or latest job for a network and a source, if there was one; it counts pictures."""
        return self._jobs.find((model.key, source.key))

    def start(self, model: Model, source: Source) -> Job:
        """Begin to look at all pictures, or join whoever does. Raises `ModelFailedError` if too many wait."""
        asked = (model.key, source.key)
        with self._lock:
            if asked not in self._asked and len(self._asked) >= MOST_WAITING:
                raise ModelFailedError(
                    f"{MOST_WAITING} other networks are to look at all their pictures first. Try again later."
                )
            self._asked.add(asked)
        return self._jobs.start(asked, "/".join(("answers", *asked)), partial(self._work, *asked))

    def _work(self, model_key: str, source_key: str, job: Job) -> None:
        try:
            with self._turn:
                model, source = self._model_of(model_key), self._source_of(source_key)
                said = _answers(model, source, job)
                if said is None:
                    return  # it was cancelled
                with self._lock:
                    self._sheets[model.fingerprint, source_key] = (
                        weakref.ref(source),
                        _sheet(said, source, model),
                    )
                    while len(self._sheets) > KEPT:
                        self._sheets.popitem(last=False)
        finally:
            with self._lock:
                self._asked.discard((model_key, source_key))


def _sheet(said: list[str], source: Source, model: Model) -> AnswerSheet:
    names = {name.casefold() for name in model.classes}
    judged, wrong = np.zeros(len(source), bool), np.zeros(len(source), bool)
    for index, answer in enumerate(said):
        label = source.label(index)
        if label is not None and label.casefold() in names:
            judged[index] = True
            wrong[index] = answer.casefold() != label.casefold()
    return AnswerSheet(tuple(said), judged, wrong)


def _answers(model: Model, source: Source, job: Job) -> list[str] | None:
    """The names of the classes for the first pictures; None once the job is to stop."""
    count, size = min(len(source), MOST_PICTURES), 1
    said: list[str] = []
    while len(said) < count:
        if job.stop.is_set():
            return None
        job.progress(len(said), count)
        begun = time.perf_counter()
        chosen = range(len(said), min(len(said) + size, count))
        said += _batch(model, source, chosen)
        if time.perf_counter() - begun < BATCH_SECONDS:
            size = min(2 * size, BATCH)
        elif size > 1:
            size //= 2
    job.progress(count, count)
    return said


def _batch(model: Model, source: Source, chosen: range) -> list[str]:
    """Answers for a few pictures; one that cannot be read has none."""
    inputs: dict[int, Tensor] = {}
    for index in chosen:
        try:
            inputs[index] = model.preprocess(source[index].image)
        except BadImageError:
            continue
    if not inputs:
        return [NO_ANSWER] * len(chosen)
    try:
        with left_as_found(model.module, keep_mode=False, gradients=False):
            scores = _scores(model.module(torch.cat([*inputs.values()]).to(model.device)), len(inputs))
    except ActVizError:
        raise
    except Exception as error:
        raise ModelFailedError(f"{model.key} could not process pictures of {source.key}: {error}") from error
    found = dict(zip(inputs, map(partial(_named, model), scores), strict=True))
    return [found.get(index, NO_ANSWER) for index in chosen]


def _scores(output: Any, count: int) -> npt.NDArray[np.float64]:
    """The scores, (count, classes), in what a network returned, found as for a single picture."""
    if isinstance(output, Mapping):
        output = output.get("out", output.get("logits"))
    if not isinstance(output, Tensor) or output.ndim != 2 or len(output) != count or output.shape[1] < 2:
        raise ModelFailedError("The network returned no row of scores for each picture.")
    scores: npt.NDArray[np.float64] = output.detach().cpu().double().numpy()
    return scores


def _named(model: Model, scores: npt.NDArray[np.float64]) -> str:
    if np.isnan(scores).any() or np.isposinf(scores).any() or np.isneginf(scores).all():
        return NO_ANSWER
    best = int(scores.argmax())
    shares = np.exp(scores - scores[best])
    if (shares >= 1 - SAME).sum() > 1:
        return NO_ANSWER
    return model.classes[best] if best < len(model.classes) else f"class {best}"
