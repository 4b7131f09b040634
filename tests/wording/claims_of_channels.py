"""The claims that a sentence about one channel may make, each checked against the channel's values."""

import re

from tests.wording.claims import (
    FLAWED,
    Checked,
    Layer,
    flaws,
    number_of,
    percent_holds,
    place_holds,
    same_number,
)

FAINT = r"it never goes beyond 1 % of the layer's largest distance from zero, (?P<value>\S+)"


def channel_patterns(channel: int) -> dict[str, Checked]:
    """The claims that a sentence about one channel may make."""
    start = rf"Channel {channel} is (?P<word>silent|nearly silent|weak|strong|unknown)"

    def word(layer: Layer, match: re.Match[str]) -> bool:
        return layer.words[channel] == match["word"]

    def only_value(layer: Layer, match: re.Match[str]) -> bool:
        values = layer.flat[channel]
        return word(layer, match) and len(values) == 1 and same_number(match["value"], values[0])

    def same(layer: Layer, match: re.Match[str]) -> bool:
        values = layer.flat[channel]
        return (
            word(layer, match)
            and len(values) > 1
            and set(values) == {values[0]}
            and same_number(match["value"], values[0])
        )

    def faint(layer: Layer, match: re.Match[str]) -> bool:
        below = all(abs(value) <= 0.01 * layer.largest for value in layer.finite[channel])
        return word(layer, match) and below and same_number(match["value"], layer.largest)

    def zero(layer: Layer, match: re.Match[str]) -> bool:
        own = layer.finite[channel]
        return word(layer, match) and bool(own) and not any(own) and len(own) < layer.cells

    def cells(layer: Layer, match: re.Match[str]) -> bool:
        return (match["cells"] == "usable cells") == (len(layer.finite[channel]) < layer.cells)

    def active(layer: Layer, match: re.Match[str]) -> bool:
        share = layer.share(channel, "")
        return (
            word(layer, match)
            and cells(layer, match)
            and not layer.signed
            and percent_holds(match["a"], share)
        )

    def active_sides(layer: Layer, match: re.Match[str]) -> bool:
        sides = [percent_holds(match[side], layer.share(channel, side)) for side in ("above", "below")]
        both = layer.share(channel, "above") > 0 < layer.share(channel, "below")
        return word(layer, match) and cells(layer, match) and layer.signed and all(sides) and both

    def active_side(layer: Layer, match: re.Match[str]) -> bool:
        side, other = match["side"], match["other"]
        right = percent_holds(match["a"], layer.share(channel, side)) and not layer.share(channel, other)
        return word(layer, match) and cells(layer, match) and layer.signed and right and side != other

    def extreme(layer: Layer, match: re.Match[str]) -> bool:
        own = layer.finite[channel]
        value = max(own) if match["which"] == "highest" else min(own)
        where = layer.where(channel, value)
        if not same_number(match["value"], value):
            return False
        if match["places"]:
            return len(where) == number_of(match["places"]) > 1
        row, column = int(match["row"]), int(match["column"])
        place = (match["place"] or "").removesuffix(", ")
        return where == [(row, column)] and place_holds(place, row, column, layer.rows, layer.columns)

    return {
        rf"{start}: it is zero everywhere for this picture": word,
        rf"Channel {channel} holds no usable value": lambda layer, _: not layer.finite[channel],
        rf"{start}: its value is (?P<value>\S+)": only_value,
        rf"{start} and the same everywhere in the picture: (?P<value>\S+)": same,
        rf"{start}: {FAINT}": faint,
        rf"{start}: it is zero wherever its values are finite": zero,
        rf"{start}: active in (?P<a>.* %) of its (?P<cells>(?:usable )?cells)": active,
        rf"{start}: active above zero in (?P<above>.* %) of its (?P<cells>(?:usable )?cells), "
        r"below zero in (?P<below>.* %)": active_sides,
        rf"{start}: active (?P<side>above|below) zero in (?P<a>.* %) of its (?P<cells>(?:usable )?cells), "
        r"nowhere (?P<other>above|below)": active_side,
        r"its (?P<which>highest|lowest) value, (?P<value>\S+), is (?:at (?P<places>[\d,]+) places|"
        r"(?P<place>.*, )?in row (?P<row>\d+), column (?P<column>\d+))": extreme,
        FLAWED: lambda layer, match: flaws(layer.maps[channel], match),
    }
