"""Clears the data folder of what a server that was killed left behind; done when a server starts."""

from actviz_core.models.uploaded import own_weights
from actviz_core.samples.cifar10 import sweep_cifar10
from actviz_core.settings import Settings, reading_folder
from actviz_core.system.downloads import sweep_parts
from actviz_core.untrusted import remove_leftovers


def clear_leftovers(settings: Settings) -> None:
    """Remove unfinished uploads and what was being unpacked; parts of downloads stay for a week, to go on.

    What another server on the same folder is writing at this moment is left alone.
    """
    remove_leftovers(reading_folder(settings))
    sweep_cifar10(settings)
    own_weights(settings)  # opening it sweeps it
    for folder in (settings.data, settings.data / "weights", settings.data / "weights" / "timm"):
        sweep_parts(folder)
