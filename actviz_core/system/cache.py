"""A cache bounded in bytes that many threads share and in which everything is computed once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True)
class CacheUse:
    """How much a cache holds and how often it helped, since it was made."""

    entries: int
    used_bytes: int
    capacity_bytes: int
    hits: int
    misses: int
    evictions: int

    @property
    def hit_share(self) -> float:
        """The share of look-ups that were answered without computing, 0 to 1; 0 before the first one."""
        return self.hits / max(1, self.hits + self.misses)


class ByteCache(Generic[Key, Value]):
    """Keeps values up to a number of bytes; what was used longest ago goes first.

    ``size_of`` gives a value's bytes. Values are shared, not copied: treat them as read-only. A value larger
    than the whole cache is computed and returned but not kept; with ``keep_largest`` it is kept, alone.
    """

    def __init__(
        self, capacity_bytes: int, size_of: Callable[[Value], int], *, keep_largest: bool = False
    ) -> None:
        self._capacity = capacity_bytes
        self._keep_largest = keep_largest
        self._size_of = size_of
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._computing: dict[Key, Future[Value]] = {}
        self._used = self._hits = self._misses = self._evictions = 0

    def get(self, key: Key, compute: Callable[[], Value]) -> Value:
        """Return the value of ``key``, computed now unless it is there or another thread is at it."""
        return self.get_many([key], lambda _missing: {key: compute()})[key]

    def get_many(
        self, keys: Sequence[Key], compute: Callable[[Sequence[Key]], Mapping[Key, Value]]
    ) -> dict[Key, Value]:
        """Return the values of all ``keys``; one call of ``compute`` makes those that nobody has or makes.

        What ``compute`` raises reaches everyone who waits for one of its keys, and nothing is kept.
        """
        found: dict[Key, Value] = {}
        waiting: dict[Key, Future[Value]] = {}
        mine: dict[Key, Future[Value]] = {}
        with self._lock:
            for key in dict.fromkeys(keys):
                if key in self._entries:
                    self._entries.move_to_end(key)
                    found[key] = self._entries[key][0]
                elif key in self._computing:
                    waiting[key] = self._computing[key]
                else:
                    mine[key] = self._computing[key] = Future()
            self._hits += len(found) + len(waiting)
            self._misses += len(mine)
        if mine:
            found.update(self._make(mine, compute))
        found.update({key: future.result() for key, future in waiting.items()})
        return found

    def _make(
        self, mine: dict[Key, Future[Value]], compute: Callable[[Sequence[Key]], Mapping[Key, Value]]
    ) -> Mapping[Key, Value]:
        try:
            made = compute(list(mine))
            sizes = {key: self._size_of(made[key]) for key in mine}
        except BaseException as error:
            with self._lock:
                for key in mine:
                    del self._computing[key]
            for future in mine.values():
                future.set_exception(error)
            raise
        with self._lock:
            for key in mine:
                del self._computing[key]
                self._keep(key, made[key], sizes[key])
        for key, future in mine.items():
            future.set_result(made[key])
        return made

    def _keep(self, key: Key, value: Value, size: int) -> None:
        if size > self._capacity and not self._keep_largest:
            return
        self._drop_until(self._capacity - size)
        self._entries[key] = (value, size)
        self._used += size

    def _drop_until(self, used: int) -> int:
        before = self._used
        while self._entries and self._used > used:
            self._used -= self._entries.popitem(last=False)[1][1]
            self._evictions += 1
        return before - self._used

    def make_room(self, size: int) -> int:
        """Drop what was used longest ago until ``size`` bytes more would fit; return the bytes dropped."""
        with self._lock:
            return self._drop_until(self._capacity - size)

    def drop(self, count: int, *, but: Key | None = None) -> int:
        """Drop what was used longest ago until that takes ``count`` bytes; return the bytes dropped.

        The value of ``but`` stays. Nothing is dropped where all others take less than ``count``.
        """
        with self._lock:
            others = {key: size for key, (_, size) in self._entries.items() if key != but}
            if sum(others.values()) < count:
                return 0
            before = self._used
            for key, size in others.items():
                if before - self._used >= count:
                    break
                del self._entries[key]
                self._used -= size
                self._evictions += 1
            return before - self._used

    def peek(self, key: Key) -> Value | None:
        """The value of ``key`` if it is there, which then counts as used; None else, and nothing is made."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            self._hits += 1
            return self._entries[key][0]

    def __contains__(self, key: Key) -> bool:
        with self._lock:
            return key in self._entries

    def clear(self) -> None:
        """Forget every value; the counts go on."""
        with self._lock:
            self._entries.clear()
            self._used = 0

    def use(self) -> CacheUse:
        """Say what the cache holds now and how often it helped."""
        with self._lock:
            return CacheUse(
                len(self._entries), self._used, self._capacity, self._hits, self._misses, self._evictions
            )
