"""The team's own networks: builders that ``ACTVIZ_MODELS`` names as ``package.module:function``."""

import importlib
import inspect
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torchvision.transforms._presets import ImageClassification, SemanticSegmentation

from actviz_core.errors import NotEnoughMemoryError, WeightsError
from actviz_core.models.building import within_memory
from actviz_core.models.model import Origin, Parts, WeightsInfo
from actviz_core.models.network import RANDOM_SEED, Network
from actviz_core.models.preprocess import Preprocess
from actviz_core.models.wrappers import unwrapped
from actviz_core.settings import Settings
from actviz_core.tasks import Task, Training

FAMILY = "Your networks"
BUILT = "built"
ASSUMED = Preprocess((224, 224), (256,), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
ASSUMED_NOTE = (
    "The builder gives no preprocessing: 224 x 224 pixels, normalised as for ImageNet, are assumed."
)


@dataclass(frozen=True, eq=False)
class OwnNetwork:
    """What a builder may return instead of a module alone.

    ``preprocess`` is a `Preprocess` or one of torchvision's presets (``weights.transforms()``); None assumes
    224 x 224 pixels normalised as for ImageNet. ``classes`` names the outputs in order. ``task`` is
    `Task.SEGMENTATION` for a network that returns a class a pixel: (N, classes, H, W), or a dict whose
    ``out`` is that.
    """

    module: nn.Module
    preprocess: Preprocess | ImageClassification | SemanticSegmentation | None = None
    classes: tuple[str, ...] = ()
    task: Task = Task.CLASSIFICATION


class TeamNetwork(Network):
    """A network that a builder of the team makes.

    A builder takes no arguments. It returns a `torch.nn.Module`, a tuple ``(module, preprocess, classes)``,
    or anything with a ``module`` and, optionally, ``preprocess``, ``classes`` and ``task``, such as an
    `OwnNetwork`. A module's class is a builder too. The module's own values are taken as they are; what a
    builder draws from torch's global generator is the same every time.
    """

    origin = Origin.OWN
    family = FAMILY
    default = BUILT

    def __init__(self, name: str) -> None:
        self.name = name
        self.title = name.rpartition(":")[2] or name

    def weights_names(self) -> tuple[str, ...]:
        """List the one way there is: as the builder makes it."""
        return (BUILT,)

    def weights_info(self, weights: str, settings: Settings) -> WeightsInfo:  # noqa: ARG002 - nothing to set
        """Describe it without building it."""
        return WeightsInfo(weights, self.key(weights), "as the builder makes it", None, 0, ready=True)

    def training(self, weights: str) -> Training:  # noqa: ARG002 - the same for all
        """Say that only whoever wrote the builder knows."""
        return Training.UNKNOWN

    def parts(self, weights: str, settings: Settings) -> Parts:  # noqa: ARG002 - nothing to set
        """Call the builder; `WeightsError` says why it cannot be called, or what it returned not be used."""
        returned = _returned(self.name, _builder(self.name))
        module, note = unwrapped(returned.module)
        _check_values(self.name, module)
        return Parts(
            module,
            _preprocess(self.name, returned.preprocess),
            _classes(self.name, returned.classes),
            returned.task,
            " ".join(filter(None, (ASSUMED_NOTE if returned.preprocess is None else "", note))),
        )

    def on_meta_device(self, settings: Settings) -> Parts:
        """Call the builder; its values are there to be replaced."""
        return self.parts(BUILT, settings)


def _builder(name: str) -> Callable[[], Any]:
    """Import what the name names, and make sure that it can be called without arguments."""
    module_name, colon, function_name = name.partition(":")
    if not (module_name and colon and function_name):
        raise WeightsError(f"{name!r} in ACTVIZ_MODELS is not of the form package.module:function.")
    try:
        builder: Any = importlib.import_module(module_name)
        for part in function_name.split("."):
            builder = getattr(builder, part)
    except (Exception, SystemExit) as error:
        raise WeightsError(
            f"{name} cannot be imported: {_told(error)}. Its package must be installed, or its folder be in "
            "PYTHONPATH, where the server is started."
        ) from error
    if not callable(builder):
        raise WeightsError(f"{name} is a {type(builder).__name__}, not a function that builds a network.")
    try:
        inspect.signature(builder).bind()
    except TypeError as error:
        raise WeightsError(
            f"{name} must be callable without arguments: {error}. Wrap it in a function that gives them."
        ) from error
    except ValueError:
        pass  # some callables don't tell their arguments; calling them will show
    return builder


@cache
def _turn() -> threading.Lock:
    """Held while a builder works: it may draw from torch's global generator, of which a process has one."""
    return threading.Lock()


_turn()  # at import: of two threads that came first, each would make its own


def _returned(name: str, builder: Callable[[], Any]) -> OwnNetwork:
    """Call the builder, and find the module and what comes with it in what it returned."""
    try:
        with _turn(), torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(RANDOM_SEED)
            with within_memory(name):
                made = builder()
    except NotEnoughMemoryError:
        raise
    except (Exception, SystemExit) as error:
        raise WeightsError(f"{name} failed while it built the network: {_told(error)}") from error
    if isinstance(made, nn.Module):
        return OwnNetwork(made)
    if isinstance(made, tuple) and len(made) == 3:
        made = OwnNetwork(*made)
    if isinstance(getattr(made, "module", None), nn.Module):
        try:
            task = Task(getattr(made, "task", Task.CLASSIFICATION))
        except ValueError as error:
            raise WeightsError(f"{name} gives a wrong task: {error}. There are {', '.join(Task)}.") from error
        return OwnNetwork(made.module, getattr(made, "preprocess", None), getattr(made, "classes", ()), task)
    kind = f"a tuple of {len(made)}" if isinstance(made, tuple) else f"{type(made).__name__}"
    raise WeightsError(
        f"{name} returned {kind}, not a torch.nn.Module, a tuple (module, preprocess, classes), or an "
        "object with these attributes."
    )


def _check_values(name: str, module: nn.Module) -> None:
    for where, tensor in (*module.named_parameters(), *module.named_buffers()):
        if is_lazy(tensor) or tensor.is_meta:
            raise WeightsError(
                f"{name} returned a network whose {where} has no values yet; run it once in the builder, or "
                "load its weights there."
            )


def _preprocess(name: str, given: Any) -> Preprocess:
    if given is None:
        return ASSUMED
    try:
        return given if isinstance(given, Preprocess) else Preprocess.of_preset(given)
    except TypeError as error:
        raise WeightsError(
            f"{name} gives a preprocessing that cannot be used: {error} Give an actviz_core Preprocess(size, "
            "resize, mean, std), or one of torchvision's presets, such as weights.transforms()."
        ) from error


def _classes(name: str, given: Any) -> tuple[str, ...]:
    names = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if given is None:
        return ()
    if names is None or not all(isinstance(one, str) for one in names):
        raise WeightsError(f"{name} gives classes that are not a list of names: {given!r}.")
    return names


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
