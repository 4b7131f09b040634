"""A channel's page with everything on it: cards that work in the background are waited for."""

from streamlit.testing.v1 import AppTest

from actviz_core.ui.channel.opening import CARDS
from actviz_core.workspace.shared import shared_workspace
from tests.pages.visit import as_read, check_sound, visit

LAYER, CHANNEL = "layer2.0.conv1", 7  # of the bundled network
SECONDS = 120
ROUNDS = 12
TITLES = (
    "Where it looks",
    "What it computes with",
    "What it is worth for this picture",
    "What excites it most",
    "What would excite it more",
    "Twins",
)


def settle(app: AppTest) -> AppTest:
    """Run the page until no card of it asks to be run again."""
    check_sound(app)
    for _ in range(ROUNDS):
        if not any(element.proto.component_name == "ask_again" for element in app.get("bidi_component")):
            return app
        for task in shared_workspace().background.at_work():
            assert task.ended.wait(SECONDS)
        app.run()
        check_sound(app)
    raise AssertionError("the page starts its work over and over")


def open_channel(layer: str, number: int | None = None, **link: str) -> AppTest:
    """Open the page of a channel and wait for all of its cards."""
    named = {} if number is None else {"channel": str(number)}
    return settle(visit("channel", {"layers": layer, **named, **link}))


def cards(app: AppTest) -> dict[str, list[str]]:
    """What each card says, piece by piece, by the name that links use."""
    found: dict[str, list[str]] = {}
    name = None
    for node in app.main:
        kind = getattr(node, "type", "")
        if kind not in ("markdown", "caption", "info", "warning", "error"):
            continue
        text = as_read(str(getattr(node, "value", "")))
        if text.startswith("#### "):
            name = next(card for card, title in zip(CARDS, TITLES, strict=True) if text.endswith(title))
            found[name] = []
        elif name is not None:
            found[name].append(text)
    assert list(found) == list(CARDS)
    return found
