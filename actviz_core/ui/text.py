"""Text from files, labels and networks, made safe to show where Streamlit reads Markdown."""

import re
import string

from actviz_core.units import NO_BREAK

JOINER = "\u2060"  # has no width; here it keeps apart what Streamlit would read as one thing
_SPACES = re.compile(rf"[^\S{NO_BREAK}]+")
_UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE = re.compile(r"[^A-Za-z0-9._~-]+")
_PLAIN_NAME = re.compile(r"[\w./#\[\]-]*")
_EMPHASIS = re.compile(r"(?<![^\W_])_.*_(?![^\W_])")
_MARKUP = re.compile(f"([{re.escape(string.punctuation)}])")
# What Streamlit finds in text after it has read the Markdown, so that no escape keeps it from it: addresses,
# which become links, and names between colons, which become icons.
_FOUND_LATER = re.compile(r"https?:(?=//)|www(?=\.)|@(?=[-\w]+\.[-\w])|:(?=[\w+-]+:)", re.IGNORECASE)


def plain(text: str) -> str:
    """Make Markdown of a text that reads as the text does, whatever is in it, on one line.

    Every character that could be markup is escaped. What turns the direction of writing, and what is no
    character at all, becomes U+FFFD.
    """
    line = _UNSEEN.sub("\ufffd", _SPACES.sub(" ", text.strip()))
    return _MARKUP.sub(r"\\\1", _FOUND_LATER.sub(rf"\g<0>{JOINER}", line))


def shorten(text: str, length: int) -> str:
    """Cut off what is longer than so many characters, and say so with an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def file_name(text: str) -> str:
    """The text with nothing that a file system could stumble over."""
    return _UNSAFE.sub("-", text)


def option_text(name: str) -> str:
    """A layer's name for a switch whose labels are Markdown and part of the link.

    Names as Python has them stay as they are, and with them the links; other names are escaped.
    """
    return name if _PLAIN_NAME.fullmatch(name) and not _EMPHASIS.search(name) else plain(name)


def shape_text(shape: tuple[int, ...] | None) -> str:
    """The shape of an activation without its batch of one: ``64 x 56 x 56``."""
    return "never runs" if shape is None else " x ".join(map(str, shape[1:] or shape))
