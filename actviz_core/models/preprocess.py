"""From a picture to a network's input, and to a picture of what the network sees."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F
from torchvision.transforms._presets import ImageClassification, SemanticSegmentation

# A picture longer than this many times its other side is cut around its middle before it is resized. The
# crop that follows shows no more than that middle, and a one-pixel-high picture resized to a height of 256
# would need gigabytes.
LONGEST = 8


class Frame(StrEnum):
    """What becomes of a picture that, resized, is not of the size the network wants."""

    CROP = "crop"
    WHOLE = "whole"
    PAD = "pad"


@dataclass(frozen=True)
class Preprocess:
    """Resize, bring to ``size`` (H, W), scale to 0..1, and normalise each of the 3 channels.

    ``resize`` holds (shorter side,), which keeps the picture's proportions, or (H, W), which does not.
    ``frame`` says how it comes to ``size``: the middle is cropped; or the whole picture is taken as resized,
    and ``size`` is that of a square one; or it is made to fit into ``resize`` with its proportions kept, and
    padded with the mean colour.
    """

    size: tuple[int, int]
    resize: tuple[int] | tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: InterpolationMode = InterpolationMode.BILINEAR
    frame: Frame = Frame.CROP

    @classmethod
    def of_preset(cls, preset: ImageClassification | SemanticSegmentation) -> Self:
        """Take over one of torchvision's presets, such as ``weights.transforms()``.

        Raises `TypeError` for any other transform.
        """
        normalisation: dict[str, Any]
        if isinstance(preset, ImageClassification):
            (crop,), resize, frame = preset.crop_size, preset.resize_size, Frame.CROP
        elif isinstance(preset, SemanticSegmentation) and preset.resize_size is not None:
            (crop,), resize, frame = preset.resize_size, preset.resize_size, Frame.WHOLE
        else:
            raise TypeError(f"{type(preset).__name__} is not one of torchvision's resizing image presets.")
        normalisation = {"mean": tuple(preset.mean), "std": tuple(preset.std)}
        return cls(
            (crop, crop), tuple(resize), **normalisation, interpolation=preset.interpolation, frame=frame
        )

    def __call__(self, image: Image.Image) -> Tensor:
        """Turn a picture into the network's input: (1, 3, H, W) float32 on the CPU."""
        values = F.convert_image_dtype(F.pil_to_tensor(self.seen(image)), torch.float32)
        normalised: Tensor = F.normalize(values, mean=list(self.mean), std=list(self.std))
        return normalised.unsqueeze(0)

    def seen(self, image: Image.Image) -> Image.Image:
        """Show what the network sees: the resized and framed picture, RGB, before normalisation."""
        image = image.convert("RGB")
        if len(self.resize) == 1 and max(image.size) > LONGEST * min(image.size):
            longest = LONGEST * min(image.size)
            image = F.center_crop(image, [min(image.height, longest), min(image.width, longest)])
        resized: Image.Image = F.resize(image, self._resized(image), interpolation=self.interpolation)
        if self.frame is Frame.WHOLE:
            return resized
        if self.frame is Frame.PAD:
            resized = _padded(resized, self.size, tuple(round(255 * value) for value in self.mean))
        framed: Image.Image = F.center_crop(resized, list(self.size))
        return framed

    def seen_part(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of what `seen` shows of a picture ``size`` (width, height) large.

        In fractions of the picture; below 0 or above 1 where it is padded.
        """
        longest = LONGEST * min(size) if len(self.resize) == 1 else max(size)
        width, height = (min(side, longest) for side in size)
        if self.frame is Frame.WHOLE:
            shown = (float(width), float(height))
        else:
            if self.frame is Frame.PAD:
                down = across = 1 / max(height / self.resize[0], width / self.resize[-1])
            elif len(self.resize) == 1:
                down = across = self.resize[0] / min(width, height)
            else:
                down, across = self.resize[0] / height, self.resize[1] / width
            shown = (self.size[1] / across, self.size[0] / down)  # in pixels of the picture
        left, top = ((1 - seen / whole) / 2 for seen, whole in zip(shown, size, strict=True))
        return left, top, 1 - left, 1 - top

    def _resized(self, image: Image.Image) -> list[int]:
        """What `F.resize` wants: (shorter side,) or (H, W)."""
        if self.frame is not Frame.PAD:
            return list(self.resize)
        ratio = max(image.height / self.resize[0], image.width / self.resize[-1])
        return [max(1, round(image.height / ratio)), max(1, round(image.width / ratio))]


def _padded(image: Image.Image, size: tuple[int, int], color: tuple[int, ...]) -> Image.Image:
    """Put a picture that is too small in the middle of one of ``size`` (H, W)."""
    height, width = max(size[0], image.height), max(size[1], image.width)
    padded = Image.new("RGB", (width, height), color)
    padded.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return padded
