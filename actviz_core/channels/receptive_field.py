"""Which pixels of the input a cell can depend on at all: exact for any network, by dependency.

A formula over kernels and strides knows convolutions and nothing else. What decides here is the computation
itself: whatever depends on a pixel that is no number (NaN) is no number either. Strips of NaN from each of
the four sides, one batch for all four, therefore tell how deep a strip must be to reach the cell. Pixels with
a gradient tell where to try first.

A network can swallow NaN (``torch.where(x > 0, x, 0)`` does). So the answer is checked: with other pixels
outside the box, the cell must keep every bit. Where it doesn't, or where a pass on NaN raises, the sides are
searched by changing pixels instead, and the answer says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from actviz_core.channels.cells import check_place, maps_of, returned_once
from actviz_core.errors import ChannelError, ShapeError
from actviz_core.hooks import capture
from actviz_core.hooks.copies import on_cpu
from actviz_core.hooks.input_gradient import input_gradient
from actviz_core.hooks.selection import has_steps
from actviz_core.layouts.of_network import layout_of

_CHANGES = 3  # so many random pictures have their say where pixels are changed instead

Region = tuple[slice, slice]  # rows and columns of the input
Sides = tuple[int, int, int, int]  # top, bottom, left, right


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


def receptive_field(
    module: nn.Module,
    input_shape: Sequence[int],
    layer: str,
    cell: tuple[int, int],
    *,
    channel: int | None = None,
) -> ReceptiveField:
    """Find the box of input pixels that one cell of a layer's maps can depend on.

    Args:
        module: any network that takes one batch of pictures. It runs in eval mode and is left as found.
        input_shape: (N, C, H, W); the box does not depend on N.
        layer: a layer, call or step name: ``layer2.0.conv1``, ``relu#2``, ``layer1.0/add#1``.
        cell: row and column in the layer's maps, as `actviz_core.analysis.as_maps` lays them out.
        channel: one channel of the layer; None for all of them together. They differ where branches with
            kernels of different sizes are joined.

    The box tells what can be, not how much it matters: a weight of zero, or a mask that adds a large negative
    number before a softmax (as in Swin's shifted windows), does not cut a dependency. It is the smallest box
    around all pixels that reach the cell; not every pixel inside has to.

    Mostly that takes six passes of one to four pictures, each ending at the layer, one of them forward and
    backward: the gradient says where to look. Where pooling hides a pixel from it, a few more; without
    gradients one for each halving of the longer side. A network that looks at everything is done after two.
    All run on the CPU, where no convolution touches other pixels than its own; a network that lives on
    another device is copied there.

    Raises `ShapeError` for an ``input_shape`` without four axes or a layer without cells, `ChannelError` for
    a cell or channel that is not there, and where an ordinary picture makes no finite value in the cell, and
    `UnknownLayerError` for a layer that is not there. What the module raises passes through.

    """
    if len(input_shape) != 4 or min(input_shape) < 1:
        raise ShapeError(f"An input of pictures has the shape (N, C, H, W); got {tuple(input_shape)}.")
    return _Search(on_cpu(module), tuple(input_shape[1:]), layer, cell, channel).field()


class _Search:
    """The passes that find one cell's box."""

    def __init__(
        self,
        module: nn.Module,
        shape: tuple[int, ...],
        layer: str,
        cell: tuple[int, int],
        channel: int | None,
    ) -> None:
        like = next((weight for weight in module.parameters() if weight.is_floating_point()), torch.empty(0))
        self._module, self._shape, self._dtype = module, shape, like.dtype
        self._size = (shape[1], shape[2])
        self._generator = torch.Generator().manual_seed(0)
        self._picture = self._random()
        self._together = True
        self._call, value = returned_once(module, self._picture, layer)
        maps = self._maps(value, 1)[0]
        check_place(maps, layer, cell, channel)
        self._cell = (slice(None) if channel is None else slice(channel, channel + 1), *cell)
        self._before = maps[self._cell]
        self._usable = self._before.isfinite()
        if not self._usable.any():
            raise ChannelError(f"An ordinary picture makes no finite value in this cell of {layer!r}.")

    def field(self) -> ReceptiveField:
        """The box, by the best evidence that the network allows."""
        try:
            found = self._by_nan()
        except Exception:  # a network need not take NaN, nor several pictures at once
            self._together = False
            try:
                found = self._by_nan()
            except Exception:
                found = None
        return self._by_changes() if found is None else found

    def _by_nan(self) -> ReceptiveField | None:
        """The box, or None where NaN doesn't tell it."""
        corners = [(slice(0, 1), slice(0, 1)), (slice(-1, None), slice(-1, None))]
        first, last, plain = self._run([*map(self._nan, corners), self._picture])
        if not plain[self._cell][self._usable].isfinite().all():
            return self._one_by_one()
        if self._reached(first) and self._reached(last):
            height, width = self._size
            by_both = plain.isfinite() & ~first.isfinite() & ~last.isfinite()
            return ReceptiveField(0, height, 0, width, self._size, bool(by_both[self._cell[0]].any(0).all()))

        def reaches(regions: list[Region]) -> list[bool]:
            return [self._reached(maps) for maps in self._run([self._nan(region) for region in regions])]

        guess = self._by_gradient()
        if guess is None and not reaches([(slice(None), slice(None))])[0]:
            return None
        field = ReceptiveField(*self._searched(reaches, guess), self._size)
        return field if self._keeps_its_bits(field) else None

    def _by_gradient(self) -> Sides | None:
        """The box around the pixels with a gradient: seldom too small, and never too large."""

        def objective(activation: Tensor) -> Tensor:
            positions = torch.arange(activation.numel()).reshape(activation.shape)
            values = activation.reshape(-1)[self._maps(positions, 1)[0][self._cell].reshape(-1)]
            return (values * torch.linspace(1, 2, len(values), dtype=values.dtype)).sum()

        try:
            _, gradient = input_gradient(self._module, self._picture, self._call, objective)
        except Exception:  # many things can be computed that torch has no gradients for
            return None
        marked = gradient[0].ne(0).any(0)
        rows, columns = marked.any(1).nonzero(), marked.any(0).nonzero()
        if not len(rows):
            return None
        return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1

    def _one_by_one(self) -> ReceptiveField | None:
        """The box again, where pictures of one batch change each other's values."""
        if not self._together:
            return None
        self._together = False
        return self._by_nan()

    def _keeps_its_bits(self, field: ReceptiveField) -> bool:
        """Whether the cell's value stays when every pixel outside the box is another."""
        changed = self._random()
        inside = (..., slice(field.top, field.bottom), slice(field.left, field.right))
        changed[inside] = self._picture[inside]
        return not _differ(self._alone(changed), self._before)

    def _by_changes(self) -> ReceptiveField:
        """The box around what a few random changes of a picture have reached, one picture at a time."""
        others = [self._random() for _ in range(_CHANGES)]

        def reaches(regions: list[Region]) -> list[bool]:
            return [
                any(_differ(self._alone(self._changed(region, other)), self._before) for other in others)
                for region in regions
            ]

        whole = (slice(None), slice(None))
        sides = self._searched(reaches) if reaches([whole])[0] else (0, 0, 0, 0)
        return ReceptiveField(*sides, self._size, evidence=Evidence.CHANGES)

    def _searched(self, reaches: Callable[[list[Region]], list[bool]], guess: Sides | None = None) -> Sides:
        """Top, bottom, left and right: of growing strips from each side, the first that reaches the cell."""
        height, width = self._size
        whole = slice(None)
        strips: list[Callable[[int], Region]] = [
            lambda depth: (slice(0, depth), whole),
            lambda depth: (slice(height - depth, None), whole),
            lambda depth: (whole, slice(0, depth)),
            lambda depth: (whole, slice(width - depth, None)),
        ]
        outside: Sequence[int | None] = (None,) * 4
        if guess is not None:
            outside = (guess[0], height - guess[1], guess[2], width - guess[3])
        sides = [
            _Side(size, depth) for size, depth in zip((height, height, width, width), outside, strict=True)
        ]
        while open_sides := [
            (side, strip) for side, strip in zip(sides, strips, strict=True) if not side.done
        ]:
            depths = [side.next() for side, _ in open_sides]
            answers = reaches([strip(depth) for (_, strip), depth in zip(open_sides, depths, strict=True)])
            for (side, _), depth, reached in zip(open_sides, depths, answers, strict=True):
                side.learn(depth, reached=reached)
        top, bottom, left, right = (side.short for side in sides)
        return top, height - bottom, left, width - right

    def _run(self, pictures: list[Tensor]) -> list[Tensor]:
        """The layer's maps, (C, H, W), for each picture of shape (1, C, H, W)."""
        if not self._together:
            return [self._maps(self._captured(picture), 1)[0] for picture in pictures]
        return self._maps(self._captured(torch.cat(pictures)), len(pictures))

    def _captured(self, inputs: Tensor) -> Tensor:
        steps = has_steps(self._module, [self._call])
        return capture(self._module, inputs, [self._call], steps=steps)[self._call]

    def _maps(self, value: Tensor, batch: int) -> list[Tensor]:
        layout = layout_of(self._module, self._call, value.shape, self._size, batch=batch)
        return [maps_of(value, layout, picture) for picture in range(batch)]

    def _reached(self, maps: Tensor) -> bool:
        """Whether NaN has reached the cell, in a channel that otherwise holds a number."""
        return not bool(maps[self._cell][self._usable].isfinite().all())

    def _alone(self, picture: Tensor) -> Tensor:
        """The cell's values for a picture in a batch of its own."""
        return self._maps(self._captured(picture), 1)[0][self._cell]

    def _random(self) -> Tensor:
        return torch.randn((1, *self._shape), generator=self._generator).to(self._dtype)

    def _nan(self, region: Region) -> Tensor:
        return self._changed(region, torch.full_like(self._picture, torch.nan))

    def _changed(self, region: Region, other: Tensor) -> Tensor:
        changed = self._picture.clone()
        changed[(..., *region)] = other[(..., *region)]
        return changed


class _Side:
    """The search from one side for the first strip that reaches the cell, near a guess if there is one."""

    def __init__(self, size: int, outside: int | None) -> None:
        self.short = 0  # the deepest strip that is known not to reach the cell
        self._deep = size  # the shallowest one that does
        self._guess = outside
        self._step = 1

    @property
    def done(self) -> bool:
        """Whether the two are neighbours."""
        return self._deep - self.short <= 1

    def next(self) -> int:
        """How deep the next strip to be tried is."""
        if self._guess is None:
            return (self.short + self._deep) // 2
        if self.short < self._guess < self._deep:
            return self._guess
        if self.short == self._guess:
            return self.short + 1
        return max(self._deep - self._step, (self.short + self._deep) // 2)

    def learn(self, depth: int, *, reached: bool) -> None:
        """Take in whether the strip of this depth reaches the cell."""
        if not reached:
            self.short = depth
            if self._guess is not None and depth > self._guess:
                self._guess = None
            return
        self._deep = depth
        if self._guess is not None and depth < self._guess:
            self._step *= 2


def _differ(first: Tensor, second: Tensor) -> bool:
    return bool(((first != second) & ~(first.isnan() & second.isnan())).any())
