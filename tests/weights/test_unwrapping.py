"""State dicts are found where training scripts put them, and prefixes go only where all names carry them."""

from collections import OrderedDict

import pytest
import torch
from torch import Tensor

from actviz_core.weights.unwrapping import WRAPPERS, unwrap


def state(value: float) -> dict[str, Tensor]:
    return {"fc.weight": torch.tensor([value])}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_each_wrapper_is_opened(wrapper: str) -> None:
    tensors, notes = unwrap({"epoch": 3, wrapper: state(1)}, "x.pt")
    assert tensors == state(1)
    assert notes == (f"Taken from {wrapper}.",)


def test_a_bare_state_dict_needs_no_note() -> None:
    assert unwrap(OrderedDict(state(1)), "x.pt") == (state(1), ())


def test_what_lies_deepest_counts() -> None:
    tensors, notes = unwrap({"model": {"state_dict": state(1)}}, "x.pt")
    assert (tensors, notes) == (state(1), ("Taken from model.state_dict.",))


def test_of_several_the_first_in_the_documented_order_is_taken_and_said() -> None:
    tensors, notes = unwrap({"ema": state(1), "net": state(2), "model": state(3)}, "x.pt")
    assert tensors == state(3)
    assert notes == ("Taken from model (there are also weights at net, ema).",)


def test_a_wrapper_that_holds_no_weights_is_passed_over() -> None:
    tensors, notes = unwrap({"model": "resnet18", "net": state(1)}, "x.pt")
    assert (tensors, notes) == (state(1), ("Taken from net.",))


def test_prefixes_go_as_often_as_all_names_carry_them() -> None:
    names = ("module._orig_mod.module.a", "module._orig_mod.module.module.b")
    tensors, notes = unwrap({name: torch.ones(1) for name in names}, "x.pt")
    assert list(tensors) == ["a", "module.b"]
    assert notes == ("Removed module._orig_mod.module. in front of every name.",)


def test_a_prefix_that_one_name_lacks_stays() -> None:
    names = ["module.a", "n_averaged"]
    assert unwrap({name: torch.ones(1) for name in names}, "x.pt")[1] == ()


def test_attributes_out_of_the_file_do_not_stand_in_for_methods() -> None:
    hostile = OrderedDict(state(1))
    hostile.__dict__.update(items=None, keys=OrderedDict)
    assert unwrap({"state_dict": hostile}, "x.pt")[0] == state(1)


def test_mappings_within_themselves_come_to_an_end() -> None:
    endless: dict[str, object] = dict(state(1))
    endless = {"model": state(1)}
    endless["state_dict"] = endless
    tensors, _ = unwrap(endless, "x.pt")
    assert tensors == state(1)
