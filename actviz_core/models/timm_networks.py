"""Timm's networks, if that library is installed; their weights are downloaded on request only."""

import importlib.util
import math
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from textwrap import shorten
from typing import Any

from torchvision.models import ResNet18_Weights
from torchvision.transforms import InterpolationMode

from actviz_core.errors import DownloadError, MissingWeightsError, WeightsError
from actviz_core.models.building import on_meta_device, seeded
from actviz_core.models.model import Origin, Parts, WeightsInfo
from actviz_core.models.network import RANDOM, RANDOM_SEED, Network
from actviz_core.models.preprocess import Frame, Preprocess
from actviz_core.settings import Settings
from actviz_core.system.downloads import Checksum, download
from actviz_core.system.jobs import Job
from actviz_core.tasks import Task

PREFIX = "timm/"
HUB_FILE = "model.safetensors"
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.(?:pth|safetensors)$")


def timm_is_installed() -> bool:
    """Whether the optional library is there; it is not imported for that."""
    return importlib.util.find_spec("timm") is not None


@cache
def timm_names() -> tuple[str, ...]:
    """The names of all of timm's networks, by family; imports timm, which takes about a second."""
    import timm

    return tuple(f"{PREFIX}{name}" for name in sorted(timm.list_models(), key=lambda n: (_module_of(n), n)))


class TimmNetwork(Network):
    """One of timm's networks; its weights' names are timm's tags, and ``random``."""

    origin = Origin.TIMM

    def __init__(self, name: str) -> None:
        from timm.models import get_pretrained_cfg

        self.name = name
        self.title = self.architecture = name.removeprefix(PREFIX)
        self.family = f"timm: {_module_of(self.architecture)}"
        default = get_pretrained_cfg(self.architecture)
        self.default = str(default.tag) if default is not None and _has_source(default) else RANDOM

    def weights_names(self) -> tuple[str, ...]:
        """List ``random``, then timm's tags; without weights that come with no checksum."""
        from timm.models import get_arch_pretrained_cfgs

        configurations = get_arch_pretrained_cfgs(self.architecture).values()
        return (RANDOM, *(str(cfg.tag) for cfg in configurations if _has_source(cfg)))

    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:
        """Describe weights by their tag and input size; timm knows no accuracy and no size of the file."""
        if weights == RANDOM:
            return self.untrained_info()
        height, width = self.preprocess(weights).size
        usual = height == width == 224
        title = weights if usual else f"{weights}, {height} x {width} pixels"
        ready = any(True for _ in self._files(weights, settings))
        return WeightsInfo(weights, self.key(weights), title, None, None, ready)

    def preprocess(self, weights: str) -> Preprocess:
        """Follow timm's evaluation transform for these weights; random ones take the default's."""
        from timm.data.config import resolve_data_config

        resolve: Any = resolve_data_config  # timm leaves it untyped
        data = resolve({}, pretrained_cfg=self.configuration(weights).to_dict())
        height, width = data["input_size"][1:]
        scaled = math.floor(height / data["crop_pct"]), math.floor(width / data["crop_pct"])
        return Preprocess(
            size=(height, width),
            resize=scaled[:1] if data["crop_mode"] == "center" else scaled,
            mean=data["mean"],
            std=data["std"],
            interpolation=InterpolationMode(data["interpolation"]),
            frame=Frame.PAD if data["crop_mode"] == "border" else Frame.CROP,
        )

    def parts(self, weights: str, settings: Settings) -> Parts:
        """Load weights from a checked file on this machine, or make the seeded untrained network."""
        overlay: dict[str, Any] = {}
        if weights != RANDOM:
            file = self._good_file(weights, settings)
            if file is None:
                raise MissingWeightsError(
                    self._problem(weights, settings), self.key(weights), self.key(RANDOM)
                )
            overlay = {"file": str(file), "custom_load": False, "source": None}
        try:
            return self._parts(weights, seeded(lambda: self._create(weights, overlay), RANDOM_SEED))
        except Exception as error:  # whatever timm's many builders and loaders raise
            raise self._unbuildable(weights, error) from error

    def memory(self, weights: str, settings: Settings) -> int | None:  # noqa: ARG002 - nothing to set
        """Tell what the parameters take; trained ones are there twice while they are loaded."""
        count = _parameter_bytes(self, weights)
        return count if count is None or weights == RANDOM else 2 * count

    def on_meta_device(self, settings: Settings) -> Parts:  # noqa: ARG002 - nothing to set
        """Build the architecture of the default weights."""
        try:
            return self._parts(self.default, on_meta_device(lambda: self._create(self.default, {})))
        except Exception as error:  # as above
            raise self._unbuildable(self.default, error) from error

    def download_work(self, weights: str, settings: Settings) -> Callable[[Job], None] | None:
        """Fetch a weights file into the data folder, unless a good one is on this machine."""
        if weights == RANDOM:
            return None

        def fetch(job: Job) -> None:
            if self._good_file(weights, settings) is None:
                url, digest = published(self.configuration(weights))
                name = f"{self._stem(weights)}-{digest[:16]}{Path(url).suffix}"
                target = settings.data / "weights" / "timm" / name
                checksum = Checksum("sha256", digest)
                download(url, target, expected=checksum, progress=job.progress, stop=job.stop)

        return fetch

    def _create(self, weights: str, overlay: dict[str, Any]) -> Any:
        import timm

        name = self._stem(weights)
        if not overlay:
            return timm.create_model(name, pretrained=False)
        return timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay)

    def _parts(self, weights: str, module: Any) -> Parts:
        classes = class_names(module.num_classes)
        task = Task.CLASSIFICATION if classes else Task.FEATURES
        note = "" if classes else "This network describes pictures by numbers and names no classes."
        return Parts(module, self.preprocess(weights), classes, task, note)

    def _unbuildable(self, weights: str, error: Exception) -> WeightsError:
        return WeightsError(f"timm cannot build {self.key(weights)}: {shorten(str(error), 300)}")

    def _stem(self, weights: str) -> str:
        """Timm's name for architecture and tag; random weights take the default's settings."""
        tag = self.default if weights == RANDOM else weights
        return self.architecture if tag == RANDOM else f"{self.architecture}.{tag}"

    def configuration(self, weights: str) -> Any:
        """What timm tells of these weights, a `PretrainedCfg`; for ``random``, of the default ones."""
        from timm.models import get_pretrained_cfg

        return get_pretrained_cfg(self._stem(weights)) or get_pretrained_cfg(self.architecture)

    def _files(self, weights: str, settings: Settings) -> Iterator[tuple[Path, Checksum]]:
        """Files of these weights on this machine, each with the checksum that its name tells."""
        for file in sorted((settings.data / "weights" / "timm").glob(f"{self._stem(weights)}-*")):
            if found := _HASH_IN_NAME.search(file.name):
                yield file, Checksum("sha256", found[1])
        if (hub := self.configuration(weights).hf_hub_id) is None:
            return
        from huggingface_hub import try_to_load_from_cache

        cached = try_to_load_from_cache(hub, HUB_FILE)
        if isinstance(cached, str) and re.fullmatch("[0-9a-f]{64}", Path(cached).resolve().name):
            yield Path(cached), Checksum("sha256", Path(cached).resolve().name)

    def _good_file(self, weights: str, settings: Settings) -> Path | None:
        """Find a file on this machine that is what its name says."""
        try:
            return next((file for file, sum_ in self._files(weights, settings) if sum_.matches(file)), None)
        except OSError as error:
            raise WeightsError(f"The weights of {self.key(weights)} cannot be read: {error}") from error

    def _problem(self, weights: str, settings: Settings) -> str:
        bad = next((file for file, _ in self._files(weights, settings)), None)
        return (
            f"The weights of {self.key(weights)} are not on this machine."
            if bad is None
            else f"The weights file {bad} was altered or cut: its SHA-256 is not the one in its name."
        )


