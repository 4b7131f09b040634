"""Copies of networks in which edits last: every pass of such a copy is an edited one."""

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from actviz_core.errors import EditError
from actviz_core.hooks.edits import Edit, apply
from actviz_core.hooks.nesting import with_tensors
from actviz_core.hooks.walk import is_scripted, named_modules


def edited_copy(module: nn.Module, edits: Mapping[str, Edit]) -> nn.Module:
    """A copy of a network whose layers return what ``edits``, by layer name, make of what they returned.

    It shares the parameters with the network, has buffers of its own, and computes what
    ``capture(module, ..., edits=edits)`` does. An edit is made of every call, and of every tensor of a call.
    Raises `EditError` for a layer that isn't there, and where a network cannot be copied or hooked.
    """
    if any(is_scripted(part) for _, part in named_modules(module)):
        raise EditError("Networks in TorchScript cannot be edited: nothing inside them can be reached.")
    shared: dict[int, Any] = {id(parameter): parameter for parameter in module.parameters()}
    try:
        edited: nn.Module = copy.deepcopy(module, shared)
    except Exception as error:
        raise EditError(f"This network cannot be edited: it cannot be copied ({error}).") from error
    layers = dict(named_modules(edited))
    for name, edit in edits.items():
        if name not in layers:
            raise EditError(f"{name!r} is not a layer of this network, so it cannot be edited.")
        layers[name].register_forward_hook(partial(_changed, name, edit))
    return edited


def _changed(name: str, edit: Edit, _module: nn.Module, _arguments: Any, output: Any) -> Any:
    def make(_place: str, tensor: Tensor) -> Tensor:
        return apply(edit, tensor, name)

    return with_tensors(output, make)
