"""A sweep in a process of its own, for a server: an order comes in as JSON, progress goes back as JSON lines.

The process ends with the one that started it, and at once; what was kept until then is whole.
"""

import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from actviz_core.errors import ActVizError
from actviz_core.models import load_model
from actviz_core.samples import open_source
from actviz_core.settings import Settings
from actviz_core.sweep.sweeping import Progress, make_run

NICENESS = 10  # people who look at pages come first


def written(settings: Settings) -> dict[str, Any]:
    """Settings as JSON can hold them."""
    return {
        name: str(value) if isinstance(value, Path) else value for name, value in asdict(settings).items()
    }


def read(values: Mapping[str, Any]) -> Settings:
    """The settings that `written` wrote."""
    images = values["images"]
    return Settings(
        **{
            **values,
            "data": Path(values["data"]),
            "images": None if images is None else Path(images),
            "models": tuple(values["models"]),
        }
    )


def main() -> int:
    """Do the order that standard input brings; 0, or 2 where it cannot be done."""
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a network prints is no line of ours
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        _tell(lines, run=_make(order, lines))
    except ActVizError as error:
        _tell(lines, error=str(error))
        return 2
    return 0


def _make(order: Mapping[str, Any], lines: TextIO) -> str:
    settings = read(order["settings"])
    model, source = load_model(order["model"], settings=settings), open_source(order["source"], settings)

    def tell(progress: Progress) -> None:
        _tell(lines, **asdict(progress))

    limit = order["limit"]
    return make_run(model, source, order["layers"], limit=limit, settings=settings, progress=tell).name


def _tell(lines: TextIO, **values: Any) -> None:
    lines.write(json.dumps(values) + "\n")
    lines.flush()


def _end_with_the_server() -> None:
    """Wait for the end of standard input, which comes when whoever holds its other end is gone."""
    sys.stdin.read()
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main())
