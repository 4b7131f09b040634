"""Buffers get their values back after a pass, and only those that changed are written to."""

import pytest
import torch
from torch import Tensor

from actviz_core.hooks.buffers import BufferSnapshot


def test_what_changed_is_put_back_and_the_rest_is_not_touched() -> None:
    changed, same, whole = torch.arange(6.0).view(2, 3), torch.full((4,), torch.nan), torch.arange(3)
    values = BufferSnapshot([changed, None, same, whole, torch.empty(2, device="meta")])
    versions = same._version, whole._version
    changed.add_(1)
    values.restore()
    assert changed.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (same._version - versions[0] <= 1, whole._version) == (True, versions[1])


@pytest.mark.parametrize("beside", [torch.zeros(1).expand(5), torch.inference_mode()(torch.zeros)(3)])
def test_a_buffer_that_cannot_be_written_to_does_no_harm(beside: Tensor) -> None:
    changed = torch.ones(2)
    values = BufferSnapshot([beside, changed])
    changed.zero_()
    values.restore()
    assert changed.tolist() == [1, 1]


def test_a_tensor_of_another_kind_is_put_back_too() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    values = BufferSnapshot([parameter])
    with torch.no_grad():
        parameter.zero_()
    values.restore()
    assert parameter.tolist() == [1, 1]
