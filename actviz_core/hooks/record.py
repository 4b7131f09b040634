"""What one hooked pass saw: activations by call name, in the order of execution."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from torch import Tensor

from actviz_core.errors import UnknownLayerError, quoted
from actviz_core.names import CallName


class Record(Mapping[str, Tensor]):
    """Call names (``layer1.0.conv1``, ``relu#2``, ``lstm[0]``) to activations, in the order of execution.

    Values are detached CPU tensors. Two entries may share memory where the layers shared it (a module that
    returns its input), so clone a value before writing to it. A layer with several names in the network
    (a shared module) is listed under its first; look-ups take any of them.
    """

    def __init__(
        self, values: dict[str, Tensor], calls: dict[str, tuple[str, ...]], aliases: Mapping[str, str]
    ) -> None:
        self._values = values
        self._calls = calls
        self._aliases = aliases

    def calls(self, layer: str) -> tuple[str, ...]:
        """The call names of one layer, in order; empty when it never ran. Raises `UnknownLayerError`."""
        layer = self._aliases.get(layer, layer)
        if layer not in self._calls:
            raise unknown_name(layer, self._calls, "was not captured")
        return self._calls[layer]

    def __getitem__(self, call: str) -> Tensor:
        value = self._values.get(call)
        if value is None:
            value = self._values.get(self._own_name(call))
        if value is not None:
            return value
        raise self._absent(call)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        entries = ", ".join(f"{call}: {tuple(value.shape)}" for call, value in self._values.items())
        return f"Record({entries})"

    def _own_name(self, call: str) -> str:
        name = CallName.asked(call, self._aliases)
        return call if name is None else str(replace(name, module=self._aliases[name.module]))

    def _absent(self, call: str) -> UnknownLayerError:
        calls = self._calls.get(self._aliases.get(call, call))
        if calls is None:
            return unknown_name(call, self._values, "was not captured")
        if not calls:
            return UnknownLayerError(f"{call!r} never ran in this forward pass.")
        return UnknownLayerError(f"{call!r} has several activations; choose one of {', '.join(calls)}.")


def unknown_name(name: str, known: Mapping[str, object], why: str) -> UnknownLayerError:
    """An error that names what was asked for and the closest names that exist."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.3) or list(known)[:3]
    return UnknownLayerError(f"{quoted(name)} {why}. Closest: {', '.join(map(repr, close)) or 'nothing'}.")
