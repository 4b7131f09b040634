"""Small sources and networks to sweep over, and a plain loop that computes the same numbers."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.samples.source import ArraySource, Source
from actviz_core.sweep.run import Run
from tests.toy_models import CLASSES, model_of

LAYERS = ("conv", "relu", "fc")


class Net(nn.Module):
    """A ReLU that runs twice and a sum between layers; if fussy, it raises for a bright corner."""

    def __init__(self, *, fussy: bool = False, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.conv = nn.Conv2d(3, 5, 3, padding=1)
            self.fc = nn.Linear(5, len(CLASSES))
        self.relu = nn.ReLU(inplace=True)
        self.fussy = fussy

    def forward(self, x: Tensor) -> Tensor:
        if self.fussy and bool((x[:, :, 0, 0] == 1).all(1).any()):
            raise ValueError("a corner is too bright")
        maps = self.relu(self.conv(x))
        return self.fc(self.relu(maps + 0.5).mean((2, 3)))


def net(*, fussy: bool = False, seed: int = 0) -> Model:
    """The network as a model; its fingerprint tells the seed and its fussiness."""
    return model_of(Net(fussy=fussy, seed=seed), fingerprint=f"net {fussy} {seed}")


def pixels(count: int, *, bright: Sequence[int] = ()) -> NDArray[np.uint8]:
    """Noise (count, 8, 8, 3), the same every time; those in ``bright`` have a white corner, no other has."""
    noise = np.random.default_rng(0).integers(0, 255, (count, 8, 8, 3), np.uint8)
    noise[list(bright), 0, 0] = 255
    return noise


def noise(count: int, *, bright: Sequence[int] = ()) -> Source:
    """A source in memory; every fourth picture has no label, the others that of one of two classes."""
    labels = [(0, -1, 1, 0)[index % 4] for index in range(count)]
    return ArraySource("patterns", "Noise", ("bee", "ant"), labels, pixels(count, bright=bright))


def folder_of(path: Path, count: int, *, bright: Sequence[int] = ()) -> Path:
    """Write the same pictures as PNG files into two sub-folders, ``ant`` and ``bee``, one after the other."""
    for index, picture in enumerate(pixels(count, bright=bright)):
        file = path / ("ant" if index < count // 2 else "bee") / f"{index:04}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(file)
    return path


def same(first: Run, second: Run) -> bool:
    """Whether two runs hold the same bits and skipped the same pictures."""
    files = [
        sorted(path.relative_to(run.folder) for path in run.folder.rglob("*.np[yz]"))
        for run in (first, second)
    ]
    return (
        files[0] == files[1]
        and len(files[0]) > 4
        and all(
            (first.folder / path).read_bytes() == (second.folder / path).read_bytes() for path in files[0]
        )
        and first.problems == second.problems
    )


def plain_loop(
    model: Model, samples: Iterable[Sample], layer: str, *, twice: bool = True
) -> dict[str, NDArray[Any]]:
    """What `plain_loops` gives for one layer."""
    return plain_loops(model, samples, [layer], twice=twice)[layer]


def plain_loops(
    model: Model, samples: Iterable[Sample], layers: Sequence[str], *, twice: bool = True
) -> dict[str, dict[str, NDArray[Any]]]:
    """What plain hooks and torch give for layers that run once, and "" for the answer, picture after picture.

    Each picture goes through the network ``twice`` at once: torch has other kernels for one alone, which give
    other last digits in the bundled network.
    """
    rows: dict[str, list[tuple[Tensor, ...]]] = {layer: [] for layer in ("", *layers)}

    def hook(layer: str, output: Tensor) -> None:
        maps = output[0].flatten(1) if output.dim() > 2 else output[0][:, None]
        maximum, place = maps.max(1)
        size = maps.abs()
        limit = 0.01 * size.max()
        width = output.shape[3] if output.dim() > 2 else 1
        where = torch.stack([place // width, place % width], 1)
        rows[layer].append((maps.mean(1), maximum, where, (size > limit).float().mean(1), (maps == 0).all(1)))

    handles = [
        model.module.get_submodule(layer).register_forward_hook(
            lambda _module, _inputs, output, layer=layer: hook(layer, output)
        )
        for layer in layers
    ]
    for sample in samples:
        inputs = model.preprocess(sample.image)
        with torch.no_grad():
            scores = model.module(torch.cat([inputs, inputs]) if twice else inputs)[0].double()
        best = scores.softmax(0).sort(descending=True, stable=True)
        rows[""].append((best.indices[:10], best.values[:10].float()))
    for handle in handles:
        handle.remove()
    names = ("mean", "maximum", "place", "active", "silent")
    found = {layer: _columns(rows[layer], names) for layer in layers}
    return {"": _columns(rows[""], ("answers", "probabilities")), **found}


def _columns(rows: Sequence[tuple[Tensor, ...]], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    return {name: torch.stack([row[at] for row in rows]).numpy() for at, name in enumerate(names)}
