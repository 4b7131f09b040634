"""The values of a network's buffers, noted before a pass and put back after it where they changed."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class _Noted:
    """Tensors of one type and place, and their values side by side: one comparison for hundreds of them."""

    tensors: list[Tensor]
    shapes: list[torch.Size]
    values: Tensor

    def restore(self) -> None:
        if torch.equal(_side_by_side(self.tensors), self.values):
            return
        parts = self.values.split([shape.numel() for shape in self.shapes])
        for tensor, shape, part in zip(self.tensors, self.shapes, parts, strict=True):
            if not torch.equal(tensor, part.view(shape)):
                tensor.copy_(part.view(shape))


class BufferSnapshot:
    """What these tensors hold now; None and tensors without values are passed over."""

    def __init__(self, tensors: Iterable[Tensor | None]) -> None:
        plain: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
        self._others: list[tuple[Tensor, Tensor]] = []
        unique = {id(tensor): tensor for tensor in tensors if tensor is not None and not tensor.is_meta}
        for tensor in unique.values():
            if type(tensor) is Tensor and tensor.layout is torch.strided and not tensor.is_quantized:
                plain.setdefault((tensor.dtype, tensor.device), []).append(tensor)
            else:
                self._others.append((tensor, tensor.detach().clone()))
        self._plain = [
            _Noted(alike, [tensor.shape for tensor in alike], _side_by_side(alike))
            for alike in plain.values()
        ]

    def restore(self) -> None:
        """Put back what changed since."""
        with torch.no_grad():
            for noted in self._plain:
                noted.restore()
            for tensor, value in self._others:
                if not torch.equal(tensor, value):
                    tensor.copy_(value)


def _side_by_side(tensors: list[Tensor]) -> Tensor:
    with torch.no_grad():
        return torch.cat([tensor.reshape(-1) for tensor in tensors])
