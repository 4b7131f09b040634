"""Every claim of a sentence about attention holds for the weights, whatever the heads."""

import re

import numpy as np
import numpy.typing as npt
import pytest

from actviz_core.analysis import attention_sentence

COUNT = 500


def weights(seed: int) -> npt.NDArray[np.float64]:
    """Heads of every kind: sharp, even, alike, alone, and some that cannot look at all patches."""
    random = np.random.default_rng(seed)
    heads = 1 if seed % 5 == 0 else int(random.integers(2, 9))
    rows, columns = (int(side) for side in random.integers(1, 8, 2))
    maps = random.dirichlet(np.full(rows * columns, random.choice([0.05, 1, 50])), heads)
    if seed % 7 == 0:
        maps[:] = maps[0]
    maps = maps.reshape(heads, rows, columns)
    if seed % 3 == 0 and rows * columns > 2:
        maps[:, rows - 1, columns - 1] = np.nan
    return maps


def half(head: npt.NDArray[np.float64]) -> list[int]:
    """On how few patches half of the attention lies; two answers where rounding decides."""
    seen = sorted((value for value in head.ravel().tolist() if not np.isnan(value)), reverse=True)
    total, right = sum(seen), []
    for nearly in (1 - 1e-9, 1, 1 + 1e-9):
        reached, needed = 0.0, 0
        while reached < total / 2 * nearly and needed < len(seen):
            reached += seen[needed]
            needed += 1
        right.append(needed)
    return right


@pytest.mark.parametrize("part", range(5))
def test_what_is_said_of_heads_is_true(part: int) -> None:
    for seed in range(part, COUNT, 5):
        maps = weights(seed)
        said = attention_sentence(maps, "class token")
        needed = [half(head) for head in maps]
        patches = int(np.isfinite(maps[0]).sum())
        seen = f"{patches} patches" + (" that it can see" if patches < maps[0].size else "")
        numbers = [int(number) for number in re.findall(r"lies on (\d+)", said)]
        assert f" of {seen}" in said
        if len(maps) == 1:
            assert said == (
                f"From the class token, half of the only head's attention lies on {numbers[0]} of {seen}."
            )
            assert numbers[0] in needed[0]
        elif "equally widely" in said:
            assert all(numbers[0] in own for own in needed)
        else:
            narrow, wide = (int(head) for head in re.findall(r"head (\d+)", said))
            assert numbers[0] in needed[narrow]
            assert numbers[1] in needed[wide]
            assert numbers[0] < numbers[1]
            assert all(max(own) >= numbers[0] for own in needed)
            assert all(min(own) <= numbers[1] for own in needed)
