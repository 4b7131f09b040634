"""Sweeps: one pass of a network over a whole source, and its kept result.

This module is also the function: ``from actviz_core import sweep`` gives something that can be called, and
``python -m actviz_core.sweep`` is the command.
"""

import sys
import types
from collections.abc import Callable, Sequence

from actviz_core.models import Model
from actviz_core.samples import Source
from actviz_core.settings import Settings
from actviz_core.sweep.kept import KeptRun, delete_run, list_runs, open_run
from actviz_core.sweep.manifest import Manifest
from actviz_core.sweep.planning import BATCH, default_layers
from actviz_core.sweep.run import Hit, Run
from actviz_core.sweep.summary import Summary
from actviz_core.sweep.sweeping import Progress, plan_sweep, sweep

__all__ = [
    "Hit",
    "KeptRun",
    "Manifest",
    "Progress",
    "Run",
    "Summary",
    "default_layers",
    "delete_run",
    "list_runs",
    "open_run",
    "plan_sweep",
    "sweep",
]


class _Callable(types.ModuleType):
    """A package that has the name of its function, and can be called like it."""

    def __call__(
        self,
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
        return sweep(
            model,
            source,
            layers,
            limit=limit,
            batch=batch,
            workers=workers,
            settings=settings,
            progress=progress,
        )

    __call__.__doc__ = sweep.__doc__


sys.modules[__name__].__class__ = _Callable
