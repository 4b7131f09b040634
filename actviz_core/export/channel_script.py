"""A Python script that computes the numbers of a channel's page again, with plain torch."""

import inspect

from actviz_core.export import replay, replay_channel
from actviz_core.export.channel_numbers import ChannelNumbers
from actviz_core.export.channel_script_lines import (
    answer_lines,
    box_lines,
    made_lines,
    map_lines,
    pictures_lines,
    positions_of,
    twins_lines,
    weights_lines,
)
from actviz_core.export.channel_script_parts import network_part, picture_part, prepared_part, sorted_imports
from actviz_core.export.provenance import Provenance
from actviz_core.models import Model, Task
from actviz_core.samples import parse_image_id

_FUNCTIONS = (
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
    "from collections.abc import Callable",
    "from typing import Any",
    "import numpy as np",
    "import torch",
    "import torchvision",
    "from PIL import Image",
    "from torch import Tensor, nn",
    "from torchvision.transforms import InterpolationMode",
    "from torchvision.transforms import functional as F",
}


def channel_script(model: Model, image_id: str, call: str, numbers: ChannelNumbers) -> str:
    """Write the script. It needs torch, torchvision and numpy; of this project only what has no other source.

    Exit codes: 0 all numbers are the same, or to four digits; 1 one differs.
    """
    network = network_part(model)
    prepared = prepared_part(model)
    parts = [network, picture_part(parse_image_id(image_id)), prepared]
    parts += [picture_part(parse_image_id(picture)) for picture in numbers.pictures]
    imports = {line for part in parts for line in part.imports}
    needed = {function for part in parts for function in part.functions}
    functions = [
        function
        for function in _FUNCTIONS
        if function in needed or inspect.getmodule(function) is replay_channel
    ]
    device = str(model.device)
    moved = f".to({device!r})" if device != "cpu" else ""
    cast = f".to({model.input_type})" if model.input_type.__str__() != "torch.float32" else ""
    told = Provenance.of(model, image_id, [call])
    lines = [
        *network.lines,
        *([f"network = network{moved}"] if moved else []),
        *parts[1].lines,
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
        *pictures_lines(numbers, prepared.lines, f"{moved}{cast}"),
    ]
    body = "\n".join(f"    {line}" for line in lines)
    own = any("actviz_core" in line for line in imports)
    needs = (
        "\nIts weights or pictures come from the activation dashboard: set PYTHONPATH to its folder."
        if own
        else ""
    )
    expected = ",\n".join(f"    {name!r}: {float(value)!r}" for name, value in numbers.expected.items())
    head = f'"""Computes the numbers of a channel again with plain torch.\n{needs}\n{told.as_text()}\n"""\n'
    pieces = [
        head.replace("\\", "\\\\"),
        "\n".join(sorted_imports(imports | _IMPORTS)),
        *(f"\n\n{inspect.getsource(function).rstrip()}" for function in functions),
        f"\n\nEXPECTED = {{\n{expected}\n}}".replace("nan", 'float("nan")'),
        '\n\ndef main() -> int:\n    """Compute, compare, and tell by the exit code."""\n'
        f"    found: dict[str, float] = {{}}\n{body}\n    return 0 if told(found, EXPECTED) else 1",
        '\n\nif __name__ == "__main__":\n    sys.exit(main())\n',
    ]
    return "\n".join(pieces)
