"""Which part of a person's picture a network sees, so that places can be found again in the picture."""

from actviz_core.figures import PicturePart
from actviz_core.models import Model
from actviz_core.names.image import split_variant
from actviz_core.samples import Sample, is_mirrored


def picture_part(model: Model, sample: Sample) -> PicturePart:
    """What the network sees of the sample: all of it, or what is left after the crop."""
    box = model.preprocess.seen_part(sample.image.size)
    return PicturePart(picture_name(sample.id), box, is_mirrored(sample.id))


def picture_name(image_id: str) -> str:
    """What a picture and its variants share."""
    return split_variant(image_id)[0]
