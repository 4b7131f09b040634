"""A picture made of waves and uncorrelated colours, which gradient ascent can climb without ending in noise.

As the literature on feature visualization does it (Olah, Mordvintsev and Schubert 2017, "Feature
Visualization", Distill, doi:10.23915/distill.00007): the same step changes every frequency by as much as it
contributes to natural pictures, and colours along the axes on which they vary independently.
"""

import math

import torch
from torch import Tensor

# Columns: brightness, blue against yellow, green against magenta; each as long as the spread of natural
# pictures along it. From the covariance of the colours (0 to 1) of the 20 bundled CIFAR-10 pictures and the
# 20 ImageNet photographs that foolbox ships, its eigenvectors times the roots of its eigenvalues.
_COLOURS = (
    (0.215, -0.079, -0.027),
    (0.225, -0.002, 0.053),
    (0.234, 0.074, -0.026),
)
_SPREAD = 0.15  # of the pixels that the ascent starts from, before they are squeezed into 0 to 1
_CONTRAST = 4.0  # a sigmoid is a quarter as steep as its argument


class FourierPicture:
    """A picture, (1, 3, H, W) from 0 to 1, as a function of ``waves``, the tensor to be changed."""

    def __init__(self, size: tuple[int, int], generator: torch.Generator) -> None:
        height, width = size
        self._size = size
        frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None])
        self._scale = 1 / frequency.clamp(min=1 / max(height, width))
        self._colours = torch.tensor(_COLOURS)
        start = torch.randn((3, *frequency.shape, 2), generator=generator)
        deviation = self._pixels(start).std()
        self._scale *= _SPREAD / deviation
        self.waves = start.requires_grad_()

    def __call__(self) -> Tensor:
        """The picture as it is now; gradients flow to ``waves``."""
        colours = torch.einsum(
            "rc,chw->rhw", self._colours / self._colours.norm(dim=0).max(), self._pixels(self.waves)
        )
        return torch.sigmoid(_CONTRAST * colours)[None]

    def _pixels(self, waves: Tensor) -> Tensor:
        spectrum = torch.view_as_complex(waves) * self._scale
        return torch.fft.irfft2(spectrum, s=self._size, norm="ortho")


def roughness_gradient(picture: Tensor) -> Tensor:
    """The gradient of half the sum of squared differences of neighbouring pixels, of the picture's shape."""
    down = picture[..., 1:, :] - picture[..., :-1, :]
    right = picture[..., :, 1:] - picture[..., :, :-1]
    gradient = torch.zeros_like(picture)
    gradient[..., 1:, :] += down
    gradient[..., :-1, :] -= down
    gradient[..., :, 1:] += right
    gradient[..., :, :-1] -= right
    return gradient


def moved(picture: Tensor, generator: torch.Generator) -> Tensor:
    """The picture shifted, turned and scaled a little at random, mirrored at its edges.

    Up to a sixteenth of the shorter side, 5 degrees and 5 %: what is the same thing to a person.
    """
    height, width = picture.shape[-2:]
    turn, scale, down, right = (2 * torch.rand(4, generator=generator) - 1).tolist()
    angle, zoom, reach = math.radians(5 * turn), 1 + 0.05 * scale, 2 * min(height, width) / 16
    cosine, sine = zoom * math.cos(angle), zoom * math.sin(angle)
    matrix = torch.tensor(
        [
            [cosine, -sine * height / width, right * reach / width],
            [sine * width / height, cosine, down * reach / height],
        ]
    )
    grid = torch.nn.functional.affine_grid(matrix[None], list(picture.shape), align_corners=False)
    return torch.nn.functional.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)
