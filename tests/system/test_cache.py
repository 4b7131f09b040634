"""The shared cache computes once, stays within its bytes and forgets the longest unused first."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from actviz_core.system.cache import ByteCache


def cache_of(capacity: int) -> ByteCache[str, bytes]:
    return ByteCache(capacity, len)


def test_a_value_is_computed_once() -> None:
    cache = cache_of(100)
    assert cache.get("a", lambda: b"1") == b"1"
    assert cache.get("a", lambda: b"2") == b"1"
    use = cache.use()
    assert (use.hits, use.misses, use.entries, use.used_bytes) == (1, 1, 1, 1)
    assert use.hit_share == 0.5


def test_what_was_used_longest_ago_goes_first() -> None:
    cache = cache_of(10)
    for key in ("a", "b"):
        cache.get(key, lambda: b"12345")
    cache.get("a", lambda: b"")
    cache.get("c", lambda: b"12345")
    assert "a" in cache
    assert "b" not in cache
    assert cache.use().used_bytes == 10
    assert cache.use().evictions == 1


def test_a_value_larger_than_the_cache_is_returned_but_not_kept() -> None:
    cache = cache_of(3)
    assert cache.get("a", lambda: b"12345") == b"12345"
    assert cache.use().entries == 0


def test_only_what_is_missing_is_computed() -> None:
    cache = cache_of(100)
    cache.get("b", lambda: b"kept")
    asked: list[Sequence[str]] = []

    def compute(missing: Sequence[str]) -> dict[str, bytes]:
        asked.append(missing)
        return {key: key.encode() for key in missing}

    assert cache.get_many(["a", "b", "c"], compute) == {"a": b"a", "b": b"kept", "c": b"c"}
    assert asked == [["a", "c"]]


def test_eight_identical_requests_at_once_compute_once() -> None:
    cache = cache_of(100)
    computed: list[str] = []
    everyone_waits = threading.Barrier(8)
    release = threading.Event()

    def compute() -> bytes:
        computed.append("x")
        assert release.wait(30)
        return b"value"

    def ask(number: int) -> bytes:
        everyone_waits.wait()
        if number == 7:
            release.set()
        return cache.get("a", compute)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [b"value"] * 8
    assert computed == ["x"]


def test_an_error_reaches_the_caller_and_the_next_try_computes_again() -> None:
    cache = cache_of(100)

    def fail() -> bytes:
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        cache.get("a", fail)
    assert cache.get("a", lambda: b"fine") == b"fine"


def test_many_threads_keep_the_count_of_bytes_right() -> None:
    cache: ByteCache[int, int] = ByteCache(50, lambda _: 7)
    together = threading.Barrier(8)

    def use(part: int) -> bool:
        together.wait(30)
        keys = [(part * 7 + step * step) % 20 for step in range(250)]
        return all(cache.get(key, lambda key=key: key) == key for key in keys)  # type: ignore[misc]  # mypy cannot type a lambda's default

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(8)))
    assert cache.use().used_bytes == 49


def test_room_is_made_beforehand_by_what_was_used_longest_ago() -> None:
    cache = cache_of(10)
    for key in ("a", "b"):
        cache.get(key, lambda: b"12345")
    cache.get("a", lambda: b"")
    assert cache.make_room(5) == 5
    assert ("a" in cache, "b" in cache) == (True, False)
    assert cache.make_room(5) == 0
    assert cache.make_room(99) == 5
    assert cache.use().used_bytes == 0


def test_so_much_is_dropped_as_is_needed_or_nothing() -> None:
    cache = cache_of(100)
    for key in ("a", "b", "c"):
        cache.get(key, lambda: b"12345")
    assert cache.drop(11, but="c") == 0
    assert cache.drop(16) == 0
    assert cache.drop(6, but="a") == 10
    assert ("a" in cache, cache.use().used_bytes, cache.use().evictions) == (True, 5, 2)


def test_what_is_larger_than_the_cache_can_be_kept_alone() -> None:
    cache: ByteCache[str, bytes] = ByteCache(10, len, keep_largest=True)
    cache.get("small", lambda: b"1")
    large = cache.get("large", lambda: b"x" * 11)
    assert cache.get("large", lambda: b"") is large
    assert ("small" in cache, cache.use().used_bytes) == (False, 11)
    cache.get("next", lambda: b"12")
    assert ("large" in cache, cache.use().used_bytes) == (False, 2)
