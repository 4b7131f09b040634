"""Decides how a layer's output is laid out, from the structure of its network."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from torch import nn

from actviz_core.layouts.families import layout_in_family
from actviz_core.layouts.layout import Layout, LayoutKind, Size, default_layout, with_alternatives
from actviz_core.layouts.rules import layout_by_structure
from actviz_core.layouts.site import LayerSite
from actviz_core.layouts.steps import layout_by_function, uncertain
from actviz_core.names import CallName


def layout_of(
    module: nn.Module,
    layer: str,
    shape: Sequence[int],
    input_size: Size,
    *,
    batch: int = 1,
    steps: Iterable[str] = (),
) -> Layout:
    """Say how the output of a layer is laid out, with the reason and every other reading of its shape.

    Args:
        module: the network itself.
        layer: a layer, call or step name: ``features.1``, ``relu#2``, ``lstm[0]``, ``layer1.0/add#1``.
        shape: of the activation.
        input_size: height and width of the network's input, in pixels.
        batch: how many pictures went in at once.
        steps: the network's steps, as far as they are known; those of the same module say what it does.

    Torchvision's and timm's vision transformers, Swin, MaxViT and ConvNeXt are known by their classes.
    In any other network the layers themselves tell: a 2-D convolution puts channels first, a linear layer
    last. Steps are read like the layers around them, unless their function may move axes or places. Where
    that is not enough, the shape's usual reading is taken, and `Layout.certain` is False.

    """
    shape = tuple(shape)
    usual = default_layout(shape, batch=batch)
    found = usual
    site = _site(module, layer, shape, input_size, batch, steps)
    if usual.kind is not LayoutKind.VECTOR and site is not None:
        known = layout_by_function(site) or layout_in_family(site)
        found = known or uncertain(layout_by_structure(site) or usual, site)
    leading = found.axes.find("N")
    if leading >= 0 and shape and shape[leading] != batch and found.kind is not LayoutKind.VECTOR:
        counted = f"{shape[leading]} entries where {batch} picture{'s' * (batch != 1)} went in"
        found = replace(found, certain=False, why=f"{found.why} There are {counted}: the first is shown.")
    return with_alternatives(found, shape, input_size, batch=batch)


@dataclass(frozen=True)
class _NamesIn(Container[str]):
    """The names of a network's modules, looked up one by one: no walk through all of them."""

    module: nn.Module

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _chain(self.module, name) is not None


def _chain(module: nn.Module, name: str) -> tuple[nn.Module, ...] | None:
    """The modules from the network down to the one of this name; None where there is none."""
    chain = [module]
    for part in name.split(".") if name else ():
        below = chain[-1]._modules.get(part)
        if below is None:
            return None
        chain.append(below)
    return tuple(chain)


def _site(
    module: nn.Module, layer: str, shape: tuple[int, ...], picture: Size, batch: int, steps: Iterable[str]
) -> LayerSite | None:
    """Find the module that a name belongs to; None if there is none."""
    call = CallName.made(layer, _NamesIn(module))
    chain = None if call is None else _chain(module, call.module)
    if call is None or chain is None:
        return None
    names = tuple(call.module.split(".")) if call.module else ()
    place = call.selector.part
    if not call.function:
        return LayerSite(chain, names, "", place, shape, picture, batch)
    number = 1 if call.selector.number is None else call.selector.number
    named = [step for step in map(CallName.step, steps) if step is not None]
    beside = frozenset(step.function for step in named if step.module == call.module)
    return LayerSite(chain, names, call.function, place, shape, picture, batch, number, beside)
