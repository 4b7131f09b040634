"""The lines of a script that compute a channel's numbers, one function for each part of the page."""

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from actviz_core.channels.excitation import Objective
from actviz_core.export.channel_numbers import ChannelNumbers
from actviz_core.models import Preprocess


def positions_of(positions: npt.NDArray[np.int64]) -> str:
    """An expression for the positions, short where they are evenly spaced."""
    flat = positions.reshape(-1)
    step = int(flat[1] - flat[0]) if len(flat) > 1 else 1
    if step > 0 and (np.diff(flat) == step).all():
        text = f"torch.arange({int(flat[0])}, {int(flat[-1]) + 1}, {step})"
    else:
        text = f"torch.tensor({flat.tolist()})"
    return f"{text}.reshape({positions.shape[0]}, {positions.shape[1]})"


def map_lines(numbers: ChannelNumbers) -> list[str]:
    """The numbers of the map."""
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


def box_lines(numbers: ChannelNumbers) -> list[str]:
    """The box that the cell can see, and how few pixels make up half of the gradient."""
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


def answer_lines(numbers: ChannelNumbers, *, areas: bool) -> list[str]:
    """The shares of the best classes, as they are and with the channel changed, and the channel's place."""
    if not numbers.classes or numbers.axis is None:
        return []
    target = numbers.classes[0]
    lines = [
        "def changed(channel: int, how: Callable[[Tensor], Tensor]) -> Any:",
        '    """The answer with a channel changed."""',
        "    def change(output: Tensor) -> Tensor:",
        f"        part = output.select({numbers.axis}, channel)",
        "        part.copy_(how(part))",
        "        return output",
        "    with torch.no_grad():",
        "        return watched(network, inputs, layer, number, change)[1]",
        "def share_of(answer: Any, index: int) -> float:",
        f"    return share(answer, index, areas={areas})",
        "without = changed(channel, torch.zeros_like)",
        *_shares("answer", "share", numbers.classes),
        *_shares("without", "share without it", numbers.classes),
    ]
    if numbers.made_even:
        lines.append("even = changed(channel, lambda part: part.mean().expand_as(part))")
        lines += _shares("even", "share with its mean", numbers.classes)
    if numbers.factor is not None:
        lines.append(f"scaled = changed(channel, lambda part: part * {numbers.factor!r})")
        lines += _shares("scaled", f"share with {numbers.factor:g} times it", numbers.classes)
    if numbers.rank:
        count = numbers.shape[numbers.axis]
        lines += [
            f"left = [share_of(changed(other, torch.zeros_like), {target}) for other in range({count})]",
            'found["place"] = 1.0 + sum(share_left < left[channel] for share_left in left)',
        ]
    return lines


def _shares(answer: str, name: str, classes: Sequence[int]) -> list[str]:
    """The first class's number has the name alone, the others' their class beside it."""
    names = [name, *(f"{name}, class {index}" for index in classes[1:])]
    return [
        f"found[{told!r}] = share_of({answer}, {index})" for told, index in zip(names, classes, strict=True)
    ]


def weights_lines(numbers: ChannelNumbers) -> list[str]:
    """The channel's own weights, where it has any."""
    return ["found |= weights_of(network.get_submodule(layer), channel)"] if numbers.weights else []


def twins_lines(numbers: ChannelNumbers) -> list[str]:
    """The correlation with other channels' maps."""
    if not numbers.twins or numbers.axis is None:
        return []
    stride = int(np.prod(numbers.shape[numbers.axis + 1 :]))
    return [
        f"for other in {list(numbers.twins)!r}:",
        f"    shifted = value.reshape(-1).cpu()[positions + (other - channel) * {stride}].double()",
        "    correlation = np.corrcoef(own.reshape(-1), shifted.reshape(-1))[0, 1]",
        '    found[f"correlation with {other}"] = float(correlation)',
    ]


def opened(file: str) -> str:
    """The line that opens a picture that lies beside the script."""
    return f"picture = Image.open(HERE / {file!r})"


def pictures_lines(
    numbers: ChannelNumbers, files: Mapping[str, str], prepared: Sequence[str], moved: str
) -> list[str]:
    """The largest value of each picture, a file each; with all of a source's, what follows from them."""
    if not numbers.pictures:
        return []
    lines = ["largest: dict[str, float] = {}", "means: dict[str, float] = {}"]
    for picture in numbers.pictures:
        lines += [
            opened(files[picture]),
            *prepared,
            "with torch.no_grad():",
            f"    value, _ = watched(network, inputs{moved}, layer, number)",
            f"largest[{picture!r}] = float(value.reshape(-1).cpu()[positions].max())",
            f"means[{picture!r}] = float(value.reshape(-1).cpu()[positions].double().mean())",
        ]
    lines += ["for picture, most in largest.items():", '    found[f"largest in {picture}"] = most']
    if not numbers.labels:
        return lines
    of_class: dict[str, list[str]] = {}
    for picture, label in zip(numbers.pictures, numbers.labels, strict=True):
        of_class.setdefault(label, []).append(picture)
    return [
        *lines,
        'found["largest mean"] = max(means.values())',
        f"for name, pictures in {of_class!r}.items():",
        '    found[f"mean of {name}"] = float(np.mean([largest[picture] for picture in pictures]))',
    ]


def made_lines(numbers: ChannelNumbers, preprocess: Preprocess, moved: str) -> list[str]:
    """The value of the picture that was made, which the script carries."""
    if numbers.made is None:
        return []
    file = io.BytesIO()
    Image.fromarray(numbers.made.picture).save(file, "PNG")
    packed = base64.b64encode(file.getvalue()).decode()
    row, column = (side // 2 for side in numbers.positions.shape)
    cells = "positions" if numbers.made.objective is Objective.MEAN else f"positions[{row}, {column}]"
    return [
        "packed = (",
        *(f"    {packed[at : at + 96]!r}" for at in range(0, len(packed), 96)),
        ")",
        "pixels = np.array(Image.open(io.BytesIO(base64.b64decode(packed))))",
        "made = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255",
        f"mean = torch.tensor({list(preprocess.mean)!r}).view(1, 3, 1, 1)",
        f"std = torch.tensor({list(preprocess.std)!r}).view(1, 3, 1, 1)",
        "with torch.no_grad():",
        f"    value, _ = watched(network, ((made - mean) / std){moved}, layer, number)",
        f'found["made picture"] = float(value.reshape(-1).cpu()[{cells}].double().mean())',
    ]
