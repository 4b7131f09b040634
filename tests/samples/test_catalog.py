"""Image ids are read strictly, sources are shared, and errors say what works."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from actviz_core.errors import UnknownImageError
from actviz_core.names import ImageId
from actviz_core.samples import (
    SOURCE_KEYS,
    list_sources,
    open_sample,
    open_source,
    parse_image_id,
)
from actviz_core.settings import Settings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cifar10-test/42", ImageId("cifar10-test", 42)),
        ("bundled-imagenet/0", ImageId("bundled-imagenet", 0)),
        ("upload/0123456789ab", ImageId("upload", "0123456789ab")),
    ],
)
def test_an_image_id_has_two_parts(text: str, expected: ImageId) -> None:
    parsed = parse_image_id(text)
    assert parsed == expected
    assert str(parsed) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"'' is no image id\. Write <source>/<index>, such as bundled-cifar10/3"),
        ("cifar10-test", r"'cifar10-test' is no image id\. Write <source>/<index>"),
        (
            "cifar10-tset/1",
            r"no source 'cifar10-tset'\. Did you mean cifar10-test\? There are: bundled-cifar10, ",
        ),
        ("x" * 500 + "/1", r"no source 'x{57}\.\.\.'\. There are: bundled-cifar10"),
        ("cifar10-test/-1", r"after cifar10-test/ goes a whole number from 0 up, as in cifar10-test/3"),
        ("cifar10-test/1/2", r"'cifar10-test/1/2' is no image id"),
        ("cifar10-test/٣", r"is no image id"),
        ("cifar10-test/" + "9" * 6000, r"is no image id"),
        ("upload/../../etc/x", r"an upload has 12 digits from 0 to f"),
        ("upload/0123456789AB", r"an upload has 12 digits from 0 to f"),
    ],
)
def test_what_is_no_image_id_says_how_one_looks(text: str, message: str) -> None:
    with pytest.raises(UnknownImageError, match=message):
        parse_image_id(text)


def test_a_sample_opens_by_its_id(settings: Settings) -> None:
    sample = open_sample("bundled-cifar10/3", settings)
    assert (sample.id, sample.label) == ("bundled-cifar10/3", "airplane")
    with pytest.raises(UnknownImageError, match=r"It has bundled-cifar10/0 to bundled-cifar10/19\."):
        open_sample("bundled-cifar10/20", settings)
    with pytest.raises(UnknownImageError, match=r"upload/0123456789ab is not on this server"):
        open_sample("upload/0123456789ab", settings)


def test_everybody_shares_one_source(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_source("patterns", settings), range(8)))
    assert all(source is opened[0] for source in opened)


def test_the_menu_lists_all_sources_with_what_is_missing(settings: Settings) -> None:
    infos = {info.key: info for info in list_sources(replace(settings, images=None))}
    assert tuple(infos) == SOURCE_KEYS
    assert infos["bundled-cifar10"].available
    assert infos["patterns"].count == 99
    assert infos["cifar10-train"].count == 50_000
    assert infos["cifar10-test"].reason.startswith("Not downloaded yet. Get all 60,000 pictures (170 MB)")
    assert infos["folder"].reason == (
        "There is no source 'folder' on this server. Set ACTVIZ_IMAGES to a folder of your own pictures, and "
        "start the server again."
    )


def test_titles_in_the_menu_are_the_sources_own(settings: Settings) -> None:
    for info in list_sources(settings):
        if info.available:
            source = open_source(info.key, settings)
            assert (source.title, len(source), source.key) == (info.title, info.count, info.key)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTVIZ_IMAGES", "")
    with pytest.raises(UnknownImageError, match="Set ACTVIZ_IMAGES"):
        open_source("folder")
