"""How numbers with a unit are written, the same everywhere: shares in percent, bytes in megabytes, times."""

NO_BREAK = "\u00a0"  # a space at which no line ends

MEGABYTE = 10**6
"""Bytes in a megabyte: in all that is written, and in every setting that ends in ``_MB``."""


def percent(share: float, digits: int = 0) -> str:
    """A share of 0 to 1 with so many digits after the point: ``93 %``, ``< 1 %``, ``> 99 %``.

    Something is never rounded to nothing, nor nearly all to all: ``> 99.9 %`` with one digit.
    """
    least = 10.0 ** (-2 - digits)
    if 0 < share < least:
        text = f"< {least:.{digits}%}"
    elif 1 - least < share < 1:
        text = f"> {1 - least:.{digits}%}"
    else:
        text = f"{share:.{digits}%}"
    return text.replace("%", " %").replace(" ", NO_BREAK)


def share_in_words(share: float) -> str:
    """A share of 0 to 1 within a sentence: ``23 %``, ``less than 1 %``, ``more than 99 %``."""
    return percent(share).replace(f"<{NO_BREAK}", "less than ").replace(f">{NO_BREAK}", "more than ")


def megabytes(count: int) -> str:
    """A number of bytes in megabytes: ``2,000 MB``, ``45 MB``, ``1.1 MB``, ``< 0.1 MB``."""
    value = count / MEGABYTE
    if 0 < value < 0.05:
        return "< 0.1 MB"
    text = f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")
    return f"{text} MB"


def duration(seconds: float) -> str:
    """A time that is known roughly: ``3 s``, ``4 min``, ``2.5 h``; never less than a second."""
    if seconds < 90:
        return f"{max(1, round(seconds))}{NO_BREAK}s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)}{NO_BREAK}min"
    return f"{seconds / 3600:,.1f}".removesuffix(".0") + f"{NO_BREAK}h"
