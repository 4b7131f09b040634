"""Layers of every kind that sentences have to be true of, drawn at random from a seed."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

Maps = npt.NDArray[np.generic]
Draw = Callable[[np.random.Generator, tuple[int, ...]], npt.NDArray[np.float64]]

SHAPES = ("maps", "one cell", "sequence", "tokens", "volume", "one channel", "tiny", "wide")
VALUES: dict[str, Draw] = {
    "signed": lambda random, shape: random.normal(0, 1, shape),
    "not negative": lambda random, shape: np.maximum(random.normal(-0.3, 1, shape), 0),
    "only negative": lambda random, shape: -random.gamma(1, 1, shape),
    "far from zero": lambda random, shape: random.normal(50, 1, shape),
    "few values": lambda random, shape: random.integers(-3, 4, shape).astype(float),
    "rectified few values": lambda random, shape: np.minimum(random.integers(0, 9, shape), 6).astype(float),
    "outlier": lambda random, shape: random.standard_cauchy(shape),
    "huge": lambda random, shape: random.normal(0, 1, shape) * 1e30,
    "minute": lambda random, shape: random.normal(0, 1, shape) * 1e-30,
    "all silent": lambda _, shape: np.zeros(shape),
    "constant": lambda random, shape: np.full(shape, random.choice([-2.5, 0.1, 7])),
    "constant channels": lambda random, shape: np.broadcast_to(
        random.normal(0, 1, (shape[0], 1, 1)), shape
    ).copy(),
}
FLAWS = ("none", "silent channels", "faint channels", "nan", "inf", "nan channel", "everything", "all nan")


def layers(count: int) -> Iterator[tuple[str, Maps]]:
    """So many layers, (C, H, W), each with what it is; together they have every kind."""
    for seed in range(count):
        random = np.random.default_rng(seed)
        kind = SHAPES[seed % len(SHAPES)]
        values = list(VALUES)[seed % len(VALUES)]
        flaw = FLAWS[seed // 3 % len(FLAWS)]
        maps = _flawed(VALUES[values](random, _shape(random, kind)), flaw, random)
        dtype = (np.float32, np.float64, np.float32, np.float16)[seed % 4]
        if dtype is np.float16 and values in ("huge", "minute"):
            dtype = np.float32
        with np.errstate(over="ignore"):
            yield f"layer {seed}: {kind}, {values}, {flaw}", maps.astype(dtype)


def _shape(random: np.random.Generator, kind: str) -> tuple[int, int, int]:
    channels = int(random.integers(2, 40))
    height, width = (int(side) for side in random.integers(3, 9, 2))
    return {
        "maps": (channels, height, width),
        "one cell": (channels, 1, 1),
        "sequence": (channels, 1, width),
        "tokens": (channels, height, height),
        "volume": (channels, height, 3 * width),
        "one channel": (1, height, width),
        "tiny": (channels, 2, 2),
        "wide": (3 * channels, 3, 4),
    }[kind]


def _flawed(maps: npt.NDArray[np.float64], flaw: str, random: np.random.Generator) -> npt.NDArray[np.float64]:
    maps = maps.copy()
    channels = random.permutation(len(maps))
    some = channels[: max(1, len(maps) // 3)]
    if flaw in ("silent channels", "everything"):
        maps[some] = 0
    if flaw in ("faint channels", "everything"):
        maps[channels[-1]] = np.abs(maps).max() * random.uniform(-0.009, 0.009, maps.shape[1:])
    if flaw in ("nan", "everything"):
        maps[random.random(maps.shape) < 0.02] = np.nan
        maps[some[0], 0, 0] = np.nan
    if flaw in ("inf", "everything"):
        maps[random.random(maps.shape) < 0.02] = random.choice([np.inf, -np.inf])
    if flaw == "nan channel":
        maps[channels[0]] = np.nan
    if flaw == "all nan":
        maps[:] = np.nan
    return maps
