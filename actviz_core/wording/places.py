"""Where in a map a cell lies, in words."""

from collections.abc import Sequence


def place_of(row: int, column: int, shape: Sequence[int]) -> str:
    """Where in a map of this shape, (..., H, W), a cell lies: "in the upper left". Empty for tiny maps.

    The centre is the middle third; a cell is near an edge where its own centre is in the outer sixth.
    """
    height, width = shape[-2:]
    if height < 3 or width < 3:
        return ""
    vertical = ("upper", "", "lower")[3 * row // height]
    horizontal = ("left", "", "right")[3 * column // width]
    at_edges = _near_edge(row, height), _near_edge(column, width)
    if vertical and horizontal:
        return (
            f"near the {vertical} {horizontal} corner" if all(at_edges) else f"in the {vertical} {horizontal}"
        )
    if not (vertical or horizontal):
        return "near the centre"
    if any(at_edges):
        return f"near the {({'upper': 'top', 'lower': 'bottom'}).get(vertical, horizontal)} edge"
    return f"{({'upper': 'above', 'lower': 'below'}).get(vertical, f'{horizontal} of')} the centre"


def _near_edge(index: int, count: int) -> bool:
    """Whether the middle of one of so many cells in a row lies in the first or the last sixth."""
    return 6 * min(index, count - 1 - index) + 3 <= count
