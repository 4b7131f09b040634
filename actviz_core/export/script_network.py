"""The parts of a script that make a network and its input, and the files that have to lie beside it."""

from collections.abc import Mapping
from typing import Any

import torchvision
from torchvision.models import get_model_weights

from actviz_core.export import replay
from actviz_core.export.script_head import LOAD
from actviz_core.export.script_parts import Part, switched
from actviz_core.models import Frame, Model
from actviz_core.models.cifar_resnet20 import network as bundled
from actviz_core.models.network import RANDOM_SEED
from actviz_core.models.preprocess import LONGEST
from actviz_core.models.torchvision_networks import building_arguments
from actviz_core.models.uploaded import is_upload
from actviz_core.names import ModelKey

BUNDLED = (
    bundled.ZeroPadShortcut,
    bundled.Add,
    bundled.BasicBlock,
    bundled.stage,
    bundled.CifarResNet20,
)
"""The bundled network's code, which a script has a copy of."""


def _is_bundled(model: Model) -> bool:
    return type(model.module) is bundled.CifarResNet20


def weights_travel(model: Model) -> bool:
    """Whether a network's weights are a file beside the script: the bundled ones, and uploaded ones."""
    return _is_bundled(model) or is_upload(ModelKey.parse(model.key).weights or "")


def network_part(model: Model, file: str) -> Part:
    """The lines that make ``network``; ``file`` beside the script holds its weights, or is empty."""
    edits = ModelKey.parse(model.key).edits
    part = _unedited(model, file)
    if not edits:
        return part
    switches = switched(model, edits)
    return Part(
        (*part.lines, *switches.lines),
        (*part.imports, *switches.imports),
        (*part.functions, *switches.functions),
    )


def _unedited(model: Model, file: str) -> Part:
    parts = ModelKey.parse(model.key)
    key, name, weights = parts.unedited, parts.network, parts.weights
    loaded = f"network.load_state_dict(torch.load(HERE / {file!r}, weights_only=True))"
    if _is_bundled(model):
        return Part(("network = CifarResNet20()", loaded), ("from torch import nn",), BUNDLED)
    if name not in torchvision.models.list_models():
        line = f"network = built({name if file else key!r})"
        imports = ("import os", "from torch import nn", "from actviz_core.errors import ActVizError", LOAD)
        return Part((line, *([loaded] if file else [])), imports, (replay.built,))
    published = get_model_weights(name)
    if not weights or weights in published.__members__:
        weights = published[weights or "DEFAULT"].name
        return Part((f"network = torchvision.models.get_model({name!r}, weights={weights!r})",))
    arguments = building_arguments(name, published["DEFAULT"])
    told = ", ".join(f"{argument}={value!r}" for argument, value in arguments.items())
    line = f"network = torchvision.models.get_model({name!r}, {told})"
    return Part((line, loaded) if file else (f"torch.manual_seed({RANDOM_SEED})", line))


def prepared_part(model: Model) -> Part:
    """The lines that make ``inputs`` of ``picture``."""
    preprocess = model.preprocess
    if preprocess.frame is Frame.PAD:
        line = f"inputs = load_model({ModelKey.parse(model.key).unedited!r}).preprocess(picture)"
        return Part((line,), (LOAD,))
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


def numbered(names: Mapping[str, Any], start: str, ending: str) -> dict[str, str]:
    """A file's name for each: ``picture.png``, or ``picture-1.png`` and so on for several."""
    if len(names) == 1:
        return dict.fromkeys(names, f"{start}.{ending}")
    return {name: f"{start}-{number}.{ending}" for number, name in enumerate(names, 1)}
