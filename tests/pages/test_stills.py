"""Every figure stands on its page as a still picture first, and the still shows what the figure shows."""

import base64
import re

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from actviz_core.errors import ExportError
from actviz_core.export import figure_still
from actviz_core.ui import charts
from tests.pages.visit import check_fine, choose, drawn, figure, visit

_STILL = re.compile(r'<img alt=""( class="changed")? .*src="data:image/jpeg;base64,(.*)">')


def stills(app: AppTest) -> dict[bytes, bool]:
    """The page's stills, with whether each is marked as one that was not there before."""
    found = [_STILL.fullmatch(element.proto.body) for element in app.get("html")]
    return {base64.b64decode(still[2]): bool(still[1]) for still in found if still}


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("start", {}),
        ("samples", {}),
        ("activations", {"layers": "layer2.0.conv1"}),
        ("activations", {"layers": "layer2.0.conv1", "channel": "3"}),
        ("activations", {"layers": "fc"}),
        ("compare", {}),
    ],
)
def test_every_figure_has_one(page: str, link: dict[str, str]) -> None:
    app = visit(page, link)
    check_fine(app)
    assert len(stills(app)) == len(drawn(app)) > 0
    assert all(stills(app).values())


def test_it_is_the_figures_own_picture() -> None:
    app = visit("activations", {"layers": "layer2.0.conv1"})
    grid = go.Figure(figure(app, "activations_grid"))
    assert figure_still(grid, width=690, dark=False) in stills(app)


def test_only_stills_that_change_are_marked() -> None:
    app = visit("activations", {"layers": "layer2.0.conv1"})
    first = stills(app)
    choose(app, "Opacity", 0.3)
    check_fine(app)
    second = stills(app)
    assert len(second) == len(first) == 3
    assert [still for still, changed in second.items() if changed] == [*second.keys() - first.keys()]
    assert len(second.keys() - first.keys()) == 1


def test_a_figure_that_only_plotly_can_draw_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot_be_drawn(*_args: object, **_options: object) -> bytes:
        raise ExportError("There is no font.")

    monkeypatch.setattr(charts, "figure_still", cannot_be_drawn)
    app = visit("activations", {"layers": "layer2.0.conv1"})
    check_fine(app)
    assert not stills(app)
    assert "activations_grid" in drawn(app)
