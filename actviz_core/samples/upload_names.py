"""The names that uploaded pictures had as files, each in a small file beside its picture."""

from pathlib import Path

from actviz_core.untrusted.names import plain

SUFFIX = ".name"
_MOST_BYTES = 1000  # of a name that is read back: 80 characters take at most 320


def keep_name(picture: Path, name: str, temporary: Path) -> None:
    """Write the name of a picture's file beside it, in one step, by way of a folder on the same disk.

    Folders before the name go, and foreign text is made fit to be shown. Raises OSError.
    """
    part = temporary / "name"
    part.write_text(plain(name.replace("\\", "/").rpartition("/")[2]), encoding="utf-8")
    part.replace(_beside(picture))


def name_of(picture: Path) -> str | None:
    """The name that a picture's file had; None where it is not known."""
    try:
        with _beside(picture).open("rb") as file:
            return plain(file.read(_MOST_BYTES).decode(errors="replace")) or None
    except OSError:
        return None


def drop_name(picture: Path) -> None:
    """Remove the name of a picture that is removed. Raises OSError."""
    _beside(picture).unlink(missing_ok=True)


def _beside(picture: Path) -> Path:
    return picture.with_name(picture.name + SUFFIX)
