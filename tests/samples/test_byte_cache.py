"""The cache of decoded pictures stays within its bytes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from actviz_core.samples.byte_cache import ByteCache


def test_a_value_is_made_once_while_it_fits() -> None:
    cache: ByteCache[bytes] = ByteCache(10)
    made: list[str] = []

    def get(key: str, size: int) -> bytes:
        return cache.get(key, lambda: made.append(key) or bytes(size), len)  # type: ignore[func-returns-value]  # the order of calls is what is tested

    for key in "aba":
        get(key, 4)
    assert made == ["a", "b"]
    get("c", 4)
    assert cache.used_bytes == 8
    for key in "ab":
        get(key, 4)
    assert made == ["a", "b", "c", "b"], "b was used longest ago, so it went"
    assert len(get("huge", 11)) == 11
    assert cache.find("huge") is None
    assert cache.used_bytes == 8


def test_many_threads_keep_the_count_right() -> None:
    cache: ByteCache[int] = ByteCache(50)
    keys = np.random.default_rng(0).integers(0, 20, 2_000).tolist()
    together = threading.Barrier(8)

    def use(part: int) -> bool:
        together.wait(30)
        return all(cache.get(key, lambda key=key: key, lambda _: 7) == key for key in keys[part::8])  # type: ignore[misc]  # mypy cannot type a lambda's default

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(8)))
    assert cache.used_bytes == 49
