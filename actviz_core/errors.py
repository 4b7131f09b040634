"""The exceptions this project raises on purpose; each message says what a person can do."""


class ActVizError(Exception):
    """Base of every error a user can act on. Pages catch it in one place and show its text."""


class UnknownLayerError(ActVizError, KeyError):
    """A layer or call name that the model, or a record of it, does not have."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class UnknownModelError(ActVizError):
    """A model key whose name or weights are not known here."""


class WeightsError(ActVizError):
    """Weights that are missing, altered or cannot be downloaded."""


class UnknownImageError(ActVizError):
    """An image id whose source or index is not there."""


class BadImageError(ActVizError):
    """Bytes that cannot be shown as a picture: no image, empty, cut short or too large."""


class DownloadError(ActVizError):
    """A download that failed or whose content is not what it should be."""


class ModelFailedError(ActVizError):
    """The network itself raised during a forward pass."""


class BudgetError(ActVizError):
    """Activations that would take more memory than there is for them."""


class NotEnoughMemoryError(ActVizError):
    """A network that does not fit into the memory that is free; ``missing`` is by how many bytes."""

    def __init__(self, message: str, missing: int) -> None:
        super().__init__(message)
        self.missing = missing


class SettingsError(ActVizError):
    """An environment variable with a value that cannot be used."""


class TrainingDataError(ActVizError):
    """Training or evaluation data that is not what the network needs."""


class ShapeError(ActVizError, ValueError):
    """An array whose shape cannot be counted or drawn; the message gives the shape and what would work."""


class ExportError(ActVizError):
    """A file that cannot be made: too large, or of something that it cannot hold."""


class WeightsFileError(WeightsError):
    """An uploaded weights file that cannot be taken: unsafe, damaged, too large or for another network."""


class SweepError(ActVizError):
    """A pass over a whole source that cannot start or go on; the message says what is kept and what to do."""


class UnknownRunError(SweepError):
    """A run that is not kept here."""
