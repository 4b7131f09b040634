"""Image ids: ``cifar10-test/42``, ``upload/0123456789ab``, and variants: ``cifar10-test/42~mirror``."""

import re
from dataclasses import dataclass, replace

from actviz_core.errors import UnknownImageError, quoted

UPLOAD = "upload"
"""The source of uploaded pictures."""

UPLOAD_DIGITS = 12
"""How many hex digits of its file's SHA-256 name an upload."""

_VARIANT = "~"

ORIGINAL = _VARIANT
"""In a panel: the picture in hand without a variant."""


@dataclass(frozen=True)
class ImageId:
    """The parts of an image id: a source's key with an index, or ``upload`` with 12 hex digits.

    ``variant`` is what follows a ``~``: `actviz_core.samples.variants` knows what it means.
    """

    source: str
    item: int | str
    variant: str = ""

    def __str__(self) -> str:
        """The id as links carry it."""
        return f"{self.source}/{self.item}" + (f"{_VARIANT}{self.variant}" if self.variant else "")

    @classmethod
    def parse(cls, text: str) -> "ImageId":
        """Take an image id apart. Raises `UnknownImageError` when it cannot be one.

        Whether there is such a source and picture, `actviz_core.samples` finds out.
        """
        original, variant = split_variant(text)
        source, _, item = original.partition("/")
        if source_of(text) is None:
            raise UnknownImageError(
                f"{quoted(text)} is no image id. Write <source>/<index>, such as bundled-cifar10/3."
            )
        if source == UPLOAD:
            if not re.fullmatch(f"[0-9a-f]{{{UPLOAD_DIGITS}}}", item):
                raise UnknownImageError(
                    f"{quoted(text)} is no image id: an upload has {UPLOAD_DIGITS} digits from 0 to f, such "
                    "as upload/0123456789ab."
                )
            return cls(source, item, variant or "")
        if not re.fullmatch("[0-9]{1,9}", item):
            raise UnknownImageError(
                f"{quoted(text)} is no image id: after {source}/ goes a whole number from 0 up, as in "
                f"{source}/3."
            )
        return cls(source, int(item), variant or "")

    @property
    def original(self) -> "ImageId":
        """The picture that a variant is of."""
        return replace(self, variant="")


def source_of(text: str) -> str | None:
    """What stands where an image id has its source; None where the text has no such part."""
    source, slash, _ = split_variant(text)[0].partition("/")
    return source if slash else None


def split_variant(text: str) -> tuple[str, str | None]:
    """The picture and the variant of it that a text names, either of which may be empty.

    The variant is None where the text has none at all: ``~`` alone, as in a panel, means the original.
    """
    picture, mark, variant = text.partition(_VARIANT)
    return picture, variant if mark else None


def with_variant(picture: str, variant: str) -> str:
    """The picture with a variant of it; `split_variant` takes it apart."""
    return f"{picture}{_VARIANT}{variant}"
