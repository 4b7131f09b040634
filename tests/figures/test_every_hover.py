"""What hovering a channel's number says holds for its values, whatever the layer."""

import re

import numpy as np
import pytest

from actviz_core.analysis import ValueRange, channel_statistics
from actviz_core.figures import channel_grid, grid_limits
from tests.wording.any_layers import layers
from tests.wording.claims import Layer

COUNT = 96


def shares(text: str, share: float) -> bool:
    number = f"{share:.0%}".replace("%", " %")
    return text in (
        [number]
        if share in (0, 1)
        else ["less than 1 %"]
        if share < 0.01
        else ["more than 99 %"]
        if share > 0.99
        else [number]
    )


def check(text: str, layer: Layer, channel: int) -> None:
    title, word, *lines = text.replace("\xa0", " ").split("<br>")
    own = layer.finite[channel]
    assert title == f"<b>channel {channel}</b>"
    assert word.partition(":")[0] == layer.words[channel]
    unusable = layer.cells - len(own)
    assert (f"{unusable:,} not finite" in lines) == bool(unusable)
    numbers = [line for line in lines if " mean " in line]
    active = [line for line in lines if line.startswith("active in ")]
    assert bool(numbers) == bool(active) == (bool(own) and layer.words[channel] != "silent")
    for line in numbers:
        low, high, mean = (float(number) for number in re.findall(r"-?\d[\d.e+-]*", line))
        assert (f"{low:.4g}", f"{high:.4g}") == (f"{min(own):.4g}", f"{max(own):.4g}")
        size = max(abs(value) for value in own)
        assert abs(mean - sum(value / len(own) for value in own)) <= 1e-3 * size
    for line in active:
        said, cells = re.fullmatch(r"active in (.* %) of its (.*)", line).groups()  # type: ignore[union-attr]
        assert shares(said, layer.share(channel, ""))
        assert cells == ("usable cells" if unusable else "cells")


@pytest.mark.parametrize("part", range(4))
def test_what_a_title_says_is_true(part: int) -> None:
    for kind, maps in list(layers(COUNT))[part::4]:
        hovers = channel_grid(maps).data[-1].hovertext
        for channel, text in enumerate(hovers):
            try:
                check(text, Layer(maps), channel)
            except AssertionError as untrue:
                raise AssertionError(f"{kind}, channel {channel}: {text!r}: {untrue}") from untrue


@pytest.mark.parametrize("value_range", list(ValueRange))
def test_limits_are_those_of_the_channels_tile(value_range: ValueRange) -> None:
    for kind, maps in layers(COUNT):
        statistics = channel_statistics(maps)
        figure = channel_grid(maps, value_range=value_range)
        for channel in range(len(maps)):
            limits = grid_limits(maps, statistics, channel, value_range=value_range)
            if value_range is not ValueRange.CHANNEL:
                assert limits == (figure.data[0].zmin, figure.data[0].zmax), kind
                continue
            told = re.search(r"colours from (\S+) to ([^\s<]+)", figure.data[-1].hovertext[channel])
            assert told is not None
            assert (told[1], told[2]) == (f"{limits[0]:.4g}", f"{limits[1]:.4g}"), kind
            assert np.isfinite(limits).all()
