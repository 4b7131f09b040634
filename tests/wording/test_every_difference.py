"""Every claim of every sentence about two layers holds for their values, whatever the layers."""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from actviz_core.analysis import channel_differences
from actviz_core.wording.differences import difference_sentence
from tests.wording.any_layers import Maps, layers
from tests.wording.claims import Layer

COUNT = 500
PARTS = 10
WORDS = ("silent", "nearly silent", "the same everywhere")


class Pair:
    """What is true of two layers of the same shape, channel by channel, over the cells finite in both."""

    def __init__(self, first: Maps, second: Maps) -> None:
        self.layers = {"epoch 1": Layer(first), "final": Layer(second)}
        one, other = (layer.maps.reshape(layer.count, -1) for layer in self.layers.values())
        self.count, self.cells = one.shape
        known = np.isfinite(one) & np.isfinite(other)
        self.compared = known.sum(axis=1)
        pairs = [(a[k], b[k]) for a, b, k in zip(one, other, known, strict=True)]
        self.distance = [float(np.sqrt(((a - b) ** 2).sum())) for a, b in pairs]
        self.relative = [
            np.nan
            if not len(a)
            else 0.0
            if d == 0
            else d / n
            if (n := float(np.sqrt((b**2).sum())))
            else np.inf
            for (a, b), d in zip(pairs, self.distance, strict=True)
        ]
        self.correlation = [_correlation(a, b) for a, b in pairs]
        self.silent_in_both = [not (a.any() or b.any()) for a, b in zip(one, other, strict=True)]
        self.same_values = bool(np.array_equal(one, other))

    def agrees(self, channel: int) -> bool:
        if self.silent_in_both[channel]:
            return False
        if self.cells == 1:
            return self.relative[channel] < 0.1
        return self.relative[channel] == 0 or self.correlation[channel] > 0.9

    def dead(self, channel: int, name: str) -> str:
        layer = self.layers[name]
        if layer.words[channel] in WORDS:
            return layer.words[channel]
        values = set(layer.flat[channel])
        return "the same everywhere" if layer.cells > 1 and len(values) == 1 else ""


def _correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    size = max(np.abs(one).max(), np.abs(other).max())  # or squares of small values would be lost
    return float(np.corrcoef(one / size, other / size)[0, 1])


def check(said: str, pair: Pair) -> None:
    assert said.endswith(".")
    for clause in said.removesuffix(".").split("; "):
        for form, holds in FORMS.items():
            if match := re.fullmatch(form, clause):
                assert holds(pair, match), f"untrue: {clause!r} in {said!r}"
                break
        else:
            raise AssertionError(f"no known claim: {clause!r} in {said!r}")


def _all_silent(pair: Pair, match: re.Match[str]) -> bool:
    counted = pair.count == (1 if match["n"] is None else int(match["n"]))
    return counted and all(pair.silent_in_both)


def _agreeing(pair: Pair, match: re.Match[str]) -> bool:
    agreeing = sum(map(pair.agrees, range(pair.count)))
    said = match["share"]
    if pair.count == 1:
        right = said == ("the only channel agrees" if agreeing else "the only channel does not agree")
    elif agreeing in (0, pair.count):
        right = said in (f"all {pair.count} channels agree", f"none of {pair.count} channels agrees")
        right = right and said.startswith("all" if agreeing else "none")
    else:
        right = said == f"{agreeing} of {pair.count} channels {'agrees' if agreeing == 1 else 'agree'}"
    measured = (match["measure"] == "values within 10 %") == (pair.cells == 1)
    both = sum(pair.silent_in_both)
    silent = int(match["both"] or 0) == both and (match["more"] is not None) == bool(both and agreeing)
    return right and measured and silent


def _most(pair: Pair, match: re.Match[str]) -> bool:
    channel = int(match["channel"])
    largest = np.nanmax(pair.relative)
    close = pair.relative[channel] == largest or np.isclose(pair.relative[channel], largest, rtol=1e-5)
    if np.isinf(largest):
        close = np.isinf(pair.relative[channel])
    told = match["correlation"]
    correlation = pair.correlation[channel]
    right = np.isnan(correlation) if told is None else abs(float(told) - correlation) < 0.0051
    dead = [f"{why} in {name}" for name in pair.layers if (why := pair.dead(channel, name))]
    return bool(close and right and (match["dead"] or "") == " and ".join(dead))


def _left_out(pair: Pair, match: re.Match[str]) -> bool:
    left_out, of = (int(match[name].replace(",", "")) for name in ("n", "of"))
    right = left_out == pair.count * pair.cells - int(pair.compared.sum()) and of == pair.count * pair.cells
    return right and match["is"] == ("is" if left_out == 1 else "are")


FORMS: dict[str, Callable[[Pair, re.Match[str]], bool]] = {
    r"(?:The only channel is|All (?P<n>\d+) channels are) silent in both epoch 1 and final": _all_silent,
    r"epoch 1 and final are equal in every channel, value for value": lambda pair, _: pair.same_values,
    r"epoch 1 and final are equal in every channel, in all values that are finite in both": lambda pair, _: (
        not any(pair.distance) and bool(pair.compared.all())
    ),
    r"In epoch 1, (?P<share>.*) with final \((?P<measure>.*?)\)"
    r"(?:, (?P<both>\d+)(?P<more> more)? (?:is|are) silent in both)?": _agreeing,
    r"channel (?P<channel>\d+) differs most(?: \(correlation (?P<correlation>\S+)\))?"
    r"(?:: it is (?P<dead>.*))?": _most,
    r"(?P<n>[\d,]+) of (?P<of>[\d,]+) values (?P<is>is|are) left out, not finite in both": _left_out,
    r"(?P<n>\d+) (?:has|have) no usable values to compare": lambda pair, match: (
        int(match["n"]) == int((pair.compared == 0).sum())
    ),
}


def partner(maps: Maps, seed: int) -> Maps:
    """A layer to compare with: the same, noisy, dead in part, flat in part, broken in part, or another."""
    random, other = np.random.default_rng(seed), maps.astype(np.float64)
    some = random.permutation(len(maps))[: max(1, len(maps) // 2)]
    match seed % 7:
        case 1:
            spread = np.where(np.isfinite(other), other, 0).std()
            other += spread * random.normal(0, 0.2, maps.shape)
        case 2:
            other[some] = 0
        case 3:
            other[some] = random.normal()
        case 4:
            other[:, 0, 0] = np.nan
        case 5:
            other[some] *= 1e-3
        case 6:
            other = random.normal(0, 1, maps.shape)
    return other.astype(np.float32)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_said_of_two_layers_is_true(part: int) -> None:
    for seed, (kind, maps) in list(enumerate(layers(COUNT)))[part::PARTS]:
        first, second = maps.astype(np.float32), partner(maps, seed)
        for one, other in ((first, second), (second, first)):
            said = difference_sentence(channel_differences(one, other), "epoch 1", "final")
            try:
                check(said.replace("Epoch 1 and", "epoch 1 and"), Pair(one, other))
            except AssertionError as untrue:
                raise AssertionError(f"{kind}: {untrue}") from untrue
