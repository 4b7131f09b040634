"""Lends a network to a library that hooks it itself, and takes it back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import is_
from typing import Any

import torch
from torch import nn

from actviz_core.hooks.passes import left_as_found
from actviz_core.hooks.walk import named_modules

_HOOKS = tuple(
    name for name, value in vars(nn.Module()).items() if "hooks" in name and isinstance(value, dict)
)


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
    hooks: dict[str, dict[int, Any]]  # of what has any: most modules have none

    @classmethod
    def of(cls, module: nn.Module) -> "_Found":
        attributes = dict(vars(module))
        return cls(
            module, attributes, {name: dict(attributes[name]) for name in _HOOKS if attributes.get(name)}
        )

    def restore(self) -> None:
        now = vars(self.module)
        if len(now) != len(self.attributes) or not all(map(is_, now.values(), self.attributes.values())):
            now.clear()
            now.update(self.attributes)
        for name in _HOOKS:
            entries = now.get(name, {})
            if entries or name in self.hooks:
                entries.clear()
                entries.update(self.hooks.get(name, {}))
