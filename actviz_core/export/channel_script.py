"""A Python script that computes the numbers of a channel's page again, with plain torch."""

import inspect
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from actviz_core.export import replay, replay_channel
from actviz_core.export.provenance import Provenance
from actviz_core.export.script import Script
from actviz_core.export.script_head import guarded_imports, needs_of
from actviz_core.export.script_network import BUNDLED, network_part, numbered, prepared_part, weights_travel
from actviz_core.models import Model, Task
from actviz_core.models.edited import split_key

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
    replay_channel.told,
)

_IMPORTS = {
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


@dataclass(frozen=True, eq=False)
class ChannelNumbers:
    """What a page says of a channel, for a script to compute again.

    Attributes:
        layer, number: the layer, and which of its calls it is.
        channel: its number; ``axis`` is the activation's axis of channels, None where no single one is.
        positions: where the values of its map lie in the activation, read in a row; (H, W).
        shape: the activation's.
        cell: row and column of the cell that the box belongs to.
        box: top, bottom, left, right; None where NaN did not tell it.
        target: the class whose share is followed; None where there is no answer.
        rank: whether its place among all channels is asked for.
        twins: the channels whose correlation is asked for.
        pictures: image ids whose largest value is asked for.
        expected: every number by its name.

    """

    layer: str
    number: int
    channel: int
    axis: int | None
    positions: npt.NDArray[np.int64]
    shape: tuple[int, ...]
    cell: tuple[int, int]
    box: tuple[int, int, int, int] | None
    target: int | None
    rank: bool = False
    twins: tuple[int, ...] = ()
    pictures: tuple[str, ...] = ()
    expected: Mapping[str, float] = field(default_factory=dict)


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
        _opened(files[image_id]),
        *prepared.lines,
        f"inputs = inputs{moved}{cast}",
        f"layer, number, channel = {numbers.layer!r}, {numbers.number}, {numbers.channel}",
        f"positions = {_positions(numbers.positions)}",
        *_of_map(numbers),
        *_of_box(numbers),
        *_of_answer(numbers, areas=model.task is Task.SEGMENTATION),
        *_of_twins(numbers),
        *_of_pictures(numbers, files, prepared.lines, f"{moved}{cast}"),
    ]
    body = "\n".join(f"    {line}" for line in lines)
    expected = ",\n".join(f"    {name!r}: {float(value)!r}" for name, value in numbers.expected.items())
    needs = needs_of(imports, [split_key(model.key)[0]])
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


def _opened(file: str) -> str:
    return f"picture = Image.open(HERE / {file!r})"


def _positions(positions: npt.NDArray[np.int64]) -> str:
    """An expression for the positions, short where they are evenly spaced."""
    flat = positions.reshape(-1)
    step = int(flat[1] - flat[0]) if len(flat) > 1 else 1
    if step > 0 and (np.diff(flat) == step).all():
        text = f"torch.arange({int(flat[0])}, {int(flat[-1]) + 1}, {step})"
    else:
        text = f"torch.tensor({flat.tolist()})"
    return f"{text}.reshape({positions.shape[0]}, {positions.shape[1]})"


def _of_map(numbers: ChannelNumbers) -> list[str]:
    row, column = numbers.cell
    return [
        "with torch.no_grad():",
        "    value, answer = watched(network, inputs, layer, number)",
        "own = value.reshape(-1).cpu()[positions].double()",
        'found["mean"] = float(own.mean())',
        'found["maximum"] = float(own.max())',
        'found["minimum"] = float(own.min())',
        f'found["value of the cell"] = float(own[{row}, {column}])',
    ]


def _of_box(numbers: ChannelNumbers) -> list[str]:
    position = int(numbers.positions[numbers.cell])
    lines = []
    if numbers.box is not None:
        lines += [
            "size = (inputs.shape[2], inputs.shape[3])",
            f"box = box_of(network, size, layer, number, {position}, inputs)",
            'found |= dict(zip(("box top", "box bottom", "box left", "box right"), map(float, box)))',
        ]
    if "pixels of half" in numbers.expected:
        half = f"pixels_of_half(network, inputs, layer, number, {position})"
        lines.append(f'found["pixels of half"] = float({half})')
    return lines


def _of_answer(numbers: ChannelNumbers, *, areas: bool) -> list[str]:
    if numbers.target is None or numbers.axis is None:
        return []
    lines = [
        "def without(channel: int) -> float:",
        '    """The share of the class with a channel switched off."""',
        "    def off(output: Tensor) -> Tensor:",
        f"        output.select({numbers.axis}, channel).zero_()",
        "        return output",
        "    with torch.no_grad():",
        "        changed = watched(network, inputs, layer, number, off)[1]",
        f"    return share(changed, {numbers.target}, areas={areas})",
        f'found["share"] = share(answer, {numbers.target}, areas={areas})',
        'found["share without it"] = without(channel)',
    ]
    if numbers.rank:
        lines += [
            f"left = [without(other) for other in range({numbers.shape[numbers.axis]})]",
            'found["place"] = 1.0 + sum(share_left < left[channel] for share_left in left)',
        ]
    return lines


def _of_twins(numbers: ChannelNumbers) -> list[str]:
    if not numbers.twins or numbers.axis is None:
        return []
    stride = int(np.prod(numbers.shape[numbers.axis + 1 :]))
    return [
        f"for other in {list(numbers.twins)!r}:",
        f"    shifted = value.reshape(-1).cpu()[positions + (other - channel) * {stride}].double()",
        "    correlation = np.corrcoef(own.reshape(-1), shifted.reshape(-1))[0, 1]",
        '    found[f"correlation with {other}"] = float(correlation)',
    ]


def _of_pictures(
    numbers: ChannelNumbers, files: Mapping[str, str], prepared: Sequence[str], moved: str
) -> list[str]:
    lines = []
    for picture in numbers.pictures:
        lines += [
            _opened(files[picture]),
            *prepared,
            "with torch.no_grad():",
            f"    value, _ = watched(network, inputs{moved}, layer, number)",
            f'found["largest in {picture}"] = float(value.reshape(-1).cpu()[positions].max())',
        ]
    return lines
