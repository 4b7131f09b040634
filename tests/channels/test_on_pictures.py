"""What channels do with many pictures, against a plain loop."""

import numpy as np
import pytest

from actviz_core import load_model, open_source, sweep
from actviz_core.channels.on_pictures import (
    PictureValues,
    channel_of_run,
    channel_on_pictures,
    pictures_counted,
    values_on_pictures,
)
from actviz_core.settings import Settings
from tests.hooks.reference import cloned_activations

CALL, CHANNEL = "layer2.0.conv1", 7


def test_values_are_those_of_a_plain_loop_and_extremes_come_in_order() -> None:
    model, source = load_model("cifar-resnet20"), open_source("bundled-cifar10")
    told: list[int] = []
    values = values_on_pictures(model, source, CALL, told.append)
    assert told == list(range(1, len(source) + 1))
    maps = [
        cloned_activations(model.module, model.inputs(sample.image))[CALL][0][0].numpy() for sample in source
    ]
    largest = np.array([one.max((1, 2)) for one in maps])
    np.testing.assert_array_equal(values.maximum, largest)
    np.testing.assert_allclose(values.mean, [one.mean((1, 2), dtype=np.float64) for one in maps], rtol=1e-12)
    found = channel_on_pictures(values, source.key, CHANNEL)
    order = np.argsort(-largest[:, CHANNEL])
    assert [hit.image for hit in found.top] == [f"bundled-cifar10/{at}" for at in order[:9]]
    assert [hit.image for hit in found.bottom] == [f"bundled-cifar10/{at}" for at in order[::-1][:9]]
    for hit in found.top:
        own = maps[int(hit.image.rpartition("/")[2])][CHANNEL]
        assert own[hit.cell] == hit.value == own.max()
    labels = [source.label(at) for at in range(len(source))]
    for name, mean in zip(found.classes, found.class_means, strict=True):
        of_class = [largest[at, CHANNEL] for at, label in enumerate(labels) if label == name]
        assert mean == pytest.approx(np.mean(of_class))
    assert found.largest_mean == pytest.approx(max(one[CHANNEL].mean(dtype=np.float64) for one in maps))
    assert found.largest == largest[:, CHANNEL].max()
    middle = float(np.median(largest[:, CHANNEL]))
    assert found.share_below(middle) == np.mean(largest[:, CHANNEL] < middle)


def test_pictures_without_a_finite_value_do_not_count() -> None:
    maximum = np.array([[1.0], [np.nan], [3.0]])
    values = PictureValues(
        ("s/0", "s/1", "s/2"), ("a", "a", None), maximum, maximum, np.zeros((3, 1, 2), int)
    )
    found = channel_on_pictures(values, "s", 0)
    assert found.count == 2
    assert [hit.image for hit in found.top] == ["s/2", "s/0"]
    assert (found.classes, found.class_means) == (("a",), (1.0,))
    assert found.largest_mean == 3.0


def test_a_sweep_over_the_same_pictures_tells_the_same(settings: Settings) -> None:
    model, source = load_model("cifar-resnet20"), open_source("bundled-cifar10")
    run = sweep(model, source, [CALL], settings=settings)
    swept = channel_of_run(run, CALL, CHANNEL)
    plain = channel_on_pictures(values_on_pictures(model, source, CALL), source.key, CHANNEL)
    hits = run.top(CALL, CHANNEL)
    assert [(hit.image, hit.value, hit.cell) for hit in swept.top] == [
        (hit.image, hit.value, (hit.row, hit.column)) for hit in hits
    ]
    assert [hit.image for hit in swept.bottom] == [hit.image for hit in run.bottom(CALL, CHANNEL)]
    for name in ("top", "bottom"):
        for one, other in zip(getattr(swept, name), getattr(plain, name), strict=True):
            assert (one.image, one.label, one.cell) == (other.image, other.label, other.cell)
            assert one.value == pytest.approx(other.value, rel=1e-5)
    assert (swept.source, swept.count, swept.classes) == (plain.source, plain.count, plain.classes)
    np.testing.assert_allclose(swept.class_means, plain.class_means, rtol=1e-5)
    assert swept.largest_mean == pytest.approx(plain.largest_mean, rel=1e-5)
    assert pictures_counted(run, CALL, CHANNEL) == 20
