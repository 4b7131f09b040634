"""What tells pictures apart by their pixels."""

from actviz_core.samples.source import Sample


def picture_key(sample: Sample) -> str:
    """A name for exactly these pixels: an image id may come to show another picture (a folder's file)."""
    if sample.id.startswith("folder/"):
        return f"{sample.id}@{hash((sample.image.size, sample.image.tobytes())):x}"
    return sample.id
