"""What a first visitor finds filled in, and the quick picks of layers."""

from collections.abc import Sequence

from actviz_core.hooks import ModuleRow

DEFAULT_MODEL = "cifar-resnet20"
DEFAULT_IMAGE = "bundled-cifar10/0"


def stages(rows: Sequence[ModuleRow]) -> list[str]:
    """The top-level parts of a network that are made of several modules, such as ``layer1`` to ``layer4``."""
    return [row.name for row in rows if row.depth == 1 and row.children and row.calls]


def first_of_each_stage(rows: Sequence[ModuleRow]) -> tuple[str, ...]:
    """The first convolution of each stage; without any, the first layer that ran."""
    convolutions = all_convolutions(rows)
    first = [next((c for c in convolutions if c.startswith(f"{stage}.")), None) for stage in stages(rows)]
    found = tuple(name for name in first if name is not None)
    ran = tuple(row.name for row in rows if row.name and row.calls)
    return found or convolutions[:1] or ran[:1]


def first_and_last_stage(rows: Sequence[ModuleRow]) -> tuple[str, ...]:
    """An early and a late layer: the first convolutions of the first and of the last stage."""
    layers = first_of_each_stage(rows)
    return tuple(dict.fromkeys((layers[0], layers[-1]))) if layers else ()


def all_convolutions(rows: Sequence[ModuleRow]) -> tuple[str, ...]:
    """Every convolution that ran."""
    return tuple(row.name for row in rows if row.calls and row.type.startswith("Conv"))
