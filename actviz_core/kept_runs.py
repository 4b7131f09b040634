"""The kept runs as pages ask for them at every click: read again only where their folder changed."""

import os
import threading

from actviz_core.errors import SweepError
from actviz_core.settings import Settings
from actviz_core.sweep import KeptRun, Run, list_runs, open_run
from actviz_core.sweep.kept import runs_folder
from actviz_core.sweep.storage import FINISHED

_State = tuple[tuple[str, int, bool], ...]

MOST_OPEN = 16
"""Runs that are held open: their manifests, and arrays that are mapped into memory."""


class KeptRuns:
    """The runs below the data folder of some settings. Safe from many threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._listed: tuple[KeptRun, ...] = ()
        self._open: dict[str, Run] = {}

    def listed(self) -> tuple[KeptRun, ...]:
        """What `list_runs` gives, finished or not."""
        with self._lock:
            self._look()
            return self._listed

    def finished(self) -> tuple[KeptRun, ...]:
        """Those that are finished."""
        return tuple(run for run in self.listed() if run.finished)

    def open(self, run: str) -> Run:
        """What `open_run` gives. Raises `UnknownRunError` as it does."""
        with self._lock:
            self._look()
            found = self._open.get(run)
        if found is None:
            found = open_run(run, self._settings)
            with self._lock:
                self._open[run] = found
                for oldest in [*self._open][:-MOST_OPEN]:
                    del self._open[oldest]
        return found

    def of_call(self, network: str, call: str, *, channels: int, source: str) -> Run | None:
        """The finished run of a network, by its fingerprint, that has this call with so many channels.

        Of several the one over this source, else over the most pictures; None where there is none.
        """
        runs = [
            run
            for run in self.finished()
            if run.manifest.network == network
            and any((plan.name, plan.channels) == (call, channels) for plan in run.manifest.calls)
        ]
        runs.sort(key=lambda run: (run.manifest.source != source, -run.manifest.pictures, run.id))
        for run in runs:
            try:
                return self.open(run.id)
            except (SweepError, OSError):
                continue  # deleted meanwhile
        return None

    def _look(self) -> None:
        """List the runs again where the folder is not as it was. Call with the lock held."""
        state = self._state_now()
        if state != self._state:
            self._listed, self._open = list_runs(self._settings), {}
            self._state = state

    def _state_now(self) -> _State:
        """Names and times of the runs' folders: what appears in one, appears by a change of its folder."""
        found = []
        try:
            with os.scandir(runs_folder(self._settings)) as entries:
                for entry in entries:
                    try:
                        changed = entry.stat().st_mtime_ns
                    except OSError:
                        continue  # deleted just now
                    found.append((entry.name, changed, os.path.exists(os.path.join(entry.path, FINISHED))))  # noqa: PTH110, PTH118 - called at every click
        except OSError:
            return ()
        return tuple(sorted(found))
