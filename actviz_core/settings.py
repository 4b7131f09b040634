"""What the person who starts the server can choose, read from environment variables in this one place."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actviz_core.errors import SettingsError
from actviz_core.units import MEGABYTE

DEFAULT_CACHE_MB = 512
DEFAULT_WEIGHTS_MB = 2000
DEFAULT_UPLOADS_MB = 500
DEFAULT_WAIT_S = 30
DEFAULT_RUNS_MB = 10_000


@dataclass(frozen=True)
class Settings:
    """Where things live and how much memory to use.

    ``data`` is the folder of datasets, weights and uploads; ``images`` the team's own pictures; ``models``
    the team's own networks as ``package.module:function``; ``cache_bytes`` bounds the activation cache;
    ``device`` is torch's name of the device that networks run on; ``weights_bytes``, ``uploads_bytes`` and
    ``runs_bytes`` bound what all uploaded weights, all uploaded pictures and all kept runs of sweeps take on
    disk; ``wait_seconds`` is how long a page waits for a network before it says so and offers a way on.
    """

    data: Path
    images: Path | None
    models: tuple[str, ...]
    cache_bytes: int
    device: str
    weights_bytes: int = DEFAULT_WEIGHTS_MB * MEGABYTE
    uploads_bytes: int = DEFAULT_UPLOADS_MB * MEGABYTE
    wait_seconds: float = DEFAULT_WAIT_S
    runs_bytes: int = DEFAULT_RUNS_MB * MEGABYTE


def reading_folder(settings: Settings) -> Path:
    """Where what visitors send lies while it is read; nothing stays there."""
    return settings.data / "reading"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the ``ACTVIZ_...`` variables; one that is unset or blank takes its default.

    Raises `SettingsError`, naming the variable, its value and what works.
    """
    values = {name: value.strip() for name, value in environ.items() if value.strip()}
    return Settings(
        data=_folder(values, "ACTVIZ_DATA") or Path.home() / ".cache" / "actviz",
        images=_folder(values, "ACTVIZ_IMAGES"),
        models=tuple(name.strip() for name in values.get("ACTVIZ_MODELS", "").split(",") if name.strip()),
        cache_bytes=_megabytes(values, "ACTVIZ_CACHE_MB", DEFAULT_CACHE_MB),
        device=_device(values, "ACTVIZ_DEVICE"),
        weights_bytes=_megabytes(values, "ACTVIZ_WEIGHTS_MB", DEFAULT_WEIGHTS_MB),
        uploads_bytes=_megabytes(values, "ACTVIZ_UPLOADS_MB", DEFAULT_UPLOADS_MB),
        wait_seconds=_whole_number(values, "ACTVIZ_WAIT_S", DEFAULT_WAIT_S, "seconds"),
        runs_bytes=_megabytes(values, "ACTVIZ_RUNS_MB", DEFAULT_RUNS_MB),
    )


def _folder(values: Mapping[str, str], name: str) -> Path | None:
    """Make the path absolute; it need not exist yet, but must not be something other than a folder."""
    if name not in values:
        return None
    try:
        path = Path(values[name]).expanduser().absolute()
        usable = path.is_dir() or not path.exists()
    except (OSError, RuntimeError, ValueError):  # an unknown ~user, a name too long, a null byte
        usable = False
    if not usable:
        raise SettingsError(f"{name} is {values[name]!r}, which is no folder. Set it to a folder's path.")
    return path


def _megabytes(values: Mapping[str, str], name: str, default: int) -> int:
    """Read a positive whole number of megabytes, as bytes."""
    return _whole_number(values, name, default, "megabytes") * MEGABYTE


def _whole_number(values: Mapping[str, str], name: str, default: int, unit: str) -> int:
    value = values.get(name, str(default))
    if not re.fullmatch("0*[1-9][0-9]{0,8}", value):
        raise SettingsError(f"{name} is {value!r}. Set it to a whole number of {unit}, such as {default}.")
    return int(value)


def _device(values: Mapping[str, str], name: str) -> str:
    """Take the named device if this machine has it; unnamed, the fastest kind there is."""
    import torch  # here, so that what reads no pixels and runs no network starts without it

    there = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    there = ["cuda", *there] if there else []
    if torch.backends.mps.is_available():
        there.append("mps")
    there.append("cpu")
    value = values.get(name, there[0])
    if value not in there:
        raise SettingsError(f"{name} is {value!r}. On this machine it can be: {', '.join(there)}.")
    return value
