"""Text from files, labels and networks, made safe to show where Streamlit reads Markdown."""

import re
import string

NO_BREAK = "\u00a0"  # a space at which no line ends
_SPACES = re.compile(rf"[^\S{NO_BREAK}]+")
_PLAIN_NAME = re.compile(r"[\w./#\[\]-]*")
_EMPHASIS = re.compile(r"(?<![^\W_])_.*_(?![^\W_])")
_MARKUP = re.compile(f"([{re.escape(string.punctuation)}])")


def plain(text: str) -> str:
    """Escape every character that Markdown could read as markup; line breaks become spaces."""
    return _MARKUP.sub(r"\\\1", _SPACES.sub(" ", text.strip()))


def option_text(name: str) -> str:
    """A layer's name for a switch whose labels are Markdown and part of the link.

    Names as Python has them stay as they are, and with them the links; other names are escaped.
    """
    return name if _PLAIN_NAME.fullmatch(name) and not _EMPHASIS.search(name) else plain(name)


def megabytes(count: int) -> str:
    """A number of bytes in megabytes (10**6), as people say it: ``45 MB``, ``1.1 MB``."""
    value = count / 1e6
    return f"{value:.0f} MB" if value >= 10 else f"{value:.1f} MB"


def percent(share: float) -> str:
    """A share of 0 to 1 as whole percent, without claiming certainty: ``93 %``, ``< 1 %``, ``> 99 %``."""
    if 0 < share < 0.01:
        text = "< 1 %"
    elif 0.99 < share < 1:
        text = "> 99 %"
    else:
        text = f"{share:.0%}".replace("%", " %")
    return text.replace(" ", NO_BREAK)


def shape_text(shape: tuple[int, ...] | None) -> str:
    """The shape of an activation without its batch of one: ``64 x 56 x 56``."""
    return "never runs" if shape is None else " x ".join(map(str, shape[1:] or shape))
