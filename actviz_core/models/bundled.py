"""The bundled ResNet-20 as the registry sees it: its checkpoints in training order."""

from torch import nn

from actviz_core.models.cifar_resnet20 import checkpoints
from actviz_core.models.cifar_resnet20.network import CLASSES, MEAN, SIZE, STD
from actviz_core.models.model import Family, WeightsInfo
from actviz_core.models.network import Network
from actviz_core.models.preprocess import Preprocess
from actviz_core.settings import Settings


class BundledResNet20(Network):
    """``cifar-resnet20``, which needs no download."""

    name = "cifar-resnet20"
    title = "ResNet-20 (CIFAR-10)"
    family = Family.BUNDLED
    default = checkpoints.DEFAULT
    classes = CLASSES

    def weights_names(self) -> tuple[str, ...]:
        """List the checkpoints in training order."""
        return tuple(checkpoint.name for checkpoint in checkpoints.checkpoints())

    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:  # noqa: ARG002 - nothing to set
        """Describe a checkpoint with its accuracy on the pictures that count, as its manifest has it."""
        checkpoint = next(c for c in checkpoints.checkpoints() if c.name == weights)
        accuracy = next(iter(checkpoint.accuracy.values()))
        file = checkpoints.FOLDER / checkpoint.file
        ready = file.is_file()
        return WeightsInfo(
            name=weights,
            key=self.key(weights),
            title=f"{_title(weights)}, {accuracy:.1%}".replace("%", " %"),
            accuracy=accuracy,
            bytes=file.stat().st_size if ready else 0,
            ready=ready,
        )

    def preprocess(self, weights: str) -> Preprocess:  # noqa: ARG002 - the same for all
        """Resize to 32x32 and normalise."""
        return Preprocess(size=(SIZE, SIZE), resize=(SIZE, SIZE), mean=MEAN, std=STD)

    def module(self, weights: str, settings: Settings) -> nn.Module:  # noqa: ARG002 - nothing to set
        """Load a checkpoint after checking its SHA-256."""
        return checkpoints.load_checkpoint(weights)

    def download_work(self, weights: str, settings: Settings) -> None:
        """Give nothing: the checkpoints are part of the project."""


def _title(weights: str) -> str:
    return "random (untrained)" if weights == "random" else weights.replace("-", " ")
