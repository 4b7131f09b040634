"""The exceptions this project raises on purpose; each message says what a person can do."""

_QUOTED = 60  # characters of a foreign text that a message repeats


class ActVizError(Exception):
    """Base of every error a user can act on. Pages catch it in one place and show its text."""


class UnknownLayerError(ActVizError, KeyError):
    """A layer or call name that the model, or a record of it, does not have."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NoGradientError(UnknownLayerError):
    """A call without a gradient: the number does not depend on what it returned."""


class EditError(ActVizError):
    """An edit that cannot be made: a channel that is not there, or a result that the network cannot take."""


class TargetError(ActVizError):
    """A class that the network does not have, or a target that gives no number to follow back."""


class NotPossibleError(ActVizError):
    """A method that cannot explain this network; the message says why."""


class StoppedError(ActVizError):
    """Work that was stopped on request before it was done."""


class UnknownModelError(ActVizError):
    """A model key whose name or weights are not known here."""


class WeightsError(ActVizError):
    """Weights that are missing, altered or cannot be downloaded."""


class MissingWeightsError(WeightsError):
    """Published weights that are not here, or no longer as published; ``problem`` says so in one sentence."""

    def __init__(self, problem: str, key: str, untrained: str) -> None:
        super().__init__(
            f"{problem} Get the weights with the download button in the app or with "
            f"load_model({key!r}, download=True), or look at {untrained} (untrained)."
        )
        self.problem = problem


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


class StillWorkingError(ActVizError):
    """Work that is not done after the time that a page waits for it; it goes on in the background."""


class NotEnoughMemoryError(ActVizError):
    """A network, or a pass through one, that needs ``missing`` bytes more than are free."""

    def __init__(self, message: str, missing: int) -> None:
        super().__init__(message)
        self.missing = missing


class SettingsError(ActVizError):
    """An environment variable with a value that cannot be used."""


class TrainingDataError(ActVizError):
    """Training or evaluation data that is not what the network needs."""


class ShapeError(ActVizError, ValueError):
    """An array whose shape cannot be counted or drawn; the message gives the shape and what would work."""


class ChannelError(ActVizError):
    """A channel or cell that a layer does not have, or a question about it that the network cannot answer."""


class ExportError(ActVizError):
    """A file that cannot be made: too large, or of something that it cannot hold."""


class WeightsFileError(WeightsError):
    """An uploaded weights file that cannot be taken: unsafe, damaged, too large or for another network."""


class SweepError(ActVizError):
    """A pass over a whole source that cannot start or go on; the message says what is kept and what to do."""


class MapError(ActVizError):
    """A map of pictures that cannot be made."""


class UnknownRunError(SweepError):
    """A run that is not kept here."""


def quoted(text: str) -> str:
    """Quote what came from outside, such as a link, whatever its length."""
    return repr(text if len(text) <= _QUOTED else f"{text[: _QUOTED - 3]}...")
