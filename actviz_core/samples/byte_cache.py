"""A cache bounded in bytes that forgets what was used longest ago; safe to use from many threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """Keeps values up to ``max_bytes`` in all."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.used_bytes = 0
        self._entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Value | None:
        """Return the value of a key if it is there."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def get(self, key: Hashable, make: Callable[[], Value], size_of: Callable[[Value], int]) -> Value:
        """Return the value of a key, made now unless it is still there; ``size_of`` gives its bytes.

        Two threads that miss the same key at once both make it; an exception of ``make`` goes through.
        """
        found = self.find(key)
        if found is not None:
            return found
        value = make()
        size = size_of(value)
        with self._lock:
            if key not in self._entries and size <= self.max_bytes:
                self._entries[key] = (value, size)
                self.used_bytes += size
                while self.used_bytes > self.max_bytes:
                    self.used_bytes -= self._entries.popitem(last=False)[1][1]
        return value
