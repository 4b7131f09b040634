"""What runs in a process that reads a visitor's file: waits for one request, answers it, and ends."""

import importlib
import json
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actviz_core.errors import ActVizError
from actviz_core.untrusted.limits import Limits, bind_this_process

IDLE_SECONDS = 600  # a process that nobody asks ends by itself

ReadingFunction = Callable[[Path, Path, dict[str, Any]], dict[str, Any]]
"""Reads the file at the first path and writes what it found to the second; gets and returns plain values."""


def main(function: str) -> None:
    """Import ``module:function`` and call it for the one request that comes on the standard input.

    The module's ``warm_up`` is called before.
    A request is a line of JSON: ``source``, ``output``, ``answer`` (paths), ``limits`` and ``options``. The
    answer is a JSON file: ``fields``, what the function returned; or ``refusal``, why it refuses the file; or
    ``memory``, that there was not enough.
    """
    module_name, _, name = function.partition(":")
    module = importlib.import_module(module_name)
    read: ReadingFunction = getattr(module, name)
    module.warm_up()
    if sys.platform != "win32" and not select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        return
    line = sys.stdin.buffer.readline()
    if not line:  # the server is gone
        return
    request = json.loads(line)
    bind_this_process(Limits(**request["limits"]))
    answer: dict[str, Any]
    try:
        answer = {"fields": read(Path(request["source"]), Path(request["output"]), request["options"])}
    except ActVizError as error:
        answer = {"refusal": str(error)}
    except MemoryError:
        answer = {"memory": True}
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")
