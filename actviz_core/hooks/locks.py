"""Lets one thread at a time work on a module, also where two networks share a submodule."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from actviz_core.hooks.walk import named_modules

_changed = threading.Condition()
_owners: dict[int, int] = {}  # id of a module in use -> id of the thread that uses it


@contextmanager
def lock_modules(root: nn.Module) -> Iterator[None]:
    """Wait until no other thread works on ``root`` or any module below it, then hold them all."""
    me = threading.get_ident()
    modules = {id(module) for _, module in named_modules(root)}
    with _changed:
        if any(_owners.get(module) == me for module in modules):
            raise RuntimeError("A hooked pass was started from inside a hooked pass of the same module.")
        _changed.wait_for(lambda: _owners.keys().isdisjoint(modules))
        _owners.update(dict.fromkeys(modules, me))
    try:
        yield
    finally:
        with _changed:
            for module in modules:
                del _owners[module]
            _changed.notify_all()
