"""Looks inside PyTorch image networks: true activations of any layer, as data and as figures.

>>> from actviz_core import capture, channel_grid, load_model, open_source
>>> model = load_model("cifar-resnet20")
>>> sample = open_source("bundled-cifar10")[3]
>>> record = capture(model.module, model.preprocess(sample.image), layers=["layer1.0.conv1"])
>>> record["layer1.0.conv1"].shape
torch.Size([1, 16, 32, 32])
>>> figure = channel_grid(record["layer1.0.conv1"][0])

Each name is imported when it is first asked for, so that a part of this package that needs no torch, such as
the processes that decode pictures, starts without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actviz_core.channels import channel_weights, receptive_field, visualize_channel
    from actviz_core.errors import ActVizError
    from actviz_core.figures import channel_grid
    from actviz_core.hooks import (
        GradientRecord,
        ModuleRow,
        Record,
        capture,
        capture_attention,
        capture_gradients,
        channel_worth,
        module_tree,
        only_positive,
        scale,
        switch_off,
    )
    from actviz_core.layouts.of_network import layout_of
    from actviz_core.models import Model, list_models, list_weights, load_model
    from actviz_core.samples import Sample, Source, list_sources, open_sample, open_source
    from actviz_core.sweep import sweep

__all__ = [
    "ActVizError",
    "GradientRecord",
    "Model",
    "ModuleRow",
    "Record",
    "Sample",
    "Source",
    "capture",
    "capture_attention",
    "capture_gradients",
    "channel_grid",
    "channel_weights",
    "channel_worth",
    "layout_of",
    "list_models",
    "list_sources",
    "list_weights",
    "load_model",
    "module_tree",
    "only_positive",
    "open_sample",
    "open_source",
    "receptive_field",
    "scale",
    "sweep",
    "switch_off",
    "visualize_channel",
]

_ROOMS = {
    "channels": ("channel_weights", "receptive_field", "visualize_channel"),
    "errors": ("ActVizError",),
    "figures": ("channel_grid",),
    "hooks": (
        *("GradientRecord", "ModuleRow", "Record", "capture", "capture_attention", "capture_gradients"),
        *("channel_worth", "module_tree", "only_positive", "scale", "switch_off"),
    ),
    "models": ("Model", "list_models", "list_weights", "load_model"),
    "layouts.of_network": ("layout_of",),
    "samples": ("Sample", "Source", "list_sources", "open_sample", "open_source"),
    "sweep": ("sweep",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    """Import what is asked for from its room."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    """List the public names beside what is here already."""
    return sorted({*globals(), *__all__})
