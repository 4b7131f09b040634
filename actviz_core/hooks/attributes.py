"""What modules keep in plain attributes of their own, noted before a pass and put back after it."""

from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor, nn

from actviz_core.hooks.nesting import tensors_in

_OWN_BOOKS = frozenset(vars(nn.Module()))  # what torch itself keeps in every module
_CONTAINERS = (list, dict, set)


class Attributes:
    """The attributes of these modules: which there are, what they hold, and what lists, dicts and sets hold.

    What other objects hold inside is left to them: a lock or a counter of its own may have to stay changed.
    """

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self._noted: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._containers: list[tuple[Any, Any]] = []
        for module in modules:
            now = vars(module)
            if now.keys() == _OWN_BOOKS:
                self._noted.append((now, {}))
                continue
            found = {name: value for name, value in now.items() if name not in _OWN_BOOKS}
            self._noted.append((now, found))
            self._containers += [
                (value, value.copy()) for value in found.values() if type(value) in _CONTAINERS
            ]

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor that these attributes hold."""
        for _, found in self._noted:
            for value in found.values():
                if isinstance(value, (Tensor, tuple, *_CONTAINERS)):
                    yield from tensors_in(value)

    def restore(self) -> None:
        """Put back what changed since."""
        for now, found in self._noted:
            for name in [name for name in now if name not in _OWN_BOOKS and name not in found]:
                del now[name]
            for name, value in found.items():
                if now.get(name, now) is not value:
                    now[name] = value
        for container, held in self._containers:
            if type(container) is list:
                container[:] = held
            else:
                container.clear()
                container.update(held)
