"""A Python script that computes exported values again, with plain torch and torchvision."""

import inspect
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torchvision
from torchvision.models import get_model_weights

from actviz_core.arrays import as_stored
from actviz_core.export import replay
from actviz_core.export.provenance import Provenance
from actviz_core.export.script_parts import CAPTURE as _CAPTURE
from actviz_core.export.script_parts import CAPTURE_GRADIENTS as _CAPTURE_GRADIENTS
from actviz_core.export.script_parts import Asked, results_of, switched
from actviz_core.export.script_parts import Part as _Part
from actviz_core.gradients import Followed
from actviz_core.models import Frame, Model
from actviz_core.models.edited import split_key
from actviz_core.models.network import RANDOM, RANDOM_SEED
from actviz_core.models.preprocess import LONGEST
from actviz_core.models.torchvision_networks import building_arguments
from actviz_core.samples import ImageId, parse_image_id
from actviz_core.samples.variants import MIRROR

_CIFAR10 = {"cifar10-test": False, "cifar10-train": True}
_NOISE = "noise-"

_MAIN = '''

def main() -> int:
    """Compute, compare, and tell by the exit code whether all is the same."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name({npz_name})
    if not file.is_file():
        print(f"{{file}} is not there: give the path of the exported .npz file.")
        return 2
    computed: dict[str, Tensor] = {{}}
{blocks}
    if compare(computed, file):
        print(f"All {{len(computed)}} arrays equal {{file.name}}, bit for bit.")
        return 0
    print("Exported with {versions}.")
    print(f"Here: torch {{torch.__version__}}, torchvision {{torchvision.__version__}}. Another version, "
          "processor or number of threads may change the last digits.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
'''


@dataclass(frozen=True)
class Run:
    """A network, a picture, and the calls to compute again; their gradients where one is ``followed``."""

    model: Model
    image_id: str
    calls: tuple[str, ...]
    followed: Followed | None = None


def replay_script(runs: Sequence[Run], *, npz_name: str) -> str:
    """Write a script that computes the values of an NPZ file again and compares them bit for bit.

    It hooks plain torch modules and prepares pictures with torchvision. Of this project it imports only what
    has no other source: bundled weights, pictures that are not CIFAR-10's, and `capture` for steps between
    layers, which no hook sees. Exit codes: 0 all is equal, 1 something differs, 2 there is no such file.
    ``npz_name`` is the file that it looks for beside itself;
    arrays must have the names of `value_names`, for the runs' calls in order.

    Raises `UnknownImageError` for what is no image id.
    """
    merged: dict[tuple[str, str], tuple[Model, dict[Asked, None]]] = {}
    for run in runs:
        _, calls = merged.setdefault((run.model.key, run.image_id), (run.model, {}))
        calls.update(dict.fromkeys((call, run.followed) for call in run.calls))
    parts = [
        _run(model, image_id, list(calls), several=len(merged) > 1)
        for (_, image_id), (model, calls) in merged.items()
    ]
    imports = {line for part in parts for line in part.imports}
    needed = {function for part in parts for function in part.functions}
    functions = [function for function in _FUNCTIONS if function in needed]
    told = [
        Provenance.of(model, image_id, [call if way is None else way.of(call) for call, way in calls])
        for (_, image_id), (model, calls) in merged.items()
    ]
    versions = told[0].as_rows()[-1][1] if told else ""
    blocks = "\n".join(f"    {line}".rstrip() for part in parts for line in ("", *part.lines))
    pieces = [
        f'"""{_introduction(told, npz_name, imports)}"""\n',
        "\n".join(_sorted(imports | _IMPORTS)),
        *(f"\n\n{inspect.getsource(function).rstrip()}" for function in functions),
        _MAIN.format(npz_name=repr(npz_name), blocks=blocks, versions=versions),
    ]
    return "\n".join(pieces)


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

_FUNCTIONS = (
    replay.switch,
    replay.with_noise,
    replay.middle,
    replay.prepare,
    replay.tensors,
    replay.call_names,
    replay.returned,
    replay.gradients,
    as_stored,
    replay.compare,
)


def _run(model: Model, image_id: str, calls: list[Asked], *, several: bool) -> _Part:
    """One network's pass with one picture."""
    device = str(model.device)
    network, picture = _network(model), _picture(parse_image_id(image_id))
    prepared = _prepared(model)
    moved = "" if device == "cpu" else f".to({device!r})"
    cast = "" if model.input_type is torch.float32 else f".to({model.input_type})"
    given = f"network{moved}, inputs{moved}{cast}"
    prefix = f"{model.key},{image_id}," if several else ""
    results = [
        results_of(model, [call for call, way in calls if way == followed], given, followed, prefix)
        for followed in dict.fromkeys(way for _, way in calls)
    ]
    return _Part(
        (*network.lines, *picture.lines, *prepared.lines, *(line for part in results for line in part.lines)),
        (
            *network.imports,
            *picture.imports,
            *prepared.imports,
            *(line for part in results for line in part.imports),
        ),
        (
            *network.functions,
            *picture.functions,
            *prepared.functions,
            *(function for part in results for function in part.functions),
            as_stored,
            replay.compare,
        ),
    )