def published(configuration: Any) -> tuple[str, str]:
    """Where weights are published, and their SHA-256 or its first digits, as their publisher tells.

    Asks the hub, which needs the internet. Raises `DownloadError`.
    """
    if configuration.hf_hub_id is None:
        return configuration.url, _HASH_IN_NAME.findall(configuration.url)[0]
    import huggingface_hub

    url = huggingface_hub.hf_hub_url(configuration.hf_hub_id, HUB_FILE)
    try:
        digest = huggingface_hub.get_hf_file_metadata(url).etag or ""
    except Exception as error:  # the hub's client raises its HTTP library's errors too
        raise DownloadError(
            f"The hub did not tell about {configuration.hf_hub_id} ({error}). Check the internet connection "
            "and the proxy, then try again."
        ) from error
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise DownloadError(f"The hub gives no SHA-256 of {url}, so a download could not be checked.")
    return url, digest


@lru_cache(maxsize=256)
def _parameter_bytes(network: TimmNetwork, weights: str) -> int | None:
    """Counts parameters without giving them memory; None for what timm cannot build."""
    try:
        module = on_meta_device(lambda: network._create(weights, {}))
    except Exception:  # whatever it is, `TimmNetwork.parts` tells
        return None
    return sum(parameter.nbytes for parameter in module.parameters())


@cache
def class_names(count: int) -> tuple[str, ...]:
    """Name ImageNet's classes by their number, which tells which ImageNet it is; () for any other number."""
    if count == len(ResNet18_Weights.DEFAULT.meta["categories"]):
        return tuple(ResNet18_Weights.DEFAULT.meta["categories"])
    from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset

    subset = infer_imagenet_subset({"num_classes": count})
    if subset is None:
        return ()
    return tuple(name.split(",")[0] for name in ImageNetInfo(subset).label_descriptions())


def _has_source(configuration: Any) -> bool:
    """Whether weights are published together with a checksum."""
    return bool(configuration.hf_hub_id or _HASH_IN_NAME.search(configuration.url or ""))


def _module_of(architecture: str) -> str:
    """Timm's source file of an architecture, which is its family: ``vision_transformer``."""
    from timm.models import model_entrypoint

    return str(model_entrypoint(architecture).__module__.rsplit(".", 1)[-1])
