"""The page Data set: how good a network is, what it takes for what, and how far it can be trusted."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from actviz_core.workspace.shared import Workspace
from tests.pages.kept_runs import SOURCE, answers, keep
from tests.pages.truth import MODEL
from tests.pages.visit import (
    check_fine,
    click,
    content,
    drawn,
    figure,
    press,
    read_page,
    visit,
)
from tests.sweep.toys import pixels


def labels(app: AppTest, key: str) -> list[str]:
    """What a sheet says of its thumbnails."""
    told: list[str] = figure(app, key)["layout"]["meta"]["panels"][0]["labels"]
    return told


def test_how_good_it_is_equals_what_plain_hooks_say(new_server: Callable[..., Workspace]) -> None:
    new_server()
    for key in (MODEL, f"{MODEL}@epoch-1"):
        keep(key)
        app = visit("dataset", {"model": key})
        check_fine(app)
        told = answers(key)
        right = sum(shows == says for shows, says, _ in told)
        assert f"{right} of 20." in read_page(app)
        counts = Counter((shows, says) for shows, says, _ in told)
        most = max(count for (shows, says), count in counts.items() if shows != says)
        named = read_page(app).partition("Most often it takes one for another so: ")[2]
        first, _, rest = named.partition(",")
        assert counts[first.split(" for ")[0], first.split(" for ")[1]] == most
        assert rest.strip().startswith("once" if most == 1 else f"{most} times")
        wrong = [(shows, says, sure) for shows, says, sure in told if shows != says]
        sheet = labels(app, "dataset_surest")
        assert len(sheet) == len(wrong)
        surest = max(wrong, key=lambda one: one[2])
        assert f"{surest[0]}, taken for {surest[1]}, " in sheet[0]
        confusion = figure(app, "dataset_confusion")
        rows = confusion["layout"]["yaxis"]["ticktext"]
        columns = confusion["layout"]["xaxis"]["ticktext"]
        shown = confusion["data"][0]["z"]
        assert shown.sum() == 20
        for (shows, says), count in counts.items():
            assert shown[rows.index(shows), columns.index(says)] == count


def test_a_cell_of_the_matrix_opens_its_pictures_and_its_link_does_too(
    new_server: Callable[..., Workspace],
) -> None:
    new_server()
    keep(f"{MODEL}@epoch-1")
    app = visit("dataset", {"model": f"{MODEL}@epoch-1"})
    confusion = figure(app, "dataset_confusion")
    rows = confusion["layout"]["yaxis"]["ticktext"]
    columns = confusion["layout"]["xaxis"]["ticktext"]
    told = answers(f"{MODEL}@epoch-1")
    (shows, says), count = Counter((a, b) for a, b, _ in told if a != b).most_common(1)[0]
    click(app, "dataset_confusion", rows.index(shows) * len(columns) + columns.index(says), (0, 0))
    check_fine(app)
    expected = {at for at, one in enumerate(told) if one[:2] == (shows, says)}
    assert set(figure(app, "dataset_cell")["layout"]["meta"]["panels"][0]["items"]) == expected
    assert f"of {shows}, taken for {says}." in read_page(app)
    other = visit("dataset", dict(app.query_params))
    assert content(other, "dataset_cell") == content(app, "dataset_cell")
    assert count == len(expected)
    press(app, "Close")
    assert "dataset_cell" not in drawn(app)


def test_a_picture_of_a_sheet_opens_why(new_server: Callable[..., Workspace]) -> None:
    new_server()
    keep()
    app = visit("dataset")
    (wrong,) = (at for at, one in enumerate(answers()) if one[0] != one[1])
    click(app, "dataset_surest", wrong)
    assert app.query_params["image"] == f"{SOURCE}/{wrong}"
    assert app.title[0].value == "Why does it say so?"


def test_pictures_without_labels_have_answers_but_no_right_and_wrong(
    new_server: Callable[..., Workspace], tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    for index, picture in enumerate(pixels(6)):
        folder.mkdir(exist_ok=True)
        Image.fromarray(picture).save(folder / f"{index}.png")
    new_server(ACTVIZ_IMAGES=str(folder))
    keep(source="folder")
    app = visit("dataset", {"source": "folder"})
    check_fine(app)
    assert "These pictures have no labels, so right and wrong cannot be told." in read_page(app)
    assert drawn(app) == {"dataset_answers"}


@pytest.mark.parametrize("key", [MODEL, f"{MODEL}@random"])
def test_calibration_is_that_of_the_answers(new_server: Callable[..., Workspace], key: str) -> None:
    new_server()
    keep(key)
    app = visit("dataset", {"model": key})
    told = answers(key)
    sure = np.array([one[2] for one in told])
    right = np.array([one[0] == one[1] for one in told])
    bins = np.ceil(sure * 15).astype(int)
    error = sum(
        (bins == at).sum() * abs(right[bins == at].mean() - sure[bins == at].mean()) for at in set(bins)
    ) / len(told)
    assert f"Its calibration error is {error:.1%}".replace("%", " %") in read_page(app)
