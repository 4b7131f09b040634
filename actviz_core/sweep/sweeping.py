"""Runs a network over a whole source and keeps what it did, so that a stopped sweep can go on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ModelFailedError, SweepError
from actviz_core.models import Model
from actviz_core.names import ImageId
from actviz_core.samples import Source
from actviz_core.settings import Settings, read_settings
from actviz_core.sweep import ranks
from actviz_core.sweep.answers import Answers
from actviz_core.sweep.identity import stamps_of
from actviz_core.sweep.kept import alone, check_room, runs_folder
from actviz_core.sweep.manifest import Manifest
from actviz_core.sweep.passes import Passes
from actviz_core.sweep.pictures import Batch, Pictures, batches
from actviz_core.sweep.planning import BATCH, planned
from actviz_core.sweep.reduction import FIELDS, empty_numbers
from actviz_core.sweep.run import Run
from actviz_core.sweep.storage import Part, RunFiles
from actviz_core.sweep.summary import summarise


@dataclass(frozen=True)
class Progress:
    """How far a sweep is: pictures done (``skipped`` ones among them) of ``total``."""

    done: int
    skipped: int
    total: int


def sweep(
    model: Model,
    source: Source,
    layers: Sequence[str] | None = None,
    *,
    limit: int | None = None,
    batch: int = BATCH,
    workers: int = 0,
    settings: Settings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Run a network on every picture of a source, and keep what ``layers`` did with each.

    Kept are, for each picture and channel of each call, the mean and the maximum over the map, where the
    maximum is, the share of active cells and whether all are zero; for each picture the 10 most probable
    classes and the label; and for each channel what `Summary` lists. They lie on the disk below
    ``settings.data``, and the same sweep over the same pictures only opens them. One that was stopped, in
    whatever way, goes on where it was, and every bit is as if it had not been.

    Args:
        model: from `load_model`.
        source: from `open_source`.
        layers: layer, call and step names as for `capture`; None means what each stage of the network
            returns, and its last layer.
        limit: how many of the source's pictures, from the first on; None means all.
        batch: how many pictures, two or more, the network gets at once. Memory depends on it, and not on how
            many pictures there are.
        workers: processes that decode pictures; with 0, a thread does.
        settings: where runs are kept and how much they may take on disk; by default from the environment.
        progress: called after every part of the pictures.

    Pictures that cannot be read, and those that the network raises for, are skipped and listed in
    `Run.problems`. Where torch.distributed joins several processes, all of them call this with the same
    arguments: each takes its share of the pictures, and the first one writes.

    Raises `UnknownLayerError`; `ModelFailedError` where the network can process none of the pictures;
    `SweepError` where a layer cannot be swept, there is no room, another process makes the same run, or
    pictures change meanwhile.

    """
    return Run(
        make_run(
            model,
            source,
            layers,
            limit=limit,
            batch=batch,
            workers=workers,
            settings=settings,
            progress=progress,
        )
    )


def plan_sweep(
    model: Model,
    source: Source,
    layers: Sequence[str] | None = None,
    *,
    limit: int | None = None,
    batch: int = BATCH,
) -> Manifest:
    """Tell what `sweep` would keep, and how many bytes on the disk. Arguments and errors are those of it."""
    return planned(model, source, layers, stamps_of(source, _count(source, limit)), batch)[0]


