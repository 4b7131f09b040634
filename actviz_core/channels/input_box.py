"""The box of input pixels that a cell can depend on, and how far it is certain."""

from dataclasses import dataclass
from enum import StrEnum


class Evidence(StrEnum):
    """How the sides of a receptive field were found."""

    NAN = "nan"  # no pixel outside reaches the cell, and the outermost rows and columns do: exact
    CHANGES = "changes"  # from a few random pictures: at least this large


@dataclass(frozen=True)
class ReceptiveField:
    """The smallest box of input pixels that holds all that a cell can depend on.

    Attributes:
        top, bottom, left, right: in input pixels, half-open: rows ``top`` to ``bottom - 1``. All are 0 where
            nothing reaches the cell.
        input_size: height and width of the input, in pixels.
        layer_sees_all: whether every cell of the layer depends on the first and the last pixel of the input,
            as after global pooling or attention.
        evidence: whether the box is exact, or what a few random pictures have shown.

    """

    top: int
    bottom: int
    left: int
    right: int
    input_size: tuple[int, int]
    layer_sees_all: bool = False
    evidence: Evidence = Evidence.NAN

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.right - self.left

    @property
    def sees_all(self) -> bool:
        """Whether the box is the whole input."""
        return (self.height, self.width) == self.input_size

    @property
    def empty(self) -> bool:
        """Whether nothing of the input reaches the cell."""
        return self.height == 0 or self.width == 0

    def sentence(self) -> str:
        """What the box says, in plain words."""
        exact = self.evidence is Evidence.NAN
        if self.empty:
            return "No change of the picture that was tried changes this cell's value."
        if self.layer_sees_all:
            return "Every cell of this layer can depend on every part of the picture."
        if self.sees_all:
            return "This cell can depend on the picture from edge to edge."
        height, width = self.input_size
        box = f"{self.height} x {self.width} of the picture's {height} x {width} pixels"
        if exact:
            return f"This cell can depend on {box}, and on no other."
        return f"This cell depends on at least {box}, as changed pixels show."
