"""The bundled pictures are there without the internet, with the right names."""

import sys

import pytest

from actviz_core.errors import UnknownImageError
from actviz_core.samples import browse, bundled, list_sources, open_source
from actviz_core.settings import Settings


def test_twenty_cifar10_pictures_with_their_class_names(settings: Settings) -> None:
    source = open_source("bundled-cifar10", settings)
    assert len(source) == 20
    assert [source.label(index) for index in range(6)] == ["cat", "ship", "ship", "airplane", "frog", "frog"]
    sample = source[3]
    assert (sample.id, sample.label, sample.image.size) == ("bundled-cifar10/3", "airplane", (32, 32))
    assert source.classes == ("airplane", "automobile", "cat", "dog", "frog", "horse", "ship", "truck")
    assert browse(source, class_name="cat").tolist() == [0, 8]


def test_twenty_imagenet_photographs_with_their_class_names(settings: Settings) -> None:
    source = open_source("bundled-imagenet", settings)
    assert len(source) == 20
    assert [source.label(index) for index in (0, 1, 17)] == ["bull mastiff", "folding chair", "bald eagle"]
    assert source[17].image.size == (512, 512)
    assert len(source.classes) == 19, "two of the photographs show a jeep"
    assert browse(source, class_name="jeep").tolist() == [6, 7]
    assert source.thumbnails([0, 1], 48).shape == (2, 48, 48, 3)


def test_foolbox_is_not_imported(settings: Settings) -> None:
    open_source("bundled-imagenet", settings)[0]
    assert "foolbox" not in sys.modules


def test_without_foolbox_it_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "bundled_folder", lambda: None)
    monkeypatch.setattr("actviz_core.samples.catalog.bundled_folder", lambda: None)
    with pytest.raises(
        UnknownImageError, match=r"foolbox.* is not installed\. Install it: pip install foolbox"
    ):
        open_source("bundled-cifar10", settings)
    first = list_sources(settings)[0]
    assert (first.available, first.reason) == (False, bundled.MISSING)
