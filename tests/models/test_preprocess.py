"""Preprocessing: torchvision's own numbers, and a true picture of what the network sees."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import get_model_weights
from torchvision.transforms import Compose
from torchvision.transforms import functional as F

from actviz_core.models.bundled import BundledResNet20
from actviz_core.models.cifar_resnet20.network import MEAN, STD
from actviz_core.models.network import RANDOM
from actviz_core.models.preprocess import Frame, Preprocess
from actviz_core.models.torchvision_networks import TorchvisionNetwork, torchvision_networks

ENTRIES = [
    (network.name, entry.name)
    for network in torchvision_networks()
    for entry in get_model_weights(network.name)
]
SIZES = [(640, 427), (300, 500), (224, 224), (512, 512), (33, 47), (2000, 300)]  # width, height


def photograph(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize(("name", "weights"), ENTRIES)
def test_torchvisions_transform_bit_for_bit(name: str, weights: str) -> None:
    preset = get_model_weights(name)[weights].transforms()
    network = TorchvisionNetwork(name)
    for size in SIZES if name == "resnet50" else [(120, 77)]:
        image = photograph(*size)
        values = network.preprocess(weights)(image)
        assert values.dtype == torch.float32
        assert torch.equal(values, preset(image).unsqueeze(0))


def test_some_networks_want_another_size_and_get_it() -> None:
    sizes = {key: TorchvisionNetwork(key.split("@")[0]).preprocess(key.split("@")[1]).size for key in WANTED}
    assert sizes == WANTED


WANTED = {
    "inception_v3@IMAGENET1K_V1": (299, 299),
    "efficientnet_b7@IMAGENET1K_V1": (600, 600),
    "vit_b_16@IMAGENET1K_V1": (224, 224),
    "vit_b_16@IMAGENET1K_SWAG_E2E_V1": (384, 384),
    "vit_h_14@IMAGENET1K_SWAG_E2E_V1": (518, 518),
    "swin_v2_t@random": (256, 256),
    "maxvit_t@random": (224, 224),
}


def test_random_weights_take_the_defaults_preprocessing() -> None:
    network = TorchvisionNetwork("resnet50")
    assert network.preprocess(RANDOM) == network.preprocess("IMAGENET1K_V2")
    assert network.preprocess(RANDOM).resize == (232,)
    assert network.preprocess("IMAGENET1K_V1").resize == (256,)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("network", [BundledResNet20(), TorchvisionNetwork("resnet18")])
def test_what_the_network_sees_is_its_input_without_the_normalisation(
    network: BundledResNet20 | TorchvisionNetwork, size: tuple[int, int]
) -> None:
    preprocess, image = network.preprocess(network.default), photograph(*size)
    seen = preprocess.seen(image)
    assert (seen.mode, seen.size) == ("RGB", preprocess.size[::-1])
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (preprocess.mean, preprocess.std))
    shown = ((preprocess(image)[0] * std + mean) * 255).round().to(torch.uint8)
    assert torch.equal(F.pil_to_tensor(seen), shown)


def test_the_bundled_network_sees_cifar_pictures_untouched() -> None:
    image = photograph(32, 32)
    preprocess = BundledResNet20().preprocess("final")
    assert preprocess.seen(image).tobytes() == image.tobytes()
    assert (preprocess.mean, preprocess.std) == (MEAN, STD)


def test_the_bundled_network_sees_the_whole_of_a_larger_picture() -> None:
    halves = Image.new("RGB", (640, 320), "red")
    halves.paste((0, 0, 255), (320, 0, 640, 320))
    seen = np.asarray(BundledResNet20().preprocess("final").seen(halves))
    assert seen.shape == (32, 32, 3)
    assert (seen[:, :15] == (255, 0, 0)).all()
    assert (seen[:, 17:] == (0, 0, 255)).all()


@pytest.mark.parametrize("size", [(30_000, 1), (2, 20_000)])
def test_a_very_long_picture_shows_its_middle_without_taking_gigabytes(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    resized_to = []
    resize = Image.Image.resize

    def watched(image: Image.Image, new_size: tuple[int, int], *rest: object) -> Image.Image:
        resized_to.append(new_size)
        return resize(image, new_size, *rest)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(Image.Image, "resize", watched)
    image = Image.new("RGB", size, "green")
    seen = TorchvisionNetwork("resnet18").preprocess("IMAGENET1K_V1").seen(image)
    assert seen.size == (224, 224)
    assert set(seen.get_flattened_data()) == {(0, 128, 0)}
    assert max(resized_to[0]) == 8 * 256


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_other_picture_modes_are_taken_as_rgb(mode: str) -> None:
    image = photograph(40, 40, mode)
    preprocess = BundledResNet20().preprocess("final")
    assert torch.equal(preprocess(image), preprocess(image.convert("RGB")))


def test_a_picture_can_be_made_to_fit_and_padded_with_the_mean_colour() -> None:
    preprocess = Preprocess((20, 40), (20, 40), (0.2, 0.4, 1.0), (1.0, 1.0, 1.0), frame=Frame.PAD)
    seen = np.asarray(preprocess.seen(Image.new("RGB", (100, 100), "red")))
    assert seen.shape == (20, 40, 3)
    assert (seen[:, 10:30] == (255, 0, 0)).all()
    assert (seen[:, :10] == (51, 102, 255)).all()
    assert (seen[:, 30:] == (51, 102, 255)).all()


def test_only_torchvisions_image_presets_are_taken_over() -> None:
    with pytest.raises(TypeError, match="Compose is not one of torchvision's resizing image presets"):
        Preprocess.of_preset(Compose([]))
