"""Names that came with a file, made fit to be shown."""


def plain(text: str, limit: int = 80) -> str:
    """Make foreign text one line of printable characters, at most ``limit`` long.

    Controls, line ends and marks that turn the direction of writing become blanks; what is cut off shows as
    an ellipsis.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 20 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
