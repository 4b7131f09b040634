"""Networks have their own names, however a training script wrapped them."""

import pytest
import torch

from actviz_core import capture
from actviz_core.hooks.walk import named_modules
from actviz_core.models.wrappers import SCRIPTED_NOTE, UNCOMPILED_NOTE, unwrapped
from tests.odd_modules import ReluTwice
from tests.odd_toys import build


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("data parallel", ""),
        ("compiled", UNCOMPILED_NOTE),
        ("compiled data parallel", UNCOMPILED_NOTE),
        ("compiled in place", UNCOMPILED_NOTE),
        ("scripted", SCRIPTED_NOTE),
        ("scripted part", SCRIPTED_NOTE),
    ],
)
def test_wrappers_leave_no_trace_but_a_note(kind: str, note: str) -> None:
    module, said = unwrapped(build(kind).module)
    assert said == note
    plain = [name for name, _ in named_modules(build("plain").module)]
    if kind not in ("scripted", "scripted part"):
        assert [name for name, _ in named_modules(module)] == plain


@pytest.mark.parametrize("kind", ["compiled part", "data parallel part"])
def test_wrapped_parts_have_no_names_of_wrappers(kind: str) -> None:
    module, _ = unwrapped(build(kind).module)
    names = [name for name, _ in named_modules(module)]
    assert names == ["", "conv", "between", "between.0", "between.1", "fc", "after"]
    assert list(module.state_dict())[2] == "between.0.weight"


def test_a_layer_called_as_anothers_call_replaces_nothing() -> None:
    module = ReluTwice()
    x = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    record = capture(module, x)
    assert torch.equal(record["relu#1"], x.relu())
    assert torch.equal(record["relu#1#1"], (x.relu() - 0.3).clamp(-0.5, 0.25))
    assert {"relu#1", "relu#1#1", "relu#2"} <= set(record)
