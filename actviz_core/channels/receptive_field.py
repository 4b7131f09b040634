"""Which pixels of the input a cell can depend on at all: exact for any network, by dependency.

A formula over kernels and strides knows convolutions and nothing else. What decides here is the computation
itself: whatever depends on a pixel that is no number (NaN) is no number either. Strips of NaN from each of
the four sides, one batch for all four, therefore tell how deep a strip must be to reach the cell. Pixels with
a gradient tell where to try first.

A network can swallow NaN (``torch.where(x > 0, x, 0)`` does). So the answer is checked: with other pixels
outside the box, the cell must keep every bit. Where it doesn't, or where a pass on NaN raises, the sides are
searched by changing pixels instead, and the answer says so.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from actviz_core.channels.cells import check_place, maps_of, returned_once
from actviz_core.channels.input_box import Evidence, ReceptiveField
from actviz_core.channels.strips import Region, Sides, sides_reached
from actviz_core.errors import ChannelError, ShapeError
from actviz_core.hooks import capture
from actviz_core.hooks.copies import on_cpu
from actviz_core.hooks.input_gradient import input_gradient
from actviz_core.hooks.selection import has_steps
from actviz_core.layouts.of_network import layout_of

_CHANGES = 3  # so many random pictures have their say where pixels are changed instead


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
        field = ReceptiveField(*sides_reached(self._size, reaches, guess), self._size)
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
        sides = sides_reached(self._size, reaches) if reaches([whole])[0] else (0, 0, 0, 0)
        return ReceptiveField(*sides, self._size, evidence=Evidence.CHANGES)

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


def _differ(first: Tensor, second: Tensor) -> bool:
    return bool(((first != second) & ~(first.isnan() & second.isnan())).any())
