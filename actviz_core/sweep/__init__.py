"""Sweeps: one pass of a network over a whole source, and its kept result.

This module is also the function: ``from actviz_core import sweep`` gives something that can be called, and
``python -m actviz_core.sweep`` is the command.
"""

import sys
import types

from actviz_core.sweep.kept import KeptRun, delete_run, list_runs, open_run
from actviz_core.sweep.manifest import Manifest
from actviz_core.sweep.planning import default_layers
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

    __call__ = staticmethod(sweep)


sys.modules[__name__].__class__ = _Callable
