"""The bundled ResNet-20 as the registry sees it: its checkpoints in training order."""

from torch import nn

from actviz_core.models.building import on_meta_device
from actviz_core.models.cifar_resnet20 import checkpoints
from actviz_core.models.cifar_resnet20.network import MEAN, SIZE, STD, CifarResNet20
from actviz_core.models.model import Origin, Parts, WeightsInfo
from actviz_core.models.network import Network
from actviz_core.models.preprocess import Preprocess
from actviz_core.samples.cifar10_classes import CLASSES
from actviz_core.settings import Settings
from actviz_core.units import percent


class BundledResNet20(Network):
    """``cifar-resnet20``, which needs no download."""

    name = "cifar-resnet20"
    title = "ResNet-20 (CIFAR-10)"
    family = "Bundled"
    origin = Origin.BUNDLED
    default = checkpoints.DEFAULT

    def weights_names(self) -> tuple[str, ...]:
        """List the checkpoints in training order."""
        return tuple(checkpoint.name for checkpoint in checkpoints.checkpoints())

    def weights_title(self, weights: str) -> str:
        """Write ``epoch 1`` where links have ``epoch-1``."""
        return weights.replace("-", " ")

    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:  # noqa: ARG002 - nothing to set
        """Describe a checkpoint with its accuracy on the pictures that count, as its manifest has it."""
        checkpoint = next(c for c in checkpoints.checkpoints() if c.name == weights)
        accuracy = next(iter(checkpoint.accuracy.values()))
        title = "random (untrained)" if weights == "random" else self.weights_title(weights)
        file = checkpoints.FOLDER / checkpoint.file
        ready = file.is_file()
        return WeightsInfo(
            name=weights,
            key=self.key(weights),
            title=f"{title}, {percent(accuracy, 1)}",
            accuracy=accuracy,
            bytes=file.stat().st_size if ready else 0,
            ready=ready,
        )

    def preprocess(self, weights: str) -> Preprocess:  # noqa: ARG002 - the same for all
        """Resize to 32x32 and normalise."""
        return Preprocess(size=(SIZE, SIZE), resize=(SIZE, SIZE), mean=MEAN, std=STD)

    def parts(self, weights: str, settings: Settings) -> Parts:  # noqa: ARG002 - nothing to set
        """Load a checkpoint after checking its SHA-256."""
        return self._parts(checkpoints.load_checkpoint(weights))

    def on_meta_device(self, settings: Settings) -> Parts:  # noqa: ARG002 - nothing to set
        """Build the architecture of all checkpoints."""
        return self._parts(on_meta_device(CifarResNet20))

    def _parts(self, module: nn.Module) -> Parts:
        return Parts(module, self.preprocess(self.default), CLASSES)
