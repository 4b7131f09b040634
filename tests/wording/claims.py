"""Reads sentences about layers clause by clause and checks each claim against the values themselves.

Nothing of the package is used here but what the sentences say: everything is counted anew.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Checked = Callable[["Layer", re.Match[str]], bool]


class Layer:
    """What is true of a layer of maps, (C, H, W), in plain terms."""

    def __init__(self, maps: npt.ArrayLike, names: Sequence[str] | None = None) -> None:
        self.maps = np.asarray(maps).astype(np.float64)
        self.names = names
        self.count, self.rows, self.columns = self.maps.shape
        self.cells = self.rows * self.columns
        self.flat = [channel.ravel().tolist() for channel in self.maps]
        self.finite = [[value for value in channel if np.isfinite(value)] for channel in self.flat]
        self.reach = [max((abs(value) for value in channel), default=0.0) for channel in self.finite]
        self.largest = max(self.reach)
        self.signed = any(value < 0 for channel in self.finite for value in channel)
        self.words = [self._word(channel) for channel in range(self.count)]

    def _word(self, channel: int) -> str:
        if all(value == 0 for value in self.flat[channel]):
            return "silent"
        if self.reach[channel] > 0.01 * self.largest:
            return "strong" if 2 * self.reach[channel] >= self.largest else "weak"
        return "nearly silent" if len(self.finite[channel]) == self.cells else "unknown"

    def having(self, word: str) -> list[int]:
        """The channels of which a word holds."""
        return [channel for channel, own in enumerate(self.words) if own == word]

    def where(self, channel: int, value: float) -> list[tuple[int, int]]:
        """The cells that hold a value."""
        return [(int(row), int(column)) for row, column in np.argwhere(self.maps[channel] == value)]

    def share(self, channel: int, side: str) -> float:
        """The share of finite cells that are active: anywhere, ``above`` or ``below`` zero."""
        border = 0.01 * self.largest
        own = self.finite[channel]
        above, below = (sum(sign * value > border for value in own) for sign in (1, -1))
        return {"above": above, "below": below, "": above + below}[side] / len(own)


def check_sentence(said: str, layer: Layer, patterns: dict[str, Checked]) -> None:
    """Every clause of a sentence is a claim that is known here, and true."""
    text = said.replace("\u00a0", " ")
    assert text.endswith(".")
    assert text[0].isupper()
    for clause in re.split("; ", text[:-1]):
        found = [(match, check) for form, check in patterns.items() if (match := re.fullmatch(form, clause))]
        assert len(found) == 1, f"{len(found)} claims of this form: {clause!r} in {said!r}"
        match, check = found[0]
        assert check(layer, match), f"untrue: {clause!r} in {said!r}"


def number_of(text: str) -> int:
    return int(text.replace(",", ""))


def _lists(text: str, channels: list[int]) -> bool:
    """Whether a list names all channels, or the first ones and how many more there are."""
    names, _, more = text.partition(" and ")
    listed = [int(name) for name in names.split(", ")]
    left = number_of(more.removesuffix(" more")) if more else 0
    return listed == channels[: len(listed)] and left == len(channels) - len(listed)


def same_number(text: str, value: float) -> bool:
    return text == f"{value:.4g}"


def percent_holds(text: str, share: float) -> bool:
    if text == "less than 1 %":
        return 0 < share < 0.01
    if text == "more than 99 %":
        return 0.99 < share < 1
    if text in ("0 %", "100 %"):
        return share == float(text == "100 %")
    return abs(float(text.removesuffix(" %")) / 100 - share) <= 0.005 + 1e-12


def place_holds(words: str, row: int, column: int, rows: int, columns: int) -> bool:
    """Whether words describe a cell, by where its middle lies in the map: thirds, and outer sixths."""
    if rows < 3 or columns < 3:
        return words == ""
    thirds = (int(3 * row / rows), int(3 * column / columns))
    down, right = (row + 0.5) / rows, (column + 0.5) / columns
    tight = 1e-9
    outer = [min(down, 1 - down) <= 1 / 6 + tight, min(right, 1 - right) <= 1 / 6 + tight]
    vertical, horizontal = ("upper", "", "lower")[thirds[0]], ("left", "", "right")[thirds[1]]
    if thirds == (1, 1):
        return words == "near the centre"
    if 1 not in thirds:
        corner = all(outer)
        return words == (
            f"near the {vertical} {horizontal} corner" if corner else f"in the {vertical} {horizontal}"
        )
    if outer[0] or outer[1]:
        edge = {"upper": "top", "lower": "bottom", "": horizontal}[vertical]
        return words == f"near the {edge} edge"
    return (
        words
        == {
            "upper": "above the centre",
            "lower": "below the centre",
            "": f"{horizontal} of the centre",
        }[vertical]
    )


def _count_of(layer: Layer, match: re.Match[str]) -> bool:
    number, of, verb, word, channels = match["n"], match["of"], match["is"], match["word"], match["list"]
    own = layer.having(word)
    return (
        number_of(number) == len(own) > 0
        and (of is None or number_of(of) == layer.count)
        and verb == ("is" if len(own) == 1 else "are")
        and _lists(channels, own)
    )


def _none_quiet(layer: Layer, match: re.Match[str]) -> bool:
    return number_of(match["of"]) == layer.count and not layer.having("silent") + layer.having(
        "nearly silent"
    )


def _weak_and_strong(layer: Layer, match: re.Match[str]) -> bool:
    told = {
        word: (number_of(number), verb)
        for number, verb, word in re.findall(r"(\S+) (is|are) (\w+)", match[0])
    }
    return all(
        told.get(word, (0, "are")) == (len(own), "is" if len(own) == 1 else "are")
        for word in ("weak", "strong")
        for own in [layer.having(word)]
    )


def _only(layer: Layer, match: re.Match[str]) -> bool:
    return (
        layer.count == 1
        and {
            "is silent for this picture": layer.words[0] == "silent",
            "holds no usable value": not layer.finite[0],
            "is zero wherever its values are finite": layer.words[0] == "unknown" and bool(layer.finite[0]),
            "answers to this picture": layer.words[0] in ("weak", "strong"),
        }[match["what"]]
    )


def _strongest(layer: Layer, match: re.Match[str]) -> bool:
    channel = int(match["channel"]) if match["channel"] else 0
    others = [reach for number, reach in enumerate(layer.reach) if number != channel]
    if any(reach >= layer.reach[channel] for reach in others):
        return False
    return _strongest_where(layer, channel, match["where"] or "")


def _strongest_where(layer: Layer, channel: int, where: str) -> bool:
    reach = layer.reach[channel]
    above, below = layer.where(channel, reach), layer.where(channel, -reach)
    if where == "as far below zero as above":
        return bool(above) and bool(below)
    side, place = "", where
    for said in ("above zero", "below zero"):
        if where == said or where.startswith(f"{said}, "):
            side, place = said, where.removeprefix(said).removeprefix(", ")
    cells = above or below
    if (side == "") == layer.signed or ((side == "below zero") != (not above) and layer.signed):
        return False
    if above and below:
        return False
    if layer.cells == 1:
        return place == ""
    if len(cells) == layer.cells:
        return place == "the same everywhere"
    if len(cells) > 1:
        return place == f"equally at {len(cells):,} places"
    return place_holds(place, *cells[0], layer.rows, layer.columns)


def _equal(layer: Layer, match: re.Match[str]) -> bool:
    return layer.reach.count(layer.largest) == number_of(match["n"]) > 1 and layer.largest > 0


def _highest(layer: Layer, match: re.Match[str]) -> bool:
    best = max(max(own) for own in layer.finite if own)
    own = layer.finite[int(match["channel"])]
    named = layer.names is not None and layer.names[int(match["channel"])] == match["name"]
    return named and max(own) == best and same_number(match["value"], best)


def _highest_shared(layer: Layer, match: re.Match[str]) -> bool:
    tops = [max(own) for own in layer.finite if own]
    return tops.count(max(tops)) == number_of(match["n"]) > 1 and same_number(match["value"], max(tops))


def _unusable(layer: Layer, match: re.Match[str]) -> bool:
    return flaws(layer.maps, match)


def flaws(values: npt.NDArray[np.float64], match: re.Match[str]) -> bool:
    number = int((np.isnan(values) if "number" in match["what"] else np.isinf(values)).sum())
    verb = match["what"].split()[0]
    return (
        number_of(match["n"]) == number > 0
        and number_of(match["of"]) == values.size
        and verb == ("is" if number == 1 else "are")
    )


def _untold(layer: Layer, match: re.Match[str]) -> bool:
    own = layer.having("unknown")
    return number_of(match["n"]) == len(own) and _lists(match["list"], own)


LIST = r"[\d, ]+(?: and [\d,]+ more)?"
NUMBER = r"[\d,]+"
FLAWED = (
    rf"(?P<n>{NUMBER}) of (?P<of>{NUMBER}) values "
    "(?P<what>is not a number|are not numbers|is infinite|are infinite)"
)
LAYER: dict[str, Checked] = {
    rf"(?:For this picture, )?(?P<n>{NUMBER})(?: of (?P<of>{NUMBER}) channels)? (?P<is>is|are) "
    rf"(?P<word>silent|nearly silent): (?P<list>{LIST})": _count_of,
    rf"For this picture, none of (?P<of>{NUMBER}) channels is silent or nearly silent": _none_quiet,
    rf"{NUMBER} (?:is|are) (?:weak|strong)(?:, {NUMBER} (?:is|are) strong)?": _weak_and_strong,
    rf"(?P<n>{NUMBER}) cannot be told, with values that are not finite: (?P<list>{LIST})": _untold,
    rf"All (?P<n>{NUMBER}) channels are silent for this picture": lambda layer, match: (
        number_of(match["n"]) == layer.count == len(layer.having("silent"))
    ),
    rf"None of the (?P<n>{NUMBER}) channels holds a usable value": lambda layer, match: (
        number_of(match["n"]) == layer.count and not any(layer.finite)
    ),
    r"The only channel (?P<what>.*)": _only,
    r"channel (?P<channel>\d+) answers strongest(?:, (?P<where>.*))?": _strongest,
    r"it is strongest (?P<where>.*)(?P<channel>)": _strongest,
    rf"(?P<n>{NUMBER}) channels answer equally strongly, and none more strongly": _equal,
    r"channel (?P<channel>\d+) \((?P<name>.*)\) has the highest value, (?P<value>\S+)": _highest,
    rf"(?P<n>{NUMBER}) channels share the highest value, (?P<value>\S+)": _highest_shared,
    FLAWED: _unusable,
}
