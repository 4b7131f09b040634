"""Copies of a network that hold other tensors: without values, or on the CPU."""

import copy
import threading
import types

from torch import Tensor, nn

from actviz_core.hooks.locks import module_locks
from actviz_core.hooks.memory import tensors_of_model

# What modules may hold that has no copy, and nothing to be kept in: both networks may use the same one.
_UNCOPYABLE = (
    *(type(threading.Lock()), type(threading.RLock()), threading.Event, threading.Condition),
    *(threading.Semaphore, types.ModuleType),
)


def twin(root: nn.Module, tensors: dict[int, object]) -> nn.Module:
    """A copy in which other tensors, by the ids of the network's own, stand in their place."""
    uncopyable = {
        id(value): value
        for module in root.modules()
        for value in vars(module).values()
        if isinstance(value, _UNCOPYABLE)
    }
    with module_locks().hold(root):
        return copy.deepcopy(root, tensors | uncopyable)


def on_cpu(root: nn.Module) -> nn.Module:
    """The network itself if it lives on the CPU, else a copy of it there."""
    own = [*tensors_of_model(root)]
    if all(tensor.is_cpu for tensor in own):
        return root
    return twin(root, {id(tensor): _moved(tensor) for tensor in own})


def _moved(tensor: Tensor) -> Tensor:
    values = tensor.detach().cpu()
    return nn.Parameter(values, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else values
