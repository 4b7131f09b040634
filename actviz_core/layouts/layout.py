"""How an activation's axes are read: which of them are channels, rows, columns, positions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

Size = tuple[int, int]


class LayoutKind(StrEnum):
    """The ways in which an activation is laid out, which decide how it is drawn."""

    MAPS = "maps"
    CHANNEL_LAST = "channel-last"
    TOKENS = "tokens"
    WINDOWS = "windows"
    SEQUENCE = "sequence"
    VECTOR = "vector"
    VOLUME = "volume"
    OTHER = "other"


@dataclass(frozen=True)
class Layout:
    """One reading of an activation.

    Attributes:
        kind: what it is.
        axes: one letter an axis: N pictures, C channels, H rows, W columns, D depth, L positions, G windows,
            A attention heads; a dot is an axis without a name. Heads and windows may share an axis with the
            pictures, which is then written G.
        why: one sentence that says how this was decided.
        certain: False where nothing but the shape was there to go by.
        grid: rows and columns of the patches (tokens, windows).
        prefix: names of the class and register tokens, which stand before the patches.
        window: rows and columns of one window.
        shift: how far the picture was rolled up and left before it was cut into windows.
        rolled_first: whether that was before the rows and columns that fill up the last windows were added.
        on_picture: whether rows and columns are places in the picture.
        alternatives: other readings that the shape admits.

    """

    kind: LayoutKind
    axes: str
    why: str
    certain: bool = True
    grid: Size | None = None
    prefix: tuple[str, ...] = ()
    window: Size | None = None
    shift: Size = (0, 0)
    rolled_first: bool = False
    on_picture: bool = True
    alternatives: tuple["Layout", ...] = field(default=(), compare=False, repr=False)

    @property
    def name(self) -> str:
        """What links and the page call it: ``tokens``, or ``sequence-lnc`` where the axes are unusual."""
        if self.axes == _USUAL.get((self.kind, len(self.axes)), self.axes):
            return self.kind.value
        return f"{self.kind.value}-{self.axes.lower()}"

    def reading(self, name: str) -> "Layout | None":
        """The layout itself or its alternative of that name; None if there is none."""
        return next((layout for layout in (self, *self.alternatives) if layout.name == name), None)

    @property
    def readings(self) -> tuple[str, ...]:
        """The names of this layout and of its alternatives."""
        return (self.name, *(layout.name for layout in self.alternatives))


_USUAL = {
    (LayoutKind.MAPS, 4): "NCHW",
    (LayoutKind.CHANNEL_LAST, 4): "NHWC",
    (LayoutKind.TOKENS, 3): "NLC",
    (LayoutKind.SEQUENCE, 3): "NLC",
    (LayoutKind.VOLUME, 5): "NCDHW",
}


def default_layout(shape: Sequence[int], *, batch: int = 1) -> Layout:
    """The usual reading of a shape, with nothing but the shape to go by; ``batch`` counts the pictures.

    (N, C, H, W) are maps, or a vector where there is one cell; (N, C, D, H, W) a volume; (N, L, C) a
    sequence, (L, N, C) where only that fits the batch; (N, C) and less a vector.
    """
    shape = tuple(shape)
    said = "The shape alone says so"
    match shape:
        case () | (_,):
            axes = "N" if shape == (batch,) else "C" * len(shape)
            return Layout(LayoutKind.VECTOR, axes, "A shape like this is a list of numbers.")
        case (n, _):
            axes = "NC" if n == batch else "GC"
            return Layout(LayoutKind.VECTOR, axes, "There is one number a channel.", certain=n == batch)
        case (_, _, 1, 1):
            return Layout(LayoutKind.VECTOR, "NC..", "Each channel has one cell.")
        case (_, 1, 1, _):
            return Layout(LayoutKind.VECTOR, "N..C", "Each channel has one cell.")
        case (_, _, _, _):
            return Layout(LayoutKind.MAPS, "NCHW", f"{said}: four axes are mostly channels first.", False)
        case (_, _, _, _, _):
            return Layout(
                LayoutKind.VOLUME, "NCDHW", f"{said}: five axes are mostly a volume.", False, on_picture=False
            )
        case (first, second, _):
            axes = "LNC" if first != batch and second == batch else "NLC"
            why = f"{said}: three axes are mostly positions, then channels."
            return Layout(LayoutKind.SEQUENCE, axes, why, False, on_picture=False)
        case _:
            axes = "N" + "." * (len(shape) - 1)
            return Layout(
                LayoutKind.OTHER, axes, f"{len(shape)} axes have no usual order.", False, on_picture=False
            )


def with_alternatives(layout: Layout, shape: Sequence[int], picture: Size, *, batch: int = 1) -> Layout:
    """The layout together with every other reading that the shape admits; ``picture`` is (H, W)."""
    readings = {layout.name: layout}
    for other in _readings(tuple(shape), picture, batch):
        readings.setdefault(other.name, other)
    return replace(layout, alternatives=tuple(readings.values())[1:])


def _readings(shape: tuple[int, ...], picture: Size, batch: int) -> list[Layout]:
    why = "You chose this reading."
    kind = LayoutKind

    def plain(of: LayoutKind, axes: str, *, on_picture: bool) -> Layout:
        return Layout(of, axes, why, on_picture=on_picture)

    match len(shape):
        case 4:
            return [
                plain(kind.MAPS, "NCHW", on_picture=True),
                plain(kind.CHANNEL_LAST, "NHWC", on_picture=True),
                plain(kind.OTHER, "NALC", on_picture=False),
            ]
        case 3:
            found = [
                Layout(kind.TOKENS, axes, why, grid=grid, prefix=prefix_names(tokens - grid[0] * grid[1]))
                for axes, tokens in (("NLC", shape[1]), ("LNC", shape[0]), ("NCL", shape[2]))
                if (grid := guess_grid(tokens, picture)) is not None and (axes != "LNC" or shape[1] == batch)
            ]
            found += [plain(kind.SEQUENCE, axes, on_picture=False) for axes in ("NLC", "LNC", "NCL")]
            return [*found, plain(kind.MAPS, "NHW", on_picture=True)]
        case 5:
            axes = ("NCDHW", "NDHWC")
            return [
                *(plain(kind.VOLUME, a, on_picture=False) for a in axes),
                plain(kind.OTHER, "N....", on_picture=False),
            ]
        case _:
            return []


def guess_grid(tokens: int, picture: Size) -> Size | None:
    """Rows and columns of square patches that, with up to five tokens before them, make up ``tokens``.

    The largest such grid with more than one patch; None if there is none. ``picture`` is (H, W) in pixels.
    """
    height, width = picture
    for patch in range(1, min(height, width)):
        rows, columns = height // patch, width // patch
        if 1 < rows * columns <= tokens <= rows * columns + 5:
            return rows, columns
    return None


def prefix_names(count: int, *, class_token: bool = True, distillation: bool = False) -> tuple[str, ...]:
    """Name the tokens before the patches: class token, distillation token, then registers."""
    names = ["class token"] * class_token + ["distillation token"] * distillation
    registers = count - len(names)
    return tuple([*names, *(f"register {number}" for number in range(1, registers + 1))][:count])