def _network(model: Model) -> _Part:
    base, edits = split_key(model.key)
    part = _unedited(base)
    if not edits:
        return part
    switches = switched(model, edits)
    return _Part(
        (*part.lines, *switches.lines),
        (*part.imports, *switches.imports),
        (*part.functions, *switches.functions),
    )


def _unedited(key: str) -> _Part:
    name, _, weights = key.partition("@")
    published = get_model_weights(name) if name in torchvision.models.list_models() else None
    if weights == RANDOM and published is not None:
        arguments = building_arguments(name, published["DEFAULT"])
        told = ", ".join(f"{argument}={value!r}" for argument, value in arguments.items())
        seed = f"torch.manual_seed({RANDOM_SEED})"
        return _Part((seed, f"network = torchvision.models.get_model({name!r}, {told})"))
    if published is None or (weights or "DEFAULT") not in published.__members__:
        line = f"network = load_model({key!r}).module"
        return _Part((line,), ("from actviz_core import load_model",))
    weights = published[weights or "DEFAULT"].name
    return _Part((f"network = torchvision.models.get_model({name!r}, weights={weights!r})",))


def _picture(image: ImageId) -> _Part:
    if image.source not in _CIFAR10:
        line = f"picture = open_sample({str(image)!r}).image"
        return _Part((line,), ("from actviz_core import open_sample",))
    lines = [
        'data = os.environ.get("ACTVIZ_DATA") or Path.home() / ".cache" / "actviz"',
        f"picture = CIFAR10(data, train={_CIFAR10[image.source]}, download=True)[{image.item}][0]",
    ]
    imports = ["import os", "from torchvision.datasets import CIFAR10"]
    functions: tuple[Callable[..., Any], ...] = ()
    if image.variant == MIRROR:
        lines.append("picture = ImageOps.mirror(picture)")
        imports.append("from PIL import ImageOps")
    elif image.variant:
        lines.append(f"picture = with_noise(picture, {float(image.variant.removeprefix(_NOISE))!r})")
        functions = (replay.with_noise,)
    return _Part(tuple(lines), tuple(imports), functions)


def _prepared(model: Model) -> _Part:
    preprocess = model.preprocess
    if preprocess.frame is Frame.PAD:
        line = f"inputs = load_model({split_key(model.key)[0]!r}).preprocess(picture)"
        return _Part((line,), ("from actviz_core import load_model",))
    crop = list(preprocess.size) if preprocess.frame is Frame.CROP else None
    keeps_proportions = len(preprocess.resize) == 1
    cut = (f"picture = middle(picture, longest={LONGEST})",) if keeps_proportions else ()
    lines = (
        *cut,
        "inputs = prepare(",
        "    picture,",
        f"    resize={list(preprocess.resize)},",
        f"    crop={crop},",
        f"    mean={list(preprocess.mean)},",
        f"    std={list(preprocess.std)},",
        f"    interpolation=InterpolationMode.{preprocess.interpolation.name},",
        ")",
    )
    return _Part(lines, (), (replay.middle, replay.prepare) if cut else (replay.prepare,))


def _introduction(told: Sequence[Provenance], npz_name: str, imports: set[str]) -> str:
    of_steps = {_CAPTURE, _CAPTURE_GRADIENTS}
    steps = bool(of_steps & imports)
    own = [
        *(["weights or pictures"] if any("actviz_core" in line for line in imports - of_steps) else []),
        *(["way to see steps"] if steps else []),
    ]
    what = "gradients" if any(" of class " in call for one in told for call in one.calls) else "activations"
    comes = "comes" if own == ["way to see steps"] else "come"
    own_needs = (
        f"Its {' and its '.join(own)} {comes} from the activation dashboard: set PYTHONPATH to that "
        "project's folder."
    )
    lines = [
        f"Computes {what} again with plain torch hooks, and compares them bit for bit.",
        *(["Hooks see no steps between layers: those are captured as the dashboard does."] if steps else []),
        "",
        "Needs torch, torchvision and numpy.",
        *(textwrap.wrap(own_needs, 106) if own else []),
        f"Looks for {npz_name} beside itself, or where its first argument says.",
        *(f"\n{one.as_text()}" for one in told),
        "",
    ]
    return "\n".join(lines).replace("\\", "\\\\").replace('"', "'")


def _sorted(imports: set[str]) -> list[str]:
    """Python's own imports, the libraries', this project's; what comes from one place in one line."""
    names: dict[str, list[str]] = {}
    for line in sorted(imports, key=lambda line: (line.startswith("from"), line)):
        start, _, name = line.rpartition("import ")
        names.setdefault(start if start and " as " not in name else line, []).append(name)
    groups: tuple[list[str], list[str], list[str]] = ([], [], [])
    for start, listed in names.items():
        module = start.split()[1]
        group = 2 if module == "actviz_core" else int(module.split(".")[0] not in sys.stdlib_module_names)
        groups[group].append(f"{start}import {', '.join(listed)}" if start.endswith(" ") else start)
    return [line for group in groups if group for line in (*group, "")][:-1]
