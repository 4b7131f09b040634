"""A Python script that computes exported values again, with plain torch and torchvision."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import nn

from actviz_core.export import replay
from actviz_core.export.provenance import Provenance
from actviz_core.export.script_head import guarded_imports, introduction, needs_of
from actviz_core.export.script_network import BUNDLED, network_part, numbered, prepared_part, weights_travel
from actviz_core.export.script_parts import Asked, Part, results_of
from actviz_core.hooks.arrays import as_stored
from actviz_core.models import Model
from actviz_core.names import ModelKey
from actviz_core.samples import parse_image_id
from actviz_core.workspace.gradients import Followed

_MAIN = '''

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Compute, compare, and tell by the exit code whether all is the same."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / {npz_name}
    if missing_file({files}):
        return 2
    computed: dict[str, Tensor] = {{}}
{blocks}
    same = compare(computed, file)
    if same:
        print(f"All {{len(computed)}} arrays equal {{file.name}}, bit for bit.")
    else:
        print("Exported with {versions}.")
        print(f"Here: torch {{torch.__version__}}, torchvision {{torchvision.__version__}}. Another version, "
              "processor or number of threads may change the last digits.")
{notes}    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
'''


@dataclass(frozen=True)
class Run:
    """A network, a picture with its id, and calls to compute again; their gradients where ``followed``."""

    model: Model
    image_id: str
    picture: Image.Image
    calls: tuple[str, ...]
    followed: Followed | None = None


@dataclass(frozen=True)
class Script:
    """A script, and what lies beside it: pictures, and networks whose weights have no public source.

    ``needs`` goes on from "the script" and says what it takes to run.
    """

    text: str
    pictures: Mapping[str, Image.Image]
    weights: Mapping[str, nn.Module]
    needs: str


def replay_script(runs: Sequence[Run], *, npz_name: str) -> Script:
    """Write a script that computes the values of an NPZ file again and compares them bit for bit.

    It hooks plain torch modules and prepares pictures with torchvision; the classes of the bundled network
    are written into it. This project is imported only for networks that are neither torchvision's nor the
    bundled one, and for steps between layers, which no hook sees. Exit codes: 0 all is equal, 1 something
    differs, 2 something that it needs is not there. ``npz_name`` is the file that it looks for beside itself;
    arrays must have the names of `value_names`, for the runs' calls in order.

    Raises `UnknownImageError` for what is no image id.
    """
    merged: dict[tuple[str, str], tuple[Run, dict[Asked, None]]] = {}
    for run in runs:
        parse_image_id(run.image_id)
        _, calls = merged.setdefault((run.model.key, run.image_id), (run, {}))
        calls.update(dict.fromkeys((call, run.followed) for call in run.calls))
    pictures = {run.image_id: run.picture for run, _ in merged.values()}
    travelling = {
        ModelKey.parse(run.model.key).unedited: run.model.module
        for run, _ in merged.values()
        if weights_travel(run.model)
    }
    picture_files, weights_files = (
        numbered(pictures, "picture", "png"),
        numbered(travelling, "weights", "pt"),
    )
    parts = [
        _run(
            run.model,
            run.image_id,
            list(calls),
            picture_files[run.image_id],
            weights_files.get(ModelKey.parse(run.model.key).unedited, ""),
            several=len(merged) > 1,
        )
        for run, calls in merged.values()
    ]
    imports = {line for part in parts for line in part.imports}
    needed = {function for part in parts for function in part.functions} | _ALWAYS
    functions = [function for function in _FUNCTIONS if function in needed]
    told = [
        Provenance.of(run.model, run.image_id, [call if way is None else way.of(call) for call, way in calls])
        for run, calls in merged.values()
    ]
    versions = told[0].as_rows()[-1][1] if told else ""
    blocks = "\n".join(f"    {line}".rstrip() for part in parts for line in ("", *part.lines))
    notes = dict.fromkeys(run.model.note for run, _ in merged.values() if run.model.note)
    beside = [f"HERE / {name!r}" for name in (*picture_files.values(), *weights_files.values())]
    needs = needs_of(imports, [ModelKey.parse(run.model.key).unedited for run, _ in merged.values()])
    pieces = [
        f'"""{introduction(told, npz_name, needs, imports)}"""\n',
        guarded_imports(imports | _IMPORTS, needs),
        *(f"\n\n{inspect.getsource(function).rstrip()}" for function in functions),
        _MAIN.format(
            npz_name=repr(npz_name),
            files=", ".join(["file", *beside]),
            blocks=blocks,
            versions=versions,
            notes="".join(f"    print({f'Note: {note}'!r})\n" for note in notes),
        ),
    ]
    return Script(
        "\n".join(pieces),
        {picture_files[image_id]: picture for image_id, picture in pictures.items()},
        {weights_files[key]: module for key, module in travelling.items()},
        needs,
    )


_IMPORTS = {
    "import sys",
    "from pathlib import Path",
    "from typing import Any",
    "import numpy as np",
    "import torch",
    "import torchvision",
    "from PIL import Image",
    "from torch import Tensor",
    "from torchvision.transforms import InterpolationMode",
    "from torchvision.transforms import functional as F",
}

_ALWAYS = {replay.missing_file, as_stored, replay.compare}
_FUNCTIONS = (
    *BUNDLED,
    replay.missing_file,
    replay.built,
    replay.switch,
    replay.middle,
    replay.prepare,
    replay.tensors,
    replay.call_names,
    replay.returned,
    replay.gradients,
    as_stored,
    replay.compare,
)


def _run(
    model: Model, image_id: str, calls: list[Asked], picture: str, weights: str, *, several: bool
) -> Part:
    """One network's pass with one picture; ``picture`` and ``weights`` are files beside the script."""
    device = str(model.device)
    moved = "" if device == "cpu" else f".to({device!r})"
    cast = "" if model.input_type is torch.float32 else f".to({model.input_type})"
    given = f"network{moved}, inputs{moved}{cast}"
    prefix = f"{model.key},{image_id}," if several else ""
    opened = Part((f"picture = Image.open(HERE / {picture!r})",))
    parts = [network_part(model, weights), opened, prepared_part(model)]
    for followed in dict.fromkeys(way for _, way in calls):
        asked = [call for call, way in calls if way == followed]
        parts.append(results_of(model, asked, given, followed, prefix))
    return Part(
        tuple(line for part in parts for line in part.lines),
        tuple(line for part in parts for line in part.imports),
        tuple(function for part in parts for function in part.functions),
    )
