"""Why a network answers as it does: maps and their tests, made in the background, once for everybody."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from actviz_core.attribution import (
    ABOUT,
    Attribution,
    MapTest,
    Method,
    Question,
    attribute,
    put_to_test,
    random_curves,
    why_not,
)
from actviz_core.attribution.covering import RandomCurves
from actviz_core.attribution.grad_cam import leading_channels
from actviz_core.errors import ActVizError, ModelFailedError, NotPossibleError, ShapeError, StoppedError
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.system.jobs import Job, Jobs
from actviz_core.system.waiting import Lines, Patience, patient
from actviz_core.tasks import Task
from actviz_core.workspace.activations import ActivationStore

MOST_WAITING = 24
"""How many maps may be in work or wait for their turn, on the whole server."""

RANDOM_ORDER, TEST = "Random order, to compare with", "Being put to the test"
"""What a job is at after the map itself."""

NOT_TESTED = "This network gives a class for each pixel, so there is no single probability to test a map by."


@dataclass(frozen=True)
class Asked:
    """One map: of which network and picture, by which method, for a class or for one rather than another.

    With ``absolute`` the map shows sizes, whatever their sign, and is tested as such. Without ``tested`` only
    the map is wanted.
    """

    model: Model
    sample: Sample
    question: Question
    method: Method
    absolute: bool = False
    tested: bool = True

    @property
    def key(self) -> tuple[str, str, Question, Method, bool, bool]:
        """The same for whoever asks for the same."""
        return (
            self.model.fingerprint,
            self.sample.id,
            self.question,
            self.method,
            self.absolute and ABOUT[self.method].signed,
            self.tested,
        )


@dataclass(frozen=True, eq=False)
class Explanation:
    """What came of it.

    Attributes:
        map: one value a pixel that the network sees, (H, W); None where the method cannot work here.
        layer: the layer that a Grad-CAM looked at.
        channels: those of the layer that add most to a Grad-CAM, the first of them most.
        test: how the class reacts when the map's pixels are covered; None where there is none.
        reason: why there is no map, or no test; empty where nothing is missing.

    """

    map: Tensor | None
    layer: str | None
    test: MapTest | None
    reason: str = ""
    channels: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class _Map:
    found: Attribution | None
    reason: str = ""
    channels: tuple[int, ...] = ()

    @property
    def nbytes(self) -> int:
        return 1000 + (0 if self.found is None else self.found.map.nbytes)


@dataclass(frozen=True, eq=False)
class _Test:
    test: MapTest | None
    reason: str = ""
    nbytes: int = 3000


@dataclass(frozen=True, eq=False)
class _Random:
    curves: RandomCurves
    nbytes: int = 3000


class Explanations:
    """The maps of a server, in its cache of activations. Safe from many threads.

    A network works on one of them at a time, in the line in which its other work waits too.
    """

    def __init__(
        self,
        store: ActivationStore,
        lines: Lines,
        model_of: Callable[[str], Model],
        sample_of: Callable[[str], Sample],
        picture_of: Callable[[Sample], str],
    ) -> None:
        self._store, self._lines = store, lines
        self._model_of, self._sample_of, self._picture_of = model_of, sample_of, picture_of
        self.jobs = Jobs(MOST_WAITING)

    def find(self, asked: Asked) -> Explanation | None:
        """The finished map with its test; None while something of it is still to be made.

        What a network's layers rule out is told without waiting for the network.
        """
        if (reason := why_not(asked.model.module, asked.method)) is not None:
            return Explanation(None, None, None, reason)
        found = self._store.remembered(asked.model, self._picture_of(asked.sample), _map_name(asked), _Map)
        if found is None:
            return None
        if found.found is None:
            return Explanation(None, None, None, found.reason)
        values = found.found.map.abs() if asked.absolute else found.found.map
        if not asked.tested or asked.model.task is Task.SEGMENTATION:
            reason = NOT_TESTED if asked.tested else ""
            return Explanation(values, found.found.layer, None, reason, found.channels)
        tested = self._store.remembered(asked.model, self._picture_of(asked.sample), _test_name(asked), _Test)
        if tested is None:
            return None
        return Explanation(values, found.found.layer, tested.test, tested.reason, found.channels)

    def job(self, asked: Asked) -> Job | None:
        """The running or latest job that makes it, if there was one; it counts passes of the network."""
        return self.jobs.find(asked.key)

    def start(self, asked: Asked) -> Job:
        """Begin to make it, or join whoever does. Raises `ModelFailedError` if too many wait."""
        work = partial(
            self._work,
            asked.model.key,
            asked.sample.id,
            asked.question,
            asked.method,
            asked.absolute,
            asked.tested,
        )
        return self.jobs.start(asked.key, f"why {asked.method} of {asked.sample.id}", work)

    def _work(
        self,
        model_key: str,
        image_id: str,
        question: Question,
        method: Method,
        absolute: bool,  # the fields of `Asked`, whose network a job must not hold on to
        tested: bool,
        job: Job,
    ) -> None:
        with patient(Patience(math.inf)):
            model, sample = self._model_of(model_key), self._sample_of(image_id)
            asked = Asked(model, sample, question, method, absolute, tested)
            what = f"{ABOUT[method].title} on {image_id} in {model.key}"
            self._lines.do(model.fingerprint, what, lambda: self._make(asked, job))

    def _make(self, asked: Asked, job: Job) -> None:
        model, picture = asked.model, self._picture_of(asked.sample)
        keep = partial(self._store.remember, model, picture)
        try:
            x = model.inputs(asked.sample.image)
            made = keep(_map_name(asked), lambda: mapped(asked, x, job))
            if made.found is None or not asked.tested or model.task is Task.SEGMENTATION:
                return
            random = keep(f"{_name(asked.question)} random", lambda: _randomly(asked, x, job))
            values = made.found.map.abs() if asked.absolute else made.found.map
            keep(_test_name(asked), lambda: _tested(asked, x, values, random.curves, job))
        except ActVizError:
            raise
        except Exception as error:
            raise ModelFailedError(f"{model.key} could not process {asked.sample.id}: {error}") from error


def mapped(asked: Asked, x: Tensor, job: Job) -> _Map:
    """The map that was asked for, of the input ``x`` (1, C, H, W). Raises `StoppedError`."""
    if job.stop.is_set():
        raise StoppedError("Stopped before it was done.")
    try:
        found = attribute(
            asked.model.module, x, asked.question, asked.method, progress=job.progress, stop=job.stop
        )
    except NotPossibleError as error:
        return _Map(None, str(error))
    channels: tuple[int, ...] = ()
    if asked.method is Method.GRAD_CAM and found.layer is not None:
        channels = leading_channels(asked.model.module, x, asked.question, found.layer)
    return _Map(found, channels=channels)


def _randomly(asked: Asked, x: Tensor, job: Job) -> _Random:
    told = partial(job.progress, part=RANDOM_ORDER)
    return _Random(random_curves(asked.model.module, x, asked.question, progress=told, stop=job.stop))


def _tested(asked: Asked, x: Tensor, values: Tensor, random: RandomCurves, job: Job) -> _Test:
    if not bool(torch.isfinite(values).all()):
        return _Test(None, "The map holds values that are no finite numbers: it orders no pixels to test.")
    try:
        told = partial(job.progress, part=TEST)
        test = put_to_test(
            asked.model.module, x, asked.question, values, random=random, progress=told, stop=job.stop
        )
    except ShapeError as error:
        return _Test(None, str(error))
    return _Test(test)


def _name(question: Question) -> str:
    """A name in the cache that no layer can have: it begins with a space."""
    asked = f"{question[0]}-{question[1]}" if isinstance(question, tuple) else f"{question}"
    return f" why {asked}"


def _map_name(asked: Asked) -> str:
    question = asked.question if ABOUT[asked.method].of_class else -1  # the same map whatever the class
    return f"{_name(question)} {asked.method}"


def _test_name(asked: Asked) -> str:
    sizes = " sizes" if asked.absolute and ABOUT[asked.method].signed else ""
    return f"{_name(asked.question)} {asked.method} tested{sizes}"
