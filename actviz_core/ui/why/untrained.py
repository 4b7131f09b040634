"""The same network with random weights, on which maps are made again to see what they depend on."""

from dataclasses import dataclass, replace

from actviz_core.errors import ActVizError, StillWorkingError
from actviz_core.models import Model, list_weights
from actviz_core.models.network import RANDOM
from actviz_core.names import ModelKey
from actviz_core.tasks import Training
from actviz_core.workspace.explanations import Asked
from actviz_core.workspace.shared import Workspace


@dataclass(frozen=True)
class Twin:
    """The network with random weights, or why there is none."""

    model: Model | None
    reason: str = ""

    def asked(self, asked: Asked) -> Asked:
        """The same map of this network, without a test."""
        if self.model is None:
            raise ValueError("There is no network with random weights.")
        return replace(asked, model=self.model, tested=False)


def find_twin(model: Model, workspace: Workspace) -> Twin:
    """The network of this one's name with random weights. Raises `StillWorkingError` while it is built."""
    if model.training is Training.RANDOM:
        return Twin(None, "This network has random weights itself, so there is nothing to compare with.")
    parts = ModelKey.parse(model.key)
    name = parts.network
    key = next((info.key for info in list_weights(name, workspace.settings) if info.name == RANDOM), None)
    if key is None or key == parts.unedited:
        return Twin(None, f"{name} is not there with random weights, so maps cannot be checked with them.")
    try:
        return Twin(workspace.model(str(ModelKey.parse(key).with_edits(parts.edits))))
    except StillWorkingError:
        raise
    except ActVizError as error:
        return Twin(None, str(error))
