"""What the cards of a channel's page say in cases that no ordinary network and picture shows."""

import numpy as np
import pytest

from actviz_core.channels import Excitation, Objective
from actviz_core.channels.effects import Worths
from actviz_core.channels.on_pictures import ChannelOnPictures
from actviz_core.wording.channels import made_sentence, times, twins_over_sentence, worth_sentence


def test_where_nothing_falls_no_channel_is_called_first() -> None:
    worths = Worths(np.array([0.0, -0.1, -0.2]))
    assert worth_sentence(worths, 0, "cat") == (
        "cat does not fall when any one of the 3 channels is switched off."
    )
    assert worth_sentence(Worths(np.array([0.1, 0.0])), 0, "cat").endswith("it is first of 2 channels.")


@pytest.mark.parametrize(("ratio", "said"), [(1.044, "1.04"), (1.99, "1.99"), (2.04, "2.0"), (31.6, "31.6")])
def test_a_small_difference_is_not_rounded_away(ratio: float, said: str) -> None:
    assert times(ratio) == said


def found(objective: Objective) -> Excitation:
    return Excitation(
        np.zeros((2, 2, 3), np.uint8), 8.0, 1.0, np.zeros(3), "a#1", 0, objective, 3, 0, False, False
    )


def test_a_centre_cell_is_set_beside_the_highest_cell_of_real_maps_and_a_mean_beside_means() -> None:
    real = ChannelOnPictures("s", 2, (), (), np.array([1.0, 5.0]), (), (), 2.0)
    assert made_sentence(found(Objective.CENTRE), real) == (
        "On a picture made for it the channel's centre cell is 8; the most that one of 2 real pictures "
        "reaches in any cell is 5. That is 1.60 times as much."
    )
    assert made_sentence(found(Objective.MEAN), real) == (
        "On a picture made for it the channel's mean is 8; the most that one of 2 real pictures reaches is "
        "2. That is 4.0 times as much."
    )


def test_twins_over_pictures_are_named_with_how_many_pictures_told() -> None:
    assert twins_over_sentence([(3, 0.97), (5, 0.96), (1, 0.2)], 1234) == (
        "Channels 3 and 5 do nearly the same: over 1,234 pictures the means correlate with 0.95 or more."
    )
    assert twins_over_sentence([(3, 0.5)], 20) == (
        "Over 20 pictures no channel does the same. Channel 3 comes closest, with a correlation of 0.50."
    )
    assert twins_over_sentence([], 20) == (
        "There is nothing to compare: its mean is the same for all of 20 pictures."
    )
