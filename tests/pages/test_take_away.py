"""Files to take away: offered with their size, made when asked for, and large ones only after a question."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from actviz_core.ui import take_away
from tests.pages.visit import Link, as_read, check_fine, drawn, read_page, visit

LINK = {"layers": "layer1.0.conv1"}
PAGES: dict[str, tuple[str, Link]] = {
    "activations": ("activations", LINK),
    "compare": ("compare", {}),
}


def files(app: AppTest) -> dict[str, Any]:
    """The download buttons by what stands on them before the bracket."""
    buttons: list[Any] = [*app.get("download_button")]
    return {as_read(button.proto.label).partition(" (")[0]: button.proto for button in buttons}


def opened(page: str, link: Link) -> AppTest:
    """A page with its popover open."""
    app = visit(page, link)
    assert files(app) == {}  # nothing is made for those who don't ask
    app.session_state["take_away"] = True
    app.run()
    check_fine(app)
    return app


def megabytes(app: AppTest, name: str) -> float:
    """The size on a button."""
    return float(files(app)[name].label.split(", ")[1].split(" MB")[0])


@pytest.mark.parametrize(
    ("page", "figure"), [("activations", "activations_grid"), ("compare", "compare_board")]
)
def test_the_browser_is_asked_for_a_picture_of_the_figure(page: str, figure: str) -> None:
    app = opened(*PAGES[page])
    (asked,) = [json.loads(p.proto.json) for p in app.get("bidi_component") if "take_PNG" in p.proto.id]
    assert asked["label"] == "Picture (PNG)"
    assert asked["key"] == figure
    assert asked["picture"]["scale"] == 2
    assert figure in drawn(app)


@pytest.mark.parametrize("page", PAGES)
def test_files_are_offered_with_their_size(page: str) -> None:
    app = opened(*PAGES[page])
    labels = {name: button.label for name, button in files(app).items()}
    assert list(labels) == ["Interactive page", "Values", "Statistics", "Script"]
    assert 4 < megabytes(app, "Interactive page") < 7  # plotly.js is most of it
    assert labels["Statistics"] == "Statistics (CSV, < 0.1 MB)"
    assert 1 < megabytes(app, "Script") < (1.5 if page == "activations" else 3)  # mostly the weights
    assert "every bit; it needs torch and torchvision (pip install torch torchvision)." in read_page(app)
    assert "PYTHONPATH" not in read_page(app)
    assert not any(button.disabled for button in files(app).values())


def test_a_script_that_needs_this_project_says_so_on_the_page() -> None:
    page = read_page(opened("activations", {"model": "resnet18@random", "layers": "layer1.0/add#1"}))
    assert "for steps between layers, which hooks do not see, the activation dashboard itself: set" in page


def test_large_files_are_asked_about_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(take_away, "LARGE_EXPORT", 3_500_000)
    app = opened("compare", {})
    assert [name for name, button in files(app).items() if button.disabled] == ["Interactive page"]
    (question,) = app.checkbox
    name = "layer1.0.conv1-and-2-more-cifar-resnet20-bundled-cifar10-0.html"
    assert question.label.startswith(f"Make {name} although it is large (")
    question.check().run()
    check_fine(app)
    assert not any(button.disabled for button in files(app).values())
    question.uncheck().run()
    assert files(app)["Interactive page"].disabled


def test_files_that_take_long_say_so_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "are made once you press" not in read_page(opened("compare", {}))
    monkeypatch.setattr(take_away, "SLOW_EXPORT", 3_500_000)
    words = "MB are made once you press the button. The download starts when they are complete"
    (said,) = [line for line in read_page(opened("compare", {})).splitlines() if words in line]
    assert said.startswith("Interactive page: ")
