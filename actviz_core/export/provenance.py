"""Where exported values came from, as every exported file tells it."""

import json
import platform
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

from actviz_core.models import Model

PROJECT = "activation-dashboard"
_LIBRARIES = ("torch", "torchvision", "numpy")


@cache
def installed_versions() -> Mapping[str, str]:
    """The versions of Python, the libraries that compute, and this project."""
    versions = {"python": platform.python_version()}
    versions |= {library: metadata.version(library) for library in _LIBRARIES}
    return MappingProxyType(versions | {"actviz": _own_version()})


def _own_version() -> str:
    """As installed, or where it runs from its folder, as pyproject.toml says."""
    try:
        return metadata.version(PROJECT)
    except metadata.PackageNotFoundError:
        pass
    try:
        text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text)["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "unknown"


@dataclass(frozen=True)
class Provenance:
    """One network, one picture, and the calls of that pass; nothing that changes from export to export.

    ``fingerprint`` is the model's, ``value_range`` the lowest and highest value on display (or what the
    colours stand for), ``versions`` holds those of Python, of the libraries, and of this project, and
    ``files`` the names of the uploaded files that weights and picture came from.
    """

    model_key: str
    fingerprint: str
    image_id: str
    calls: tuple[str, ...]
    value_range: tuple[float, float] | None = None
    versions: Mapping[str, str] = field(default_factory=installed_versions, hash=False)
    files: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        model: Model,
        image_id: str,
        calls: Sequence[str],
        value_range: tuple[float, float] | None = None,
        files: Sequence[str] = (),
    ) -> "Provenance":
        """Describe values of ``model``, with the versions installed here."""
        return cls(model.key, model.fingerprint, image_id, tuple(calls), value_range, files=tuple(files))

    def as_dict(self) -> dict[str, Any]:
        """Everything in the types that JSON has."""
        return {
            "model": self.model_key,
            "fingerprint": self.fingerprint,
            "image": self.image_id,
            "calls": list(self.calls),
            "range": None if self.value_range is None else list(self.value_range),
            "versions": dict(self.versions),
            **({"files": list(self.files)} if self.files else {}),
        }

    def as_rows(self) -> list[tuple[str, str]]:
        """Name and text of everything, for tables and metadata."""
        span = self.value_range
        return [
            ("model", self.model_key),
            ("fingerprint", self.fingerprint),
            ("image", self.image_id),
            ("files", ", ".join(self.files)),
            ("calls", ", ".join(self.calls)),
            ("range", "" if span is None else f"{span[0]:.9g} to {span[1]:.9g}"),
            ("versions", ", ".join(f"{name} {version}" for name, version in self.versions.items())),
        ]

    def as_text(self) -> str:
        """Everything, one line each."""
        return "\n".join(f"{name}: {text}" for name, text in self.as_rows() if text)


Provenances = Provenance | Sequence[Provenance]
"""What files take: one, or one a panel of the compare board."""


def each(provenance: Provenances) -> tuple[Provenance, ...]:
    """One or several as several."""
    return (provenance,) if isinstance(provenance, Provenance) else tuple(provenance)


def as_json(provenance: Provenances) -> str:
    """A JSON list with one object a provenance; a range that is not finite is told as text."""
    entries = [one.as_dict() for one in each(provenance)]
    return json.dumps(entries, ensure_ascii=False, default=str)


def caption(provenance: Provenances) -> str:
    """One line for below a picture."""
    several = each(provenance)
    parts = [
        ", ".join(dict.fromkeys(f"{one.model_key} ({one.fingerprint[:8]})" for one in several)),
        ", ".join(dict.fromkeys(one.image_id for one in several)),
        ", ".join(dict.fromkeys(file for one in several for file in one.files)),
        ", ".join(dict.fromkeys(call or "output" for one in several for call in one.calls)),
    ]
    spans = {one.value_range for one in several}
    if len(spans) == 1 and (span := spans.pop()) is not None:
        parts.append(f"{span[0]:.4g} to {span[1]:.4g}")
    return "  |  ".join(filter(None, parts))
