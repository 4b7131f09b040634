"""Every entry of torchvision's networks: its architecture, its accuracy and size, its task."""

import re

import pytest
from PIL import Image
from torch import nn
from torchvision.models import (
    get_model,
    get_model_weights,
)

from actviz_core.models import list_weights, load_model
from actviz_core.models import torchvision_networks as networks
from actviz_core.models.building import on_meta_device
from actviz_core.settings import Settings
from actviz_core.tasks import Task

NAMES = [network.name for network in networks.torchvision_networks()]
ENTRIES = [(name, entry.name) for name in NAMES for entry in get_model_weights(name)]


@pytest.mark.parametrize(("name", "weights"), ENTRIES)
def test_every_entry_has_the_architecture_that_its_weights_need(name: str, weights: str) -> None:
    entry = get_model_weights(name)[weights]
    arguments = networks.building_arguments(name, entry)
    module = on_meta_device(lambda: get_model(name, **arguments))
    assert sum(parameter.numel() for parameter in module.parameters()) == entry.meta["num_params"]
    assert sum(p.numel() for p in module.parameters() if p.is_meta) > 0.99 * entry.meta["num_params"]
    assert "meta" not in {buffer.device.type for buffer in module.buffers()}


@pytest.mark.parametrize(("name", "weights"), ENTRIES)
def test_every_entry_can_be_checked_and_tells_accuracy_and_size(
    name: str, weights: str, settings: Settings
) -> None:
    entry = get_model_weights(name)[weights]
    assert re.fullmatch("[0-9a-f]{8,}", networks.checksum_of(entry).digest)
    listed = {info.name: info for info in list_weights(name, settings)}
    title = listed[weights].title.replace("\xa0", " ")
    assert listed[weights].bytes == round(entry.meta["_file_size"] * 2**20)
    assert re.search(r", [\d,.]+ MB", title)
    figures = next(iter(entry.meta["_metrics"].values()))
    percent = figures.get("acc@1", figures.get("miou"))
    assert (f"{percent:.1f} %" in title) == (weights != "IMAGENET1K_FEATURES")
    side = entry.transforms.keywords.get("crop_size", 224)
    assert title.endswith(f", {side} x {side} pixels") == (side != 224)


def test_titles_of_other_sizes_other_measures_and_no_accuracy(settings: Settings) -> None:
    titles = {
        key: [w.title.replace("\xa0", " ") for w in list_weights(key, settings)]
        for key in ("vit_b_16", "fcn_resnet50", "vgg16")
    }
    assert titles["vit_b_16"][2] == "IMAGENET1K_SWAG_E2E_V1, 85.3 %, 347 MB, 384 x 384 pixels"
    assert titles["fcn_resnet50"][1] == "COCO_WITH_VOC_LABELS_V1, mean IoU 60.5 %, 142 MB"
    assert titles["vgg16"][2] == "IMAGENET1K_FEATURES, 553 MB"


def test_segmentation_has_its_task_classes_and_a_picture_uncropped(settings: Settings) -> None:
    model = load_model("lraspp_mobilenet_v3_large@random", settings=settings)
    assert (model.task, len(model.classes), model.classes[15]) == (Task.SEGMENTATION, 21, "person")
    assert model.preprocess(Image.new("RGB", (200, 100))).shape == (1, 3, 520, 1040)
    assert model.preprocess.size == (520, 520)


def test_weights_without_a_classifier_say_so() -> None:
    network = networks.TorchvisionNetwork("vgg16")
    parts = network._parts("IMAGENET1K_FEATURES", nn.Identity())
    assert parts.note == "These weights have no trained classifier: the network gives no answer."
    assert len(parts.classes) == 1000
    assert network._parts("IMAGENET1K_V1", nn.Identity()).note == ""
