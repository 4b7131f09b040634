"""Says how the reading of a file ended, with the limit that it met and a way on."""

from actviz_core.units import megabytes
from actviz_core.untrusted.limits import Limits
from actviz_core.untrusted.readers import Ending


def stopped(name: str, ending: Ending, limits: Limits, *, kind: str, way_on: str) -> str:
    """Say why a file could not be read. ``kind`` is what it is one of, such as "pictures"."""
    memory = f"{megabytes(limits.memory_bytes)} of memory"
    match ending:
        case Ending.TIME:
            return f"{name} takes more than {limits.seconds:.0f} seconds to read, and was left. {way_on}"
        case Ending.MEMORY:
            return f"{name} needs more than {memory} to be read, and was left. {way_on}"
        case Ending.DIED:
            reason = f"it is damaged, or needs more than {memory}"
            return f"{name} stopped the program that reads it: {reason}. {way_on}"
        case Ending.BUSY:
            return f"{name} cannot be read now: other {kind} are being read. Try again in a minute."
