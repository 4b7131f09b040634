"""Text from files, labels and networks, made safe to show where Streamlit reads Markdown."""

import re
import string

NO_BREAK = "\u00a0"  # a space at which no line ends
_SPACES = re.compile(rf"[^\S{NO_BREAK}]+")
_MARKUP = re.compile(f"([{re.escape(string.punctuation)}])")


def plain(text: str) -> str:
    """Escape every character that Markdown could read as markup; line breaks become spaces."""
    return _MARKUP.sub(r"\\\1", _SPACES.sub(" ", text.strip()))


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


def shares(share: float) -> str:
    """A measured share of 0 to 1 with a digit after the point: ``89.7 %``."""
    return f"{share:.1%}".replace("%", f"{NO_BREAK}%")


def shape_text(shape: tuple[int, ...] | None) -> str:
    """The shape of an activation without its batch of one: ``64 x 56 x 56``."""
    return "never runs" if shape is None else " x ".join(map(str, shape[1:] or shape))
