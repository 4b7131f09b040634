"""Preprocessing: torchvision's own numbers, and a true picture of what the network sees."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import get_model_weights
from torchvision.transforms import functional as F

from actviz_core.models.bundled import BundledResNet20
from actviz_core.models.cifar_resnet20.network import MEAN, STD
from actviz_core.models.torchvision_resnets import RANDOM, TorchvisionResNet

NAMES = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
SIZES = [(640, 427), (300, 500), (224, 224), (512, 512), (33, 47), (2000, 300)]  # width, height


def photograph(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "weights"), [(name, entry.name) for name in NAMES for entry in get_model_weights(name)]
)
def test_torchvisions_transform_bit_for_bit(name: str, weights: str, size: tuple[int, int]) -> None:
    image = photograph(*size)
    expected = get_model_weights(name)[weights].transforms()(image).unsqueeze(0)
    values = TorchvisionResNet(name).preprocess(weights)(image)
    assert values.shape == (1, 3, 224, 224)
    assert values.dtype == torch.float32
    assert torch.equal(values, expected)


def test_random_weights_take_the_defaults_preprocessing() -> None:
    network = TorchvisionResNet("resnet50")
    assert network.preprocess(RANDOM) == network.preprocess("IMAGENET1K_V2")
    assert network.preprocess(RANDOM).resize == (232,)
    assert network.preprocess("IMAGENET1K_V1").resize == (256,)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("network", [BundledResNet20(), TorchvisionResNet("resnet18")])
def test_what_the_network_sees_is_its_input_without_the_normalisation(
    network: BundledResNet20 | TorchvisionResNet, size: tuple[int, int]
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
    seen = TorchvisionResNet("resnet18").preprocess("IMAGENET1K_V1").seen(image)
    assert seen.size == (224, 224)
    assert set(seen.get_flattened_data()) == {(0, 128, 0)}
    assert max(resized_to[0]) == 8 * 256


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_other_picture_modes_are_taken_as_rgb(mode: str) -> None:
    image = photograph(40, 40, mode)
    preprocess = BundledResNet20().preprocess("final")
    assert torch.equal(preprocess(image), preprocess(image.convert("RGB")))
