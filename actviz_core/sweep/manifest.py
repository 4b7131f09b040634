"""What a run is and what it keeps, as the readable file beside its arrays says."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from actviz_core.errors import UnknownRunError
from actviz_core.sweep.passes import CallPlan
from actviz_core.tasks import Task

FORMAT = 2
FILE_NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """One pass of a network over a source.

    Attributes:
        id: names the run: a digest of all that its numbers depend on.
        model, network: the network's model key and fingerprint.
        source, source_title, pictures, source_fingerprint: the source, and how many of its pictures, from its
            first one.
        layers: what was asked for; ``calls`` is what there was.
        classes: the network's classes. ``labels`` names the source's, ``label_classes`` gives for each of the
            network's classes the label of the same name, -1 where there is none.
        batch, part: how many pictures the network gets at once, and how many are written at once.
        device, torch: what the numbers were computed on and with.
        bytes: what the finished run takes on disk.

    """

    id: str
    model: str
    network: str
    source: str
    source_title: str
    source_fingerprint: str
    pictures: int
    layers: tuple[str, ...]
    calls: tuple[CallPlan, ...]
    task: Task
    classes: tuple[str, ...]
    labels: tuple[str, ...]
    label_classes: tuple[int, ...]
    batch: int
    part: int
    device: str
    torch: str
    bytes: int
    format: int = FORMAT

    def text(self) -> str:
        """The manifest as JSON."""
        return json.dumps(asdict(self), indent=1)

    @property
    def command(self) -> str:
        """The command that makes this run again, as far as it needs no setting of the environment."""
        layers = " ".join(f"'{layer}'" for layer in self.layers)
        return (
            f"python -m actviz_core.sweep --model {self.model} --source {self.source} "
            f"--limit {self.pictures} --batch {self.batch} --layers {layers}"
        )


def read_manifest(folder: Path) -> Manifest:
    """Read a run's manifest. Raises `UnknownRunError` where there is none that can be read."""
    try:
        found: Mapping[str, object] = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        if found.get("format") != FORMAT:
            raise UnknownRunError(
                f"The run {folder.name} was kept in another form ({found.get('format')!r}) than this version "
                f"reads ({FORMAT}). Make it again."
            )
        values = dict(found)
        calls = values.pop("calls")
        names = ("layers", "classes", "labels", "label_classes")
        tuples: dict[str, object] = {name: tuple(values[name]) for name in names}  # type: ignore[arg-type]
        plans = tuple(CallPlan(**{**call, "shape": tuple(call["shape"])}) for call in calls)  # type: ignore[attr-defined]
        return Manifest(**{**values, **tuples, "calls": plans, "task": Task(values["task"])})  # type: ignore[arg-type]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnknownRunError(
            f"There is no run {folder.name}, or its manifest cannot be read ({error})."
        ) from error
