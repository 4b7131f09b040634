"""Makes the C library keep freed memory for the activations that come next.

By default it hands large blocks back to the system at once, and the system has to clear every page again for
the next picture: for a network that works in place, longer than the copies themselves take. With it, all
calls of resnet18 take 0.80 times as long as without (`python -m benchmarks process`).
"""

import ctypes
import gc

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -2, -3, -8  # numbers of mallopt(3)
_KEPT_AT_TOP = 128 << 20  # bytes; what lies below a block in use is kept in any case, until `give_back`


def keep_freed_memory() -> bool:
    """Set the whole process up so; True where the C library can do it (glibc), which is on most of Linux."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    settings = {
        _MMAP_THRESHOLD: 32 << 20,  # the most that it takes
        _TRIM_THRESHOLD: _KEPT_AT_TOP,
        _TOP_PAD: 16 << 20,
        _ARENA_MAX: 1,  # what one thread freed is there for the next
    }
    taken = [mallopt(name, value) for name, value in settings.items()]
    return all(taken)


def give_back() -> None:
    """Hand all freed memory back to the system, where the C library can: somebody needs it."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
