"""Lets one thread at a time work on a module, also where two networks share a submodule."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from torch import nn

from actviz_core.hooks.walk import named_modules


class ModuleLocks:
    """Which modules are in use, and by which thread. It remembers nothing of modules that are not."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._owners: dict[int, int] = {}  # id of a module in use -> id of the thread that uses it

    @contextmanager
    def hold(self, root: nn.Module) -> Iterator[None]:
        """Wait until no other thread works on ``root`` or any module below it, then hold them all."""
        me = threading.get_ident()
        modules = {id(module) for _, module in named_modules(root)}
        with self._changed:
            if any(self._owners.get(module) == me for module in modules):
                raise RuntimeError("A hooked pass was started from inside a hooked pass of the same module.")
            self._changed.wait_for(lambda: self._owners.keys().isdisjoint(modules))
            self._owners.update(dict.fromkeys(modules, me))
        try:
            yield
        finally:
            with self._changed:
                for module in modules:
                    del self._owners[module]
                self._changed.notify_all()


@cache
def module_locks() -> ModuleLocks:
    """The locks of this process. No workspace owns them: `capture` works on any module, also without one."""
    return ModuleLocks()


module_locks()  # at import: of two threads that came first, each would make its own
