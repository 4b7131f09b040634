"""Whether a picture made for a channel beats real ones: the README's table again.

``python -m benchmarks.excitation [--sheet FILE.png]`` makes a picture for 16 channels of each stage of the
bundled network, and compares the mean of the channel's map with the largest among the 20 bundled CIFAR-10
pictures. The sheet has a row a channel: the picture made for it, and the three real ones that excite it most.
"""

import argparse
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from actviz_core import Source, capture, load_model, open_source
from actviz_core.channels import Objective, visualize_channel
from actviz_core.models import Model

STAGES = ("layer1", "layer2", "layer3")
CHANNELS = 16
REAL = 3
SIDE, GAP = 96, 4  # pixels of a picture on the sheet, and between two

Picture = npt.NDArray[np.uint8]


def chosen_channels(count: int) -> list[int]:
    """16 channels of so many, evenly spaced from the first one on."""
    return [index * count // CHANNELS for index in range(CHANNELS)]


def main() -> None:
    """Print a row a stage, and write the sheet if it is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.excitation", description=__doc__)
    parser.add_argument("--sheet", metavar="FILE", help="where to write the sheet of pictures")
    sheet = parser.parse_args().sheet
    model, source = load_model("cifar-resnet20"), open_source("bundled-cifar10")
    print("| stage | objective | found beats the largest real value | least | median | most |")
    print("|---|---|---|---|---|---|")
    rows: list[list[Picture]] = []
    beaten = asked = 0
    for stage in STAGES:
        for objective in Objective:
            real, times = _real(model, source, stage, objective), []
            for channel in chosen_channels(real.shape[1]):
                found = visualize_channel(model.module, stage, channel, model.preprocess, objective=objective)
                times.append(found.value / float(real[:, channel].max()))
                if objective is Objective.MEAN:
                    best = real[:, channel].argsort(descending=True)[:REAL].tolist()
                    rows.append([found.picture, *(np.asarray(source[at].image) for at in best)])
            won = sum(ratio > 1 for ratio in times)
            beaten, asked = beaten + won, asked + len(times)
            least, middle, most = min(times), float(np.median(times)), max(times)
            spread = f"{least:.1f} x | {middle:.1f} x | {most:.1f} x"
            print(f"| {stage} | {objective} | {won} of {len(times)} | {spread} |", flush=True)
    print(f"\n{beaten} of {asked}, {100 * beaten / asked:.1f} %")
    if sheet:
        _sheet(rows).save(sheet)


def _real(model: Model, source: Source, layer: str, objective: Objective) -> torch.Tensor:
    """The objective of every channel for every picture, (pictures, channels)."""
    maps = torch.cat([capture(model.module, model.inputs(sample.image), [layer])[layer] for sample in source])
    if objective is Objective.MEAN:
        return maps.mean((2, 3))
    return maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]


def _sheet(rows: Sequence[Sequence[Picture]]) -> Image.Image:
    """Two channels a row: the made picture, then the real ones."""
    across, pitch = 2 * (1 + REAL), SIDE + GAP
    sheet = Image.new("RGB", (across * pitch + GAP, -(-len(rows) // 2) * pitch + GAP), "white")
    for number, row in enumerate(rows):
        for at, picture in enumerate(row):
            column = at + (number % 2) * (1 + REAL)
            shown = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.NEAREST)
            sheet.paste(shown, (GAP + column * pitch, GAP + number // 2 * pitch))
    return sheet


if __name__ == "__main__":
    main()
