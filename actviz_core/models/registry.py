"""Model keys: which there are, what they mean, and loading what they name."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache

import torch
from torch import Tensor

from actviz_core.errors import DownloadError, UnknownModelError, WeightsError, quoted
from actviz_core.models.building import check_memory
from actviz_core.models.bundled import BundledResNet20
from actviz_core.models.model import Model, ModelInfo, WeightsInfo, fingerprint
from actviz_core.models.network import Network
from actviz_core.models.own_entry import DIGITS
from actviz_core.models.own_networks import TeamNetwork
from actviz_core.models.timm_networks import PREFIX, TimmNetwork, timm_is_installed, timm_names
from actviz_core.models.torchvision_networks import torchvision_networks
from actviz_core.models.uploaded import UploadedNetwork, likely_networks, own_weights, uploaded_info
from actviz_core.names import ModelKey
from actviz_core.settings import Settings, read_settings
from actviz_core.system.downloads import shared_downloads
from actviz_core.system.jobs import Job, JobState

_ALWAYS_THERE: dict[str, Network] = {n.name: n for n in (BundledResNet20(), *torchvision_networks())}


def list_models(settings: Settings | None = None) -> tuple[ModelInfo, ...]:
    """List the networks there are, by family: the default one first, then the team's own.

    The first call imports timm, if it is installed.
    """
    return _listed((settings or read_settings()).models, with_timm=timm_is_installed())


def list_weights(name: str, settings: Settings | None = None) -> tuple[WeightsInfo, ...]:
    """List a network's weights, untrained first and in training order, then the uploaded ones.

    Raises `UnknownModelError` for an unknown name, `WeightsError` when the bundled manifest is damaged.
    """
    settings = settings or read_settings()
    network = _network(name, settings)
    uploaded = map(uploaded_info, own_weights(settings).entries(network.name))
    return (*(network.weights_info(weights, settings) for weights in network.weights_names()), *uploaded)


def canonical_key(key: str, settings: Settings | None = None) -> str:
    """Write a model key in its one canonical form: without ``@weights`` where these are the default ones.

    ``cifar-resnet20@final`` and ``cifar-resnet20`` are the same model, whose key is ``cifar-resnet20``.
    Raises `UnknownModelError` as `load_model` does.
    """
    network, weights = find_network(key, settings)
    return network.key(weights)


def load_model(key: str, *, settings: Settings | None = None, download: bool = False) -> Model:
    """Load the network that a model key names, in eval mode and on the settings' device.

    Safe from many threads; every call builds a new module, so keep what it returns. Only with ``download``
    does it use the network, and then waits for the weights to arrive.

    Raises `UnknownModelError` (with the closest keys), `WeightsError` (weights that are missing, altered or
    do not fit, a builder of the team that fails, and what to do), `NotEnoughMemoryError` before anything is
    downloaded or built that does not fit into memory, and with ``download`` also `DownloadError`.
    """
    settings = settings or read_settings()
    network, weights = find_network(key, settings)
    check_memory(network.key(weights), network.memory(weights, settings))
    if download and (work := network.download_work(weights, settings)):
        status = _download(network, weights, work).wait()
        if status.state is JobState.FAILED:
            raise DownloadError(status.error)
    parts = network.parts(weights, settings)
    module = parts.module.eval()
    identity = fingerprint(network.name, module)
    device = torch.device(settings.device)
    return Model(
        key=network.key(weights),
        module=module.to(device),
        preprocess=parts.preprocess,
        classes=parts.classes,
        fingerprint=identity,
        device=device,
        task=parts.task,
        note=parts.note,
        training=network.training(weights),
    )


def start_weights_download(key: str, settings: Settings | None = None) -> Job:
    """Begin to download a model's weights in the background; whoever asks while it runs gets the same job.

    It ends at once when good weights are here already. Raises `UnknownModelError`, and `WeightsError` where
    there is nothing to download.
    """
    settings = settings or read_settings()
    network, weights = find_network(key, settings)
    work = network.download_work(weights, settings)
    if work is None:
        raise WeightsError(f"{network.key(weights)} needs no download: there is nothing to get.")
    return _download(network, weights, work)


def find_weights_download(key: str, settings: Settings | None = None) -> Job | None:
    """Find the running or latest download of a model's weights, if there was one."""
    network, weights = find_network(key, settings)
    return shared_downloads().find(network.key(weights))


def find_network(key: str, settings: Settings | None = None) -> tuple[Network, str]:
    """Find the network of a key and the name of its weights. Raises `UnknownModelError`, also for edits."""
    parts = ModelKey.parse(key)
    name, weights = parts.network, parts.weights
    network = _network(name, settings)
    if parts.edits:
        raise UnknownModelError(
            f"There is no model {quoted(key)}. Closest: {parts.unedited}; edits are named apart from it, in "
            "a link as edit=layer1.0.conv1:5*0."
        )
    if weights is None:
        return network, network.default
    known = network.weights_names()
    if weights not in known:
        if re.fullmatch(f"[0-9a-f]{{{DIGITS},64}}", weights):
            store = own_weights(settings or read_settings())
            entry = store.find(name, weights)
            return UploadedNetwork(network, entry, store), entry.weights
        raise UnknownModelError(
            f"{name} has no weights {quoted(weights)}. There are: {', '.join(f'{name}@{w}' for w in known)}."
        )
    return network, weights


def weights_title(key: str, settings: Settings | None = None) -> str:
    """What people call the weights of a model key: ``final``, or what an upload is called.

    Raises `UnknownModelError`.
    """
    network, weights = find_network(key, settings)
    return network.weights_title(weights)


def likely_models(state: Mapping[str, Tensor], settings: Settings | None = None) -> list[str]:
    """Which of the team's and torchvision's networks a state dict fits exactly: their names."""
    settings = settings or read_settings()
    own = {name: TeamNetwork(name) for name in settings.models}
    return likely_networks(state, own | _ALWAYS_THERE, settings)


@lru_cache(maxsize=4)  # a server has one set of own networks
def _listed(own: tuple[str, ...], *, with_timm: bool) -> tuple[ModelInfo, ...]:
    bundled, *rest = _ALWAYS_THERE.values()
    timm = (TimmNetwork(name) for name in (timm_names() if with_timm else ()))
    return tuple(network.info for network in (bundled, *map(TeamNetwork, own), *rest, *timm))


def _network(name: str, settings: Settings | None) -> Network:
    if name in _ALWAYS_THERE:
        return _ALWAYS_THERE[name]
    if name.startswith(PREFIX):
        if not timm_is_installed():
            raise UnknownModelError(
                f"{quoted(name)} needs timm, which is not installed here: pip install timm."
            )
        return _timm_network(name)
    own = (settings or read_settings()).models
    if name in own:
        return TeamNetwork(name)
    raise _unknown(name, (*_ALWAYS_THERE, *own))


@lru_cache(maxsize=64)
def _timm_network(name: str) -> TimmNetwork:
    if name not in timm_names():
        raise _unknown(name, timm_names())
    return TimmNetwork(name)


def _unknown(name: str, known: tuple[str, ...]) -> UnknownModelError:
    closest = get_close_matches(name.lower(), known) or get_close_matches(name.lower(), known, cutoff=0)
    return UnknownModelError(f"There is no model {quoted(name)}. Closest: {', '.join(closest)}.")


def _download(network: Network, weights: str, work: Callable[[Job], None]) -> Job:
    key = network.key(weights)
    return shared_downloads().start(key, f"weights of {key}", work)
