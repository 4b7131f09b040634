"""Lends a network to a library that hooks it itself, and takes it back as it was."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from actviz_core.hooks.passes import left_as_found
from actviz_core.hooks.walk import named_modules


@contextmanager
def lent(root: nn.Module) -> Iterator[None]:
    """Hold the network for this thread, in eval mode with gradients, for others to hook.

    Afterwards, also after an exception, hooks and attributes of every module are those from before, beside
    all that `left_as_found` restores.
    """
    with torch.inference_mode(False), left_as_found(root, keep_mode=False, gradients=True):
        found = [_Found.of(module) for _, module in named_modules(root)]
        try:
            yield
        finally:
            for one in found:
                one.restore()


@dataclass(frozen=True)
class _Found:
    module: nn.Module
    attributes: dict[str, Any]
    hooks: dict[str, OrderedDict[int, Any]]

    @classmethod
    def of(cls, module: nn.Module) -> "_Found":
        attributes = dict(vars(module))
        hooks = {name: OrderedDict(value) for name, value in attributes.items() if _is_hooks(name, value)}
        return cls(module, attributes, hooks)

    def restore(self) -> None:
        now = vars(self.module)
        for name in [name for name in now if name not in self.attributes]:
            del now[name]
        for name, value in self.attributes.items():
            if now.get(name, self) is not value:
                now[name] = value
        for name, entries in self.hooks.items():
            if now[name] != entries:
                now[name].clear()
                now[name].update(entries)


def _is_hooks(name: str, value: object) -> bool:
    return name.startswith("_") and "hooks" in name and isinstance(value, dict)
