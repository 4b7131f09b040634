"""What is said of a layer's map and of the pictures chosen on it, counted again picture by picture."""

import re
from collections import Counter

import numpy as np
import pytest

from actviz_core.analysis.projection import Projection, project
from actviz_core.figures.picture_map import PALETTE
from actviz_core.sweep.map_pictures import MapPictures
from actviz_core.ui.dataset.apart_colours import ColorBy, groups_of
from actviz_core.ui.dataset.apart_maps import MapProgress
from actviz_core.ui.dataset.apart_t_sne import progress_words
from actviz_core.wording.telling_apart import (
    left_out_sentence,
    selection_sentence,
    separation_sentence,
    variance_sentence,
)

NAMES = ("cat", "dog", "frog", "horse", "ship", "truck")


def some_pictures(count: int, seed: int, classes: int = 6) -> MapPictures:
    """Pictures with labels and answers by chance; some have none."""
    rng = np.random.default_rng(seed)
    labels, answers = rng.integers(-1, classes, count), rng.integers(-1, classes, count)
    judged = (labels >= 0) & (answers >= 0)
    names = NAMES if classes <= len(NAMES) else tuple(f"c{at}" for at in range(classes))
    return MapPictures(
        np.arange(count) + 100,
        labels,
        answers,
        names,
        names,
        judged & (labels == answers),
        judged,
        rng.random(count).astype(np.float32),
    )


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


@pytest.mark.parametrize("seed", range(30))
def test_the_sentence_on_chosen_pictures_counts_what_is_there(seed: int) -> None:
    pictures = some_pictures(60, seed, classes=6 if seed % 2 else 2)
    chosen = np.random.default_rng(seed + 50).random(60) < (0.03 if seed % 3 == 0 else 0.6)
    said = plain(selection_sentence(pictures, chosen))
    of = [at for at in range(60) if chosen[at]]
    if not of:
        assert said == "No picture lies within the line."
        return
    assert said.startswith("1 picture: " if len(of) == 1 else f"{len(of)} pictures: ")
    counts = Counter(NAMES[pictures.labels[at]] for at in of if pictures.labels[at] >= 0)
    listed = said.partition(": ")[2].partition(".")[0]
    parts = [(int(n), name) for n, name in re.findall(r"(\d+) ([^,]*?)(?=,| and |$)", listed)]
    assert sum(number for number, _ in parts) == len(of)
    named = {name: number for number, name in parts if name in NAMES}
    assert all(counts[name] == number for name, number in named.items())
    left = [count for name, count in counts.items() if name not in named]
    assert not left or max(left) <= min(named.values())
    assert [n for n, name in parts if name == "without a label"] == [
        number for number in [sum(pictures.labels[at] < 0 for at in of)] if number
    ]
    judged = [at for at in of if pictures.labels[at] >= 0 and pictures.answers[at] >= 0]
    wrong = [at for at in judged if pictures.labels[at] != pictures.answers[at]]
    if not judged:
        assert said.endswith("none can be judged.")
    elif not wrong:
        assert said.endswith(f"The network is right about all {len(judged)} that can be judged.")
    else:
        assert f". {len(wrong)} of " in said
        mistakes = Counter((NAMES[pictures.labels[at]], NAMES[pictures.answers[at]]) for at in wrong)
        told = re.findall(r"(\w+) taken for (\w+) \((\d+)\)", said)
        assert 1 <= len(told) <= 3
        assert all(mistakes[shows, says] == int(number) for shows, says, number in told)
        assert int(told[0][2]) == max(mistakes.values())


def test_how_far_a_layer_tells_classes_apart_is_compared_with_chance_and_the_other_layers() -> None:
    shares = {"a": 0.32, "b": 0.8, "c": None}
    said = plain(separation_sentence("a", shares, 0.1, 1234))
    assert "of the same class for 32 % of 1,234 pictures; by chance it would be for 10 %" in said
    assert said.endswith("It is most in b: 80 %.")
    assert separation_sentence("b", shares, 0.1, 9).endswith("No other of the 2 layers has more.")
    assert "layers" not in separation_sentence("b", {"b": 0.8}, 0.1, 9)
    assert "cannot be said" in separation_sentence("c", shares, 0.1, 1)


def test_the_axes_are_told_with_their_share_of_the_variance() -> None:
    values = np.random.default_rng(0).normal(size=(50, 5)) * [4, 2, 1, 1, 1]
    found = project(values)
    variances = np.sort(np.linalg.eigvalsh(np.cov(values.T)))[::-1]
    said = plain(variance_sentence(found, "conv", 5))
    assert f"show {variances[:2].sum() / variances.sum():.0%}".replace("%", " %") in said
    assert "5 channels" in said
    assert "lie on a line" in variance_sentence(project(values[:, :1]), "conv", 1)
    assert "the same with all pictures" in variance_sentence(project(np.ones((4, 3))), "conv", 3)
    assert "not two pictures" in variance_sentence(project(np.ones((1, 3))), "conv", 3)
    assert "1 channel:" in variance_sentence(Projection(found.points, None), "conv", 1)


def test_what_is_left_out_is_counted() -> None:
    places = np.zeros((6, 2))
    places[[0, 2, 3]] = np.nan
    skipped = np.array([True, False, False, False, False, False])
    said = left_out_sentence(Projection(places, (1, 0)), skipped, 50, source="Folder x")
    assert said == (
        "6 evenly spaced ones of the 50 pictures of Folder x are drawn. 1 picture could not be swept and is "
        "left out. 2 pictures with values that are not finite are left out."
    )
    assert not left_out_sentence(Projection(np.zeros((6, 2)), (1, 0)), ~np.ones(6, bool), 6, source="x")


@pytest.mark.parametrize("color", [ColorBy.CLASS, ColorBy.ANSWER, ColorBy.RIGHT])
@pytest.mark.parametrize("classes", [2, 6, 40])
def test_every_picture_is_in_the_one_group_that_it_belongs_to(color: ColorBy, classes: int) -> None:
    pictures = some_pictures(300, 7, classes)
    groups = groups_of(pictures, color)
    together = np.concatenate([group.members for group in groups])
    assert sorted(together.tolist()) == list(range(300))
    for group in groups:
        for at in group.members:
            label, answer = pictures.labels[at], pictures.answers[at]
            expected = pictures.label_names[label if color is ColorBy.CLASS else answer]
            if color is ColorBy.RIGHT:
                right = "right" if label == answer else "wrong"
                expected = "not judged" if min(label, answer) < 0 else right
            elif (label if color is ColorBy.CLASS else answer) < 0:
                expected = "no label" if color is ColorBy.CLASS else "no answer"
            assert group.name in (expected, "other classes")
    coloured = [group for group in groups if group.color in PALETTE]
    assert len({group.color for group in coloured}) == len(coloured) <= len(PALETTE)


def test_the_time_left_goes_by_the_pace_so_far() -> None:
    assert progress_words(None) == "Waits until another t-SNE map is done"
    assert "neighbours" in progress_words(MapProgress(0, 0.0))
    assert progress_words(MapProgress(50, 0.0)) == "t-SNE: iteration 50 of 1,000"
    assert progress_words(MapProgress(250, 10.0)) == "t-SNE: iteration 250 of 1,000, about 38 s left"
