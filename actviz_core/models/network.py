"""What every network offers to the registry, wherever its weights come from."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from actviz_core.models.model import ModelInfo, Origin, Parts, WeightsInfo
from actviz_core.names import ModelKey
from actviz_core.settings import Settings
from actviz_core.system.jobs import Job
from actviz_core.tasks import Training

RANDOM = "random"
RANDOM_SEED = 0


class Network(ABC):
    """One architecture and the weights there are for it.

    ``default`` names the weights behind the bare name; methods take names out of `weights_names`.
    Making one and listing its weights is cheap: nothing is built.
    """

    name: str
    title: str
    family: str
    origin: Origin
    default: str

    @property
    def info(self) -> ModelInfo:
        """What the model selector shows."""
        return ModelInfo(self.name, self.title, self.family, self.origin)

    def key(self, weights: str) -> str:
        """Write the canonical model key: the bare name for the default weights, else ``name@weights``."""
        return str(ModelKey(self.name, None if weights == self.default else weights))

    @abstractmethod
    def weights_names(self) -> tuple[str, ...]:
        """List what can follow ``name@``, in the selector's order."""

    def weights_title(self, weights: str) -> str:
        """What people call one set of weights, in as few words as there are."""
        return weights

    @abstractmethod
    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:
        """Describe one set of weights for the selector."""

    @abstractmethod
    def parts(self, weights: str, settings: Settings) -> Parts:
        """Build the network on the CPU with these weights, checked, without downloading.

        Raises `WeightsError` when they are missing, altered or do not fit.
        """

    @abstractmethod
    def on_meta_device(self, settings: Settings) -> Parts:
        """Build the network of the default weights for a state dict to be loaded into.

        Its parameters may be on the meta device: load with ``assign=True``. Raises `WeightsError`.
        """

    def memory(self, weights: str, settings: Settings) -> int | None:  # noqa: ARG002 - not here
        """How many bytes it takes to build the network with these weights, known without building it.

        None where that is not known, or never much.
        """
        return None

    def training(self, weights: str) -> Training:
        """Say whether the network has learned with these weights."""
        return Training.RANDOM if weights == RANDOM else Training.TRAINED

    def download_work(self, weights: str, settings: Settings) -> Callable[[Job], None] | None:  # noqa: ARG002 - not here
        """Give the work of a job that fetches these weights; None where there is nothing to download."""
        return None

    def untrained_info(self) -> WeightsInfo:
        """Describe the seeded random weights."""
        return WeightsInfo(RANDOM, self.key(RANDOM), "random (untrained)", None, 0, ready=True)
