"""Model keys: which there are, what they mean, and loading what they name."""

from difflib import get_close_matches

import torch

from actviz_core.downloads import Job, JobState, find_job, start_job
from actviz_core.errors import DownloadError, UnknownModelError, WeightsError
from actviz_core.models.bundled import BundledResNet20
from actviz_core.models.model import Model, ModelInfo, WeightsInfo, fingerprint
from actviz_core.models.network import Network
from actviz_core.models.torchvision_resnets import TorchvisionResNet
from actviz_core.settings import Settings, read_settings

_ALL = (
    BundledResNet20(),
    *(TorchvisionResNet(f"resnet{layers}") for layers in (18, 34, 50, 101, 152)),
)
_NETWORKS: dict[str, Network] = {network.name: network for network in _ALL}


def list_models() -> tuple[ModelInfo, ...]:
    """List the networks there are, the default one first."""
    return tuple(ModelInfo(n.name, n.title, n.family) for n in _NETWORKS.values())


def list_weights(name: str, settings: Settings | None = None) -> tuple[WeightsInfo, ...]:
    """List a network's weights, untrained first and in training order.

    Raises `UnknownModelError` for an unknown name, `WeightsError` when the bundled manifest is damaged.
    """
    network = _network(name)
    settings = settings or read_settings()
    return tuple(network.weights_info(weights, settings) for weights in network.weights_names())


def canonical_key(key: str) -> str:
    """Write a model key in its one canonical form: without ``@weights`` where these are the default ones.

    ``cifar-resnet20@final`` and ``cifar-resnet20`` are the same model, whose key is ``cifar-resnet20``.
    Raises `UnknownModelError` as `load_model` does.
    """
    network, weights = _parse(key)
    return network.key(weights)


def load_model(key: str, *, settings: Settings | None = None, download: bool = False) -> Model:
    """Load the network that a model key names, in eval mode and on the settings' device.

    Safe from many threads; every call builds a new module, so keep what it returns. Only with ``download``
    does it use the network, and then waits for the weights to arrive.

    Raises `UnknownModelError` (with the closest keys), `WeightsError` (weights that are missing, altered or
    do not fit, and what to do), and with ``download`` also `DownloadError`.
    """
    network, weights = _parse(key)
    settings = settings or read_settings()
    if download and (work := network.download_work(weights, settings)):
        status = start_job(_job_key(network, weights), work).wait()
        if status.state is JobState.FAILED:
            raise DownloadError(status.error)
    module = network.module(weights, settings).eval()
    identity = fingerprint(network.name, module)
    device = torch.device(settings.device)
    return Model(
        key=network.key(weights),
        module=module.to(device),
        preprocess=network.preprocess(weights),
        classes=network.classes,
        fingerprint=identity,
        device=device,
    )


def start_weights_download(key: str, settings: Settings | None = None) -> Job:
    """Begin to download a model's weights in the background; whoever asks while it runs gets the same job.

    It ends at once when good weights are here already. Raises `UnknownModelError`, and `WeightsError` where
    there is nothing to download.
    """
    network, weights = _parse(key)
    work = network.download_work(weights, settings or read_settings())
    if work is None:
        raise WeightsError(f"{network.key(weights)} comes with the app: there is nothing to download.")
    return start_job(_job_key(network, weights), work)


def find_weights_download(key: str) -> Job | None:
    """Find the running or latest download of a model's weights, if there was one."""
    return find_job(_job_key(*_parse(key)))


def _job_key(network: Network, weights: str) -> str:
    return f"weights/{network.key(weights)}"


def _network(name: str) -> Network:
    if name not in _NETWORKS:
        closest = get_close_matches(name.lower(), _NETWORKS) or list(_NETWORKS)
        raise UnknownModelError(f"There is no model {name!r}. Closest: {', '.join(closest)}.")
    return _NETWORKS[name]


def _parse(key: str) -> tuple[Network, str]:
    """Split a key into the network and the name of its weights."""
    name, at, weights = key.partition("@")
    network = _network(name)
    if not at:
        return network, network.default
    known = network.weights_names()
    if weights not in known:
        raise UnknownModelError(
            f"{name} has no weights {weights!r}. There are: {', '.join(f'{name}@{w}' for w in known)}."
        )
    return network, weights
