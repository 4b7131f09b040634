"""What a network changes on itself in a pass is put back."""

import torch

from actviz_core import capture
from actviz_core.hooks import module_tree
from tests.odd_modules import Changes


def test_numbers_tensors_lists_and_new_attributes_are_as_they_were() -> None:
    module = Changes()
    total, seen = module.total, module.seen
    x = torch.rand(1, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    first = capture(module, x, [""])[""]
    module_tree(module, x)
    assert (module.count, module.last) == (0, None)
    assert module.total is total
    assert module.total.tolist() == [0, 0, 0, 0]
    assert module.seen is seen
    assert seen == []
    assert torch.equal(capture(module, x, [""])[""], first)
