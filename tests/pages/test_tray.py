"""The tray: up to six pictures at hand on every page."""

from streamlit.testing.v1 import AppTest

from tests.pages.truth import truth
from tests.pages.visit import check_fine, choose, go_to, in_tray, pictures, press, tile, visit


def restored(*told: object) -> list[str]:
    """The tray of a new session that hears this from the browser."""

    def script(told: object) -> None:
        from actviz_core.ui.shell.tray import restore_tray

        restore_tray(told)

    app = AppTest.from_function(script, args=(list(told),)).run()
    check_fine(app)
    kept: list[str] = app.session_state["tray"]
    return kept


def keep(app: AppTest, *indices: int) -> None:
    for index in indices:
        choose(app, "Go to index", index)
        press(app, "Keep in tray")
        check_fine(app)


def test_pictures_are_kept_in_the_order_they_came() -> None:
    app = visit("samples")
    assert in_tray(app) == []
    keep(app, 0, 3, 12)
    assert in_tray(app) == ["cat 0", "airplane 3", "dog 12"]
    shelf = ["cat, bundled-cifar10/0", "airplane, bundled-cifar10/3", "dog, bundled-cifar10/12"]
    assert [picture for picture in pictures(app) if picture in shelf] == shelf


def test_the_seventh_picture_takes_the_place_of_the_oldest() -> None:
    app = visit("samples")
    keep(app, *range(7))
    assert in_tray(app) == ["ship 1", "ship 2", "airplane 3", "frog 4", "frog 5", "automobile 6"]


def test_a_picture_is_taken_out_by_either_button() -> None:
    app = visit("samples")
    keep(app, 0, 3)
    press(app, "Remove from tray")  # of the picture in hand
    assert in_tray(app) == ["cat 0"]
    press(app, "Remove")  # on the shelf
    assert in_tray(app) == []
    check_fine(app)


def test_a_picture_of_the_tray_is_looked_at_from_the_shelf() -> None:
    app = visit("samples")
    keep(app, 0, 3)
    press(app, "Look at it", nth=0)
    assert app.query_params["image"] == "bundled-cifar10/0"


def test_the_tray_switches_the_picture_on_every_page() -> None:
    app = visit("samples")
    keep(app, 0, 3)
    go_to(app, "activations")
    choose(app, "Tray", "bundled-cifar10/0")
    check_fine(app)
    assert app.query_params["image"] == "bundled-cifar10/0"
    maps = truth("layer1.0.conv1", "bundled-cifar10/0")
    assert tile(app, 2, maps.shape).tobytes() == maps[2].tobytes()
    choose(app, "Tray", "bundled-cifar10/3")
    maps = truth("layer1.0.conv1", "bundled-cifar10/3")
    assert tile(app, 2, maps.shape).tobytes() == maps[2].tobytes()


def test_a_tray_that_the_browser_remembers_is_taken_over_without_what_is_no_picture() -> None:
    good = ["bundled-cifar10/3", "upload/0123456789ab", "bundled-cifar10/0~mirror"]
    assert restored(*good) == good
    assert restored("<b>", 7, None, {"a": 1}, "upload/../../etc", good[0], good[0]) == good[:1]
    assert restored(*(f"bundled-cifar10/{index}" for index in range(20))) == [
        f"bundled-cifar10/{index}" for index in range(6)
    ]