def make_run(
    model: Model,
    source: Source,
    layers: Sequence[str] | None = None,
    *,
    limit: int | None = None,
    batch: int = BATCH,
    workers: int = 0,
    settings: Settings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Do what `sweep` does, and give the run's folder, which only the first process's machine need have."""
    settings = settings or read_settings()
    stamps = stamps_of(source, _count(source, limit))
    manifest, passes = planned(model, source, layers, stamps, batch)
    ids = ranks.gathered(manifest.id)
    ranks.on_first(lambda: _check_agreement(ids))
    files = RunFiles(runs_folder(settings) / manifest.id, manifest)
    if ranks.on_first(lambda: files.problems() is not None):
        return files.folder
    with ExitStack() as stack:
        ranks.on_first(lambda: stack.enter_context(alone(files.folder)))
        work = _Sweep(source, manifest, passes, files, progress)
        whole = ranks.on_first(lambda: work.begin(settings))
        missing = [first for first in range(0, manifest.pictures, manifest.part) if first not in whole]
        mine = missing[ranks.rank() :: ranks.world()]
        pictures = Pictures(source, model.preprocess, stamps)
        groups = [group for first in mine for group in work.groups(first)]
        loaded = batches(pictures, groups, workers=workers, pin=model.device.type == "cuda")
        for number in range(-(-len(missing) // ranks.world())):
            found = work.part_or_error(mine[number], loaded) if number < len(mine) else None
            parts = ranks.gathered(found)
            ranks.on_first(lambda parts=parts: work.keep(parts))  # type: ignore[misc]
        ranks.on_first(work.finish)
    return files.folder


def _count(source: Source, limit: int | None) -> int:
    if limit is not None and limit < 1:
        raise SweepError(f"A sweep is over one picture or more; got a limit of {limit}.")
    return len(source) if limit is None else min(limit, len(source))


def _check_agreement(ids: list[str]) -> None:
    if len(set(ids)) > 1:
        raise SweepError(
            "The processes do not see the same network, pictures and versions. On several machines, give all "
            "of them one folder, or copies with the same modification times (rsync -a)."
        )


class _ChangedError(Exception):
    """What changed while it was swept. Only the first rank knows how much is kept, and says it then."""


class _Sweep:
    """One sweep at work: makes parts on every rank, keeps them on the first."""

    def __init__(
        self,
        source: Source,
        manifest: Manifest,
        passes: Passes,
        files: RunFiles,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._source = source
        self._manifest = manifest
        self._passes = passes
        self._files = files
        self._progress = progress
        self._done = 0
        self._problems: dict[int, str] = {}

    def begin(self, settings: Settings) -> list[int]:
        """Make the files, and tell which parts are there already, by their first pictures."""
        check_room(self._manifest, settings)
        self._writing(self._files.create)
        whole = self._files.whole_parts()
        for first, problems in whole.items():
            self._problems |= problems
            self._done += self._size(first)
        self._report()
        return list(whole)

    def groups(self, first: int) -> list[list[int]]:
        """The batches of a part, as indices."""
        end, batch = first + self._size(first), self._manifest.batch
        return [list(range(at, min(at + batch, end))) for at in range(first, end, batch)]

    def part_or_error(self, first: int, loaded: Iterator[Batch]) -> Part | Exception:
        """Make a part, or give the error back: the first rank keeps the others' parts, then tells all."""
        try:
            return self._part(first, loaded)
        except Exception as error:
            return ranks.that_travels(error) if ranks.is_shared() else error

    def _part(self, first: int, loaded: Iterator[Batch]) -> Part:
        count = self._size(first)
        calls = self._manifest.calls
        numbers = {call.name: empty_numbers(count, call.channels) for call in calls}
        answers = Answers.none(count)
        problems: dict[int, str] = {}
        refused: dict[int, str] = {}
        for _ in self.groups(first):
            batch = next(loaded)
            if batch.changed:
                raise _ChangedError(str(ImageId(self._source.key, batch.changed[0])))
            problems |= batch.problems
            for indices, inputs in batch.groups:
                swept = self._passes.sweep(inputs, calls)
                rows = np.array(indices) - first
                for name, found in swept.numbers.items():
                    for field in FIELDS:
                        getattr(numbers[name], field)[rows] = getattr(found, field)
                answers.classes[rows] = swept.answers.classes
                answers.probabilities[rows] = swept.answers.probabilities
                refused |= {indices[at]: problem for at, problem in swept.failed.items()}
        if self._source.is_stale():
            raise _ChangedError("The source")
        labels: npt.NDArray[np.int32] = self._source.label_indices[first : first + count].astype(np.int32)
        return Part(first, numbers, answers, labels, problems | refused, refused)

    def keep(self, parts: Sequence[Part | Exception | None]) -> None:
        """Write what the ranks made; raise what one of them met."""
        for part in parts:
            if isinstance(part, Part):
                self._check_some_swept(part)
                self._writing(lambda part=part: self._files.write(part))  # type: ignore[misc]
                self._problems |= part.problems
                self._done += len(part.labels)
                self._report()
        for part in parts:
            if isinstance(part, Exception):
                raise self._changed(part) if isinstance(part, _ChangedError) else part

    def finish(self) -> None:
        """Make the summaries, and say that the run is complete."""
        if len(self._problems) == self._manifest.pictures:
            raise self._none_swept(self._manifest.pictures, self._problems)
        for call in self._manifest.calls:
            self._writing(lambda call=call: summarise(self._files, call.name))  # type: ignore[misc]
        self._writing(lambda: self._files.finish(self._problems))

    def _check_some_swept(self, part: Part) -> None:
        """Stop early where the network is to blame; files that cannot be read tell nothing of others."""
        if self._done == len(self._problems) and len(part.problems) == len(part.labels) and part.refused:
            raise self._none_swept(self._done + len(part.labels), part.refused)

    def _none_swept(self, count: int, problems: dict[int, str]) -> ModelFailedError:
        index, problem = min(problems.items())
        return ModelFailedError(
            f"None of the first {count:,} pictures could be swept. One of them, {self._source.key}/{index}: "
            f"{problem}."
        )

    def _changed(self, what: _ChangedError) -> SweepError:
        return SweepError(
            f"{what} changed during the sweep, so that its result would be of no one state of the pictures. "
            f"What was done of the old state is kept ({self._done:,} of {self._manifest.pictures:,}). "
            "Start the sweep again when nobody changes the pictures."
        )

    def _writing(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            raise SweepError(
                f"The run could not be written to {self._files.folder} ({error.strerror or error}). "
                f"{self._done:,} of {self._manifest.pictures:,} pictures are kept. Make room, or let this "
                "user write there, and start the same sweep again: it goes on from there."
            ) from error

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(Progress(self._done, len(self._problems), self._manifest.pictures))

    def _size(self, first: int) -> int:
        return min(self._manifest.part, self._manifest.pictures - first)
