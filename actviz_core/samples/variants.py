"""Variants of a picture, for comparing with the original: ``<image id>~mirror``, ``<image id>~noise-0.1``."""

import re
from dataclasses import replace

import numpy as np
from PIL import Image, ImageOps

from actviz_core.errors import UnknownImageError, quoted
from actviz_core.names.image import split_variant, with_variant
from actviz_core.samples.source import Sample

MIRROR = "mirror"
_NOISE = re.compile(r"noise-(0?\.\d{1,3}|1|1\.0)")


def mirrored(image_id: str) -> str:
    """The id of the picture's mirror image, left and right exchanged."""
    return with_variant(image_id, MIRROR)


def is_mirrored(image_id: str) -> bool:
    """Whether an image id names a mirror image."""
    return split_variant(image_id)[1] == MIRROR


def noisy(image_id: str, strength: float) -> str:
    """The id of the picture with noise; ``strength`` is its standard deviation, 0 to 1 of full brightness."""
    return with_variant(image_id, f"noise-{strength:.3g}")


def vary(sample: Sample, variant: str) -> Sample:
    """Make a variant of a picture, the same one every time. Raises `UnknownImageError`."""
    noise = _NOISE.fullmatch(variant)
    if variant == MIRROR:
        image = ImageOps.mirror(sample.image)
    elif noise is not None:
        image = _with_noise(sample.image, float(noise[1]))
    else:
        raise UnknownImageError(
            f"{sample.id} has no variant {quoted(variant)}. There are {MIRROR!r} and 'noise-0.1' (up to 1)."
        )
    return replace(sample, id=with_variant(sample.id, variant), image=image)


def _with_noise(image: Image.Image, strength: float) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    noise = np.random.default_rng(0).normal(0, 255 * strength, pixels.shape)
    return Image.fromarray(np.clip(np.round(pixels + noise), 0, 255).astype(np.uint8))
