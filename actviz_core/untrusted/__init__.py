"""Reads files that visitors sent, in processes of their own with limits. Imports no torch."""

from actviz_core.untrusted.limits import Limits
from actviz_core.untrusted.readers import (
    Ending,
    Readers,
    Reading,
    ReadingStoppedError,
    held_folder,
    remove_leftovers,
)

__all__ = ["Ending", "Limits", "Readers", "Reading", "ReadingStoppedError", "held_folder", "remove_leftovers"]
