"""Networks with uploaded weights, as the registry sees them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from torch import Tensor
from torchvision.models import get_model_weights

from actviz_core.errors import ActVizError
from actviz_core.models.fitting import likely_architectures, signature
from actviz_core.models.model import Origin, Parts, WeightsInfo
from actviz_core.models.network import Network
from actviz_core.models.own_entry import DIGITS, OwnEntry
from actviz_core.models.own_weights import OwnWeights
from actviz_core.settings import Settings
from actviz_core.tasks import Training


def is_upload(weights: str) -> bool:
    """Whether what stands behind the @ of a model key is an upload's digits."""
    return re.fullmatch(f"[0-9a-f]{{{DIGITS},64}}", weights) is not None


def own_weights(settings: Settings) -> OwnWeights:
    """The uploaded weights of a server, in its data folder."""
    return _opened(settings.data / "own-weights", settings.weights_bytes)


@lru_cache(maxsize=4)  # a server has one; opening it sweeps what a kill left behind
def _opened(folder: Path, limit_bytes: int) -> OwnWeights:
    return OwnWeights(folder, limit_bytes)


class UploadedNetwork(Network):
    """An architecture with one set of uploaded weights in place of its own."""

    def __init__(self, network: Network, entry: OwnEntry, store: OwnWeights) -> None:
        self.name, self.title, self.family = network.name, network.title, network.family
        self.origin: Origin = network.origin
        self.default = network.default
        self._network, self._entry, self._store = network, entry, store

    def weights_names(self) -> tuple[str, ...]:
        """List the architecture's own weights, then the uploaded ones."""
        return (*self._network.weights_names(), self._entry.weights)

    def weights_title(self, weights: str) -> str:
        """Give the name that people gave the upload, which is its file's at first."""
        if weights == self._entry.weights:
            return self._entry.name
        return self._network.weights_title(weights)

    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:
        """Describe the uploaded weights, or the architecture's own."""
        if weights == self._entry.weights:
            return uploaded_info(self._entry)
        return self._network.weights_info(weights, settings)

    def training(self, weights: str) -> Training:
        """Say that only whoever uploaded the weights knows, or what is known of the architecture's own."""
        return Training.UNKNOWN if weights == self._entry.weights else self._network.training(weights)

    def parts(self, weights: str, settings: Settings) -> Parts:
        """Build the network and load the uploaded weights, checked, into it."""
        if weights != self._entry.weights:
            return self._network.parts(weights, settings)
        parts = self._network.on_meta_device(settings)
        parts.module.load_state_dict(self._store.load(self._entry), assign=True)
        notes = (parts.note, f"Uploaded weights: {self._entry.name}.", *self._entry.notes)
        return replace(parts, note=" ".join(filter(None, notes)))

    def memory(self, weights: str, settings: Settings) -> int | None:
        """Tell what the uploaded file takes, beside what a builder of the team makes."""
        if weights != self._entry.weights:
            return self._network.memory(weights, settings)
        return self._entry.bytes

    def on_meta_device(self, settings: Settings) -> Parts:
        """Build the architecture for a state dict to be loaded into."""
        return self._network.on_meta_device(settings)


def uploaded_info(entry: OwnEntry) -> WeightsInfo:
    """Describe uploaded weights for the selector."""
    return WeightsInfo(entry.weights, entry.key, f"{entry.name} (uploaded)", None, 0, ready=True)


def likely_networks(
    state: Mapping[str, Tensor], networks: Mapping[str, Network], settings: Settings
) -> list[str]:
    """Which of torchvision's networks and of the team's own fit a state dict exactly: their names."""
    origins = (Origin.OWN, Origin.TORCHVISION)
    known = {name: network for name, network in networks.items() if network.origin in origins}

    def shapes(network: Network) -> Callable[[], Mapping[str, tuple[int, ...]]]:
        def built() -> Mapping[str, tuple[int, ...]]:
            try:
                return signature(network.on_meta_device(settings).module)
            except ActVizError:
                return {}  # a builder that fails: nothing fits it

        return built

    published = [name for name, network in known.items() if network.origin is Origin.TORCHVISION]
    parameters = {name: int(get_model_weights(name)["DEFAULT"].meta["num_params"]) for name in published}
    candidates = {name: shapes(network) for name, network in known.items()}
    return likely_architectures(state, candidates, parameters=parameters)
