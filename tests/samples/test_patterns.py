"""The test patterns are what their labels say."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from actviz_core.samples.patterns import patterns
from actviz_core.samples.source import Source, browse

SOURCE = patterns()


def pictures(source: Source, class_name: str) -> NDArray[np.float64]:
    return (
        np.stack([np.asarray(source[index].image) for index in browse(source, class_name=class_name)]) / 255
    )


def test_there_are_several_of_each_kind() -> None:
    counts = Counter(SOURCE.label(index) for index in range(len(SOURCE)))
    assert counts == {
        "grating": 32,
        "edge": 24,
        "checkerboard": 4,
        "colour patch": 17,
        "moving bar": 16,
        "noise": 6,
    }
    assert SOURCE[0].image.size == (96, 96)


def test_gratings_have_the_directions_and_wavelengths_they_should() -> None:
    measured = set()
    frequencies = np.fft.fftfreq(1024)
    for grating in pictures(SOURCE, "grating")[..., 0]:
        spectrum = np.abs(np.fft.fft2(grating - grating.mean(), (1024, 1024)))[:, :512]
        row, column = np.unravel_index(spectrum.argmax(), spectrum.shape)
        fy, fx = frequencies[row], frequencies[column]
        direction = round(np.rad2deg(np.arctan2(fy, fx)) % 180 / 22.5) % 8 * 22.5
        measured.add((min((8, 12, 24, 48), key=lambda w: abs(1 / np.hypot(fx, fy) - w)), direction))
    assert measured == {(w, d * 22.5) for w in (8, 12, 24, 48) for d in range(8)}


def test_edges_go_from_dark_to_bright() -> None:
    edges = pictures(SOURCE, "edge")[..., 0]
    assert np.allclose(edges.mean(axis=(1, 2)), 0.5, atol=0.01)
    assert edges[0, :, 0].max() == 0
    assert edges[0, :, -1].min() == 1
    assert edges[3, 0].max() == 0, "90 degrees: dark above, bright below"
    assert edges[6, :, 0].min() == 1, "180 degrees: bright on the left"
    assert len(np.unique(edges[0])) < 4 < len(np.unique(edges[12])), "sharp ones, then soft ones"


def test_checkerboards_alternate() -> None:
    finest = pictures(SOURCE, "checkerboard")[0, :, :, 0]
    assert set(np.unique(finest)) == {0, 1}
    assert np.array_equal(finest[:, 4:], 1 - finest[:, :-4])
    assert finest[:4, :4].max() == 0


def test_the_bar_moves_without_gap_or_overlap() -> None:
    bars = pictures(SOURCE, "moving bar")[..., 0]
    for way in (bars[:8], bars[8:]):
        assert np.array_equal(way.sum(axis=0), np.ones((96, 96)))
        assert np.allclose(way.mean(axis=(1, 2)), 1 / 8)
    centres = [np.flatnonzero(bar[0]).mean() for bar in bars[:8]]
    assert centres == sorted(centres)


def test_the_first_colour_patch_is_pure_red() -> None:
    assert (pictures(SOURCE, "colour patch")[0] == [1, 0, 0]).all()


def test_the_seed_decides_the_noise_and_nothing_else() -> None:
    again, other = patterns(0), patterns(1)
    assert all(a.image == b.image for a, b in zip(SOURCE, again, strict=True))
    changed = [a.image != b.image for a, b in zip(SOURCE, other, strict=True)]
    assert changed == [label == "noise" for label in map(SOURCE.label, range(len(SOURCE)))]
