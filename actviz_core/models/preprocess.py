"""From a picture to a network's input, and to a picture of what the network sees."""

from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

# A picture longer than this many times its other side is cut around its middle before it is resized. The
# crop that follows shows no more than that middle, and a one-pixel-high picture resized to a height of 256
# would need gigabytes.
LONGEST = 8


@dataclass(frozen=True)
class Preprocess:
    """Resize, crop the middle to ``size`` (H, W), scale to 0..1, and normalise each of the 3 channels.

    ``resize`` holds (shorter side,), which keeps the picture's proportions, or (H, W), which does not.
    """

    size: tuple[int, int]
    resize: tuple[int] | tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: InterpolationMode = InterpolationMode.BILINEAR

    def __call__(self, image: Image.Image) -> Tensor:
        """Turn a picture into the network's input: (1, 3, H, W) float32 on the CPU."""
        values = F.convert_image_dtype(F.pil_to_tensor(self.seen(image)), torch.float32)
        normalised: Tensor = F.normalize(values, mean=list(self.mean), std=list(self.std))
        return normalised.unsqueeze(0)

    def seen(self, image: Image.Image) -> Image.Image:
        """Show what the network sees: the resized and cropped picture, RGB, before normalisation."""
        image = image.convert("RGB")
        if len(self.resize) == 1 and max(image.size) > LONGEST * min(image.size):
            longest = LONGEST * min(image.size)
            image = F.center_crop(image, [min(image.height, longest), min(image.width, longest)])
        resized = F.resize(image, list(self.resize), interpolation=self.interpolation)
        cropped: Image.Image = F.center_crop(resized, list(self.size))
        return cropped
