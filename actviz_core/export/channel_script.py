"""A Python script that computes the numbers of a channel's page again, with plain torch."""

import inspect
import textwrap
from collections.abc import Mapping

from PIL import Image

from actviz_core.export import replay, replay_channel
from actviz_core.export.channel_numbers import ChannelNumbers
from actviz_core.export.channel_script_lines import (
    answer_lines,
    box_lines,
    made_lines,
    map_lines,
    opened,
    pictures_lines,
    positions_of,
    twins_lines,
    weights_lines,
)
from actviz_core.export.provenance import Provenance
from actviz_core.export.script import Script
from actviz_core.export.script_head import guarded_imports, needs_of
from actviz_core.export.script_network import BUNDLED, network_part, numbered, prepared_part, weights_travel
from actviz_core.models import Model
from actviz_core.names import ModelKey
from actviz_core.tasks import Task

_FUNCTIONS = (
    *BUNDLED,
    replay.missing_file,
    replay.built,
    replay.switch,
    replay.tensors,
    replay.call_names,
    replay.middle,
    replay.prepare,
    replay_channel.watched,
    replay_channel.share,
    replay_channel.box_of,
    replay_channel.pixels_of_half,
    replay_channel.weights_of,
    replay_channel.told,
)

_IMPORTS = {
    "import base64",
    "import io",
    "import sys",
    "from collections.abc import Callable, Iterator",
    "from pathlib import Path",
    "from typing import Any",
    "import numpy as np",
    "import torch",
    "import torchvision",
    "from PIL import Image",
    "from torch import Tensor, nn",
    "from torchvision.transforms import InterpolationMode",
    "from torchvision.transforms import functional as F",
}


def channel_script(
    model: Model, image_id: str, call: str, numbers: ChannelNumbers, pictures: Mapping[str, Image.Image]
) -> Script:
    """Write the script, with what has to lie beside it.

    ``pictures`` holds the one in hand and all of ``numbers.pictures``, by their ids. The script needs torch,
    torchvision and numpy, and this project only for networks that are neither torchvision's nor the bundled
    one. Exit codes: 0 all numbers are the same, or to four digits; 1 one differs; 2 something that it needs
    is not there.
    """
    files = numbered(dict.fromkeys((image_id, *numbers.pictures)), "picture", "png")
    weights = {"weights.pt": model.module} if weights_travel(model) else {}
    network = network_part(model, next(iter(weights), ""))
    prepared = prepared_part(model)
    parts = (network, prepared)
    imports = {line for part in parts for line in part.imports}
    needed = {function for part in parts for function in part.functions} | {replay.missing_file}
    functions = [
        function
        for function in _FUNCTIONS
        if function in needed or inspect.getmodule(function) is replay_channel
    ]
    device = str(model.device)
    moved = f".to({device!r})" if device != "cpu" else ""
    cast = f".to({model.input_type})" if model.input_type.__str__() != "torch.float32" else ""
    beside = ", ".join(f"HERE / {name!r}" for name in (*files.values(), *weights))
    lines = [
        f"if missing_file({beside}):",
        "    return 2",
        *network.lines,
        *([f"network = network{moved}"] if moved else []),
        opened(files[image_id]),
        *prepared.lines,
        f"inputs = inputs{moved}{cast}",
        f"layer, number, channel = {numbers.layer!r}, {numbers.number}, {numbers.channel}",
        f"positions = {positions_of(numbers.positions)}",
        *map_lines(numbers),
        *weights_lines(numbers),
        *box_lines(numbers),
        *answer_lines(numbers, areas=model.task is Task.SEGMENTATION),
        *twins_lines(numbers),
        *made_lines(numbers, model.preprocess, f"{moved}{cast}"),
        *pictures_lines(numbers, files, prepared.lines, f"{moved}{cast}"),
    ]
    body = "\n".join(f"    {line}" for line in lines)
    expected = ",\n".join(f"    {name!r}: {float(value)!r}" for name, value in numbers.expected.items())
    needs = needs_of(imports, [ModelKey.parse(model.key).unedited])
    pieces = [
        f'"""{_introduction(Provenance.of(model, image_id, [call]), needs)}"""\n',
        guarded_imports(imports | _IMPORTS, needs),
        *(f"\n\n{inspect.getsource(function).rstrip()}" for function in functions),
        f"\n\nEXPECTED = {{\n{expected}\n}}".replace("nan", 'float("nan")'),
        "\n\nHERE = Path(__file__).resolve().parent",
        '\n\ndef main() -> int:\n    """Compute, compare, and tell by the exit code."""\n'
        f"    found: dict[str, float] = {{}}\n{body}\n    return 0 if told(found, EXPECTED) else 1",
        '\n\nif __name__ == "__main__":\n    sys.exit(main())\n',
    ]
    text = "\n".join(pieces)
    return Script(text, {files[name]: pictures[name] for name in files}, weights, needs)


def _introduction(told: Provenance, needs: str) -> str:
    """What the script says of itself in its first lines."""
    lines = [
        "Computes the numbers of a channel again with plain torch, and compares them.",
        "",
        *textwrap.wrap(f"It {needs}", 106),
        "The files beside it belong to it: unpack the whole ZIP file.",
        f"\n{told.as_text()}",
        "",
    ]
    return "\n".join(lines).replace("\\", "\\\\").replace('"', "'")
