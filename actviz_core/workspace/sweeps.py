"""The sweeps of a server: what one would take, those at work, and the runs that are kept."""

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from actviz_core.errors import ActVizError
from actviz_core.models import Model
from actviz_core.samples import Source, open_source
from actviz_core.settings import Settings
from actviz_core.sweep import KeptRun, Manifest, Run, list_runs, open_run
from actviz_core.sweep.identity import source_fingerprint, stamps_of
from actviz_core.sweep.kept import pictures_done, runs_folder
from actviz_core.sweep.passes import FEWEST
from actviz_core.sweep.planning import BATCH, planned
from actviz_core.sweep.storage import FINISHED
from actviz_core.workspace.sweep_queue import SweepQueue

if TYPE_CHECKING:
    from actviz_core.workspace.shared import Workspace

TRIED = 16
"""Pictures that are swept to find out how long all of them will take, where two of them are quick."""

QUICK = 0.1  # seconds for two pictures
_PLANS, _OPEN = 32, 16  # how many are kept


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep would keep, how many of its pictures are done already, and the seconds for each other."""

    manifest: Manifest
    done: int
    finished: bool
    seconds_a_picture: float

    def seconds(self, start: float) -> float:
        """How long the rest would take, with so many seconds until its process begins."""
        return start + (self.manifest.pictures - self.done) * self.seconds_a_picture


class Sweeps:
    """Sweeps by what visitors ask for. Safe from many threads."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._settings: Settings = workspace.settings
        self._lock = threading.Lock()
        self._plans: OrderedDict[tuple[object, ...], tuple[Manifest, float]] = OrderedDict()
        self._runs: tuple[object, tuple[KeptRun, ...]] = (None, ())
        self._open: OrderedDict[str, Run] = OrderedDict()
        self._fingerprints: weakref.WeakKeyDictionary[Source, dict[int, str]] = weakref.WeakKeyDictionary()
        self.queue = SweepQueue(self._settings)

    def plan(self, model: Model, source: Source, layers: Sequence[str], pictures: int) -> SweepPlan:
        """What a sweep over the source's first pictures would keep and take, tried on a few of them.

        Raises what `actviz_core.sweep.plan_sweep` does, and `StillWorkingError`.
        """
        key = (model.fingerprint, self.fingerprint(source, pictures), tuple(layers), pictures)
        with self._lock:
            found = self._plans.get(key)
        if found is None:
            what = f"Trying {model.key} on a few pictures of {source.key}"
            found = self._workspace.in_line(model, what, lambda: _tried(model, source, layers, pictures))
            with self._lock:
                self._plans[key] = found
                while len(self._plans) > _PLANS:
                    self._plans.popitem(last=False)
        manifest, seconds = found
        kept = next((run for run in self.runs() if run.id == manifest.id), None)
        if kept is not None and kept.finished:
            return SweepPlan(manifest, manifest.pictures, True, seconds)
        done = 0 if kept is None else pictures_done(manifest, self._settings)
        return SweepPlan(manifest, done, False, seconds)

    def runs(self) -> tuple[KeptRun, ...]:
        """All runs that are kept, finished or not; read again only once the folder has changed."""
        folder = runs_folder(self._settings)
        try:
            state = sorted((path.name, (path / FINISHED).exists()) for path in folder.iterdir())
        except OSError:
            state = []
        with self._lock:
            if self._runs[0] == state:
                return self._runs[1]
        runs = list_runs(self._settings)
        with self._lock:
            self._runs = (state, runs)
        return runs

    def finished_runs(self, model: Model) -> tuple[KeptRun, ...]:
        """The finished runs of exactly this network, those of most pictures first."""
        runs = [run for run in self.runs() if run.finished and run.manifest.network == model.fingerprint]
        return tuple(sorted(runs, key=lambda run: (-run.manifest.pictures, -len(run.manifest.calls), run.id)))

    def runs_with(self, network: str, call: str, *, channels: int, source: str) -> tuple[KeptRun, ...]:
        """The finished runs of a network, by its fingerprint, that have this call with so many channels.

        Those over this source come first, then those over the most pictures.
        """
        runs = [
            run
            for run in self.runs()
            if run.finished
            and run.manifest.network == network
            and any((plan.name, plan.channels) == (call, channels) for plan in run.manifest.calls)
        ]
        return tuple(
            sorted(runs, key=lambda run: (run.manifest.source != source, -run.manifest.pictures, run.id))
        )

    def of_call(
        self, network: str, call: str, *, channels: int, source: str, wanted: str | None = None
    ) -> Run | None:
        """The wanted one of `runs_with`, else the first, whose pictures are all still as they were."""
        runs = self.runs_with(network, call, channels=channels, source=source)
        for kept in sorted(runs, key=lambda run: run.id != wanted):
            try:
                run = self.open(kept.id)
                source_now = open_source(kept.manifest.source, self._settings)
            except (ActVizError, OSError):
                continue  # deleted meanwhile, or its pictures are gone
            if self.is_same(source_now, run):
                return run
        return None

    def open(self, run: str) -> Run:
        """Open a finished run by its name; everybody shares one object. Raises `UnknownRunError`."""
        kept = {other.id for other in self.runs() if other.finished}
        with self._lock:
            if run in self._open and run in kept:
                return self._open[run]
            self._open.pop(run, None)
        opened = open_run(run, self._settings)
        with self._lock:
            self._open[run] = opened
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
        return opened

    def is_same(self, source: Source, run: Run) -> bool:
        """Whether a source still has the pictures that were swept."""
        told = run.manifest
        if told.source != source.key or told.pictures > len(source):
            return False
        return self.fingerprint(source, told.pictures) == told.source_fingerprint

    def fingerprint(self, source: Source, pictures: int) -> str:
        """The fingerprint of a source's first pictures, worked out once for each source that was opened."""
        with self._lock:
            found = self._fingerprints.setdefault(source, {}).get(pictures)
        if found is None:
            found = source_fingerprint(source, stamps_of(source, pictures))
            with self._lock:
                self._fingerprints[source][pictures] = found
        return found


def _tried(model: Model, source: Source, layers: Sequence[str], pictures: int) -> tuple[Manifest, float]:
    manifest, passes = planned(model, source, layers, stamps_of(source, pictures), BATCH)

    def seconds(count: int) -> float:
        began = time.perf_counter()
        inputs = [_input(model, source, index % pictures) for index in range(count)]
        passes.sweep(torch.cat(inputs), manifest.calls)
        return (time.perf_counter() - began) / count

    first = seconds(FEWEST)
    return manifest, seconds(TRIED) if first * FEWEST < QUICK else first


def _input(model: Model, source: Source, index: int) -> torch.Tensor:
    try:
        return model.preprocess(source.read(index))
    except ActVizError:  # it will be skipped
        return torch.zeros(1, 3, *model.preprocess.size)
