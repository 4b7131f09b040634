"""The lines of a script that make a network, a picture, and the network's input of it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torchvision
from torchvision.models import get_model_weights

from actviz_core.export import replay
from actviz_core.models import Frame, Model
from actviz_core.models.network import RANDOM, RANDOM_SEED
from actviz_core.models.preprocess import LONGEST
from actviz_core.models.torchvision_networks import building_arguments
from actviz_core.samples import ImageId

_CIFAR10 = {"cifar10-test": False, "cifar10-train": True}


@dataclass(frozen=True)
class Part:
    """Some lines of a script, with the imports and the functions that they need."""

    lines: tuple[str, ...]
    imports: tuple[str, ...] = ()
    functions: tuple[Callable[..., Any], ...] = ()


def network_part(model: Model) -> Part:
    """The lines that make ``network``."""
    name, _, weights = model.key.partition("@")
    published = get_model_weights(name) if name in torchvision.models.list_models() else None
    if weights == RANDOM and published is not None:
        arguments = building_arguments(name, published["DEFAULT"])
        told = ", ".join(f"{argument}={value!r}" for argument, value in arguments.items())
        seed = f"torch.manual_seed({RANDOM_SEED})"
        return Part((seed, f"network = torchvision.models.get_model({name!r}, {told})"))
    if published is None or (weights or "DEFAULT") not in published.__members__:
        line = f"network = load_model({model.key!r}).module"
        return Part((line,), ("from actviz_core import load_model",))
    weights = published[weights or "DEFAULT"].name
    return Part((f"network = torchvision.models.get_model({name!r}, weights={weights!r})",))


def picture_part(image: ImageId) -> Part:
    """The lines that make ``picture``."""
    if image.source not in _CIFAR10 or image.variant:
        line = f"picture = open_sample({str(image)!r}).image"
        return Part((line,), ("from actviz_core import open_sample",))
    lines = (
        'data = os.environ.get("ACTVIZ_DATA") or Path.home() / ".cache" / "actviz"',
        f"picture = CIFAR10(data, train={_CIFAR10[image.source]}, download=True)[{image.item}][0]",
    )
    imports = ("import os", "from pathlib import Path", "from torchvision.datasets import CIFAR10")
    return Part(lines, imports)


def prepared_part(model: Model) -> Part:
    """The lines that make ``inputs`` of ``picture``."""
    preprocess = model.preprocess
    if preprocess.frame is Frame.PAD:
        line = f"inputs = load_model({model.key!r}).preprocess(picture)"
        return Part((line,), ("from actviz_core import load_model",))
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
    return Part(lines, (), (replay.middle, replay.prepare) if cut else (replay.prepare,))


def sorted_imports(imports: set[str]) -> list[str]:
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
