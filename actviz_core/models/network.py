"""What every network offers to the registry, wherever its weights come from."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import nn

from actviz_core.downloads import Job
from actviz_core.models.model import Family, WeightsInfo
from actviz_core.models.preprocess import Preprocess
from actviz_core.settings import Settings


class Network(ABC):
    """One architecture and the weights there are for it.

    ``default`` names the weights behind the bare name; methods take names out of `weights_names`.
    """

    name: str
    title: str
    family: Family
    default: str
    classes: tuple[str, ...]

    def key(self, weights: str) -> str:
        """Write the canonical model key: the bare name for the default weights, else ``name@weights``."""
        return self.name if weights == self.default else f"{self.name}@{weights}"

    @abstractmethod
    def weights_names(self) -> tuple[str, ...]:
        """List what can follow ``name@``, in the selector's order."""

    @abstractmethod
    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:
        """Describe one set of weights for the selector."""

    @abstractmethod
    def preprocess(self, weights: str) -> Preprocess:
        """Give the preprocessing that goes with these weights."""

    @abstractmethod
    def module(self, weights: str, settings: Settings) -> nn.Module:
        """Build the network on the CPU with these weights, checked, without downloading.

        Raises `WeightsError` when they are missing, altered or do not fit.
        """

    @abstractmethod
    def download_work(self, weights: str, settings: Settings) -> Callable[[Job], None] | None:
        """Give the work of a job that fetches these weights; None where there is nothing to download."""
