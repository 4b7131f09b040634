"""Plain sentences about how an activation's axes are read."""

from collections.abc import Sequence

from actviz_core.layouts.layout import Layout, LayoutKind


def reading_sentence(layout: Layout, shape: Sequence[int]) -> str:
    """What the axes of an activation are taken for, and why.

    "Read as 14 x 14 patches plus a class token: the network's patch size is 16."
    """
    why = layout.why[:1].lower() + layout.why[1:] if layout.why.startswith(_MAY_BE_SMALL) else layout.why
    said = f"Read as {_what(layout, dict(zip(layout.axes, shape, strict=True)))}: {why}"
    if layout.certain:
        return said
    return f'{said} That is a guess; "Read as" offers others.'


_MAY_BE_SMALL = ("The ", "There ", "A ", "Only ", "All ", "Each ", "Rows ", "You ", "In ")


def _what(layout: Layout, sizes: dict[str, int]) -> str:
    """What it is read as, with the numbers of the picture's own parts."""
    channels = sizes.get("C", 1)
    match layout.kind:
        case LayoutKind.TOKENS if layout.grid is not None:
            rows, columns = layout.grid
            return f"{rows} x {columns} patches{_more(layout.prefix)}"
        case LayoutKind.WINDOWS if layout.grid is not None and layout.window is not None:
            rows, columns = layout.window
            return f"{layout.grid[0]} x {layout.grid[1]} patches in windows of {rows} x {columns}"
        case LayoutKind.CHANNEL_LAST:
            return f"{sizes['H']} x {sizes['W']} places with {channels} channels each, channels last"
        case LayoutKind.MAPS:
            return f"{channels} channel{'s' * (channels != 1)} of {sizes['H']} x {sizes['W']} places"
        case LayoutKind.SEQUENCE:
            return f"{sizes['L']} positions with {channels} channels each"
        case LayoutKind.VOLUME:
            return (
                f"{channels} channels of {sizes['D']} slices of {sizes['H']} x {sizes['W']}, "
                "drawn side by side"
            )
        case LayoutKind.VECTOR:
            return "one number a channel"
        case LayoutKind.OTHER if "A" in sizes:
            return f"{sizes['A']} attention heads"
        case _:
            return " x ".join(map(str, sizes.values())) if len(sizes) > 2 else "rows and columns"


def _more(prefix: Sequence[str]) -> str:
    """The tokens beside the patches: " plus a class token and 4 registers"."""
    own = [f"a {name}" for name in prefix if not name.startswith("register")]
    registers = len(prefix) - len(own)
    if registers:
        own.append(f"{registers} register{'s' * (registers != 1)}")
    return f" plus {', '.join(own[:-1])}{' and ' * (len(own) > 1)}{own[-1]}" if own else ""
