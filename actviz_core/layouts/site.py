"""Where in its network a layer sits, and what came out of it: all that decides a layout."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import nn

from actviz_core.layouts.layout import Size


@dataclass(frozen=True, eq=False)
class LayerSite:
    """A layer with the modules around it.

    Attributes:
        chain: from the network itself down to the layer's module, or to the module whose code makes the step.
        names: the parts of its dotted name, one for each module of the chain but the first.
        step: name of a functional step (``add``), or "".
        place: where in a nested output (``[0]``), or "".
        shape: of the activation.
        picture: height and width of the network's input.
        batch: how many pictures went in.
        number: which of the step's calls it is, counted from 1; 0 for a layer.
        beside: names of all steps in the same module, as far as they are known.

    """

    chain: tuple[nn.Module, ...]
    names: tuple[str, ...]
    step: str
    place: str
    shape: tuple[int, ...]
    picture: Size
    batch: int
    number: int = 0
    beside: frozenset[str] = frozenset()

    @property
    def module(self) -> nn.Module | None:
        """The layer's module; None for a step, which is no module's output."""
        return None if self.step else self.chain[-1]

    @property
    def around(self) -> tuple[nn.Module, ...]:
        """The modules that the layer lies in, from the innermost to the network."""
        return self.chain[::-1] if self.step else self.chain[-2::-1]

    def nearest(self, fits: Callable[[nn.Module], bool], *, around: bool = False) -> nn.Module | None:
        """The innermost module that fits: the layer's own too, unless only those ``around`` it count."""
        return next(filter(fits, self.around if around else self.chain[::-1]), None)


def has_type(module: nn.Module, *names: str) -> bool:
    """Whether a module's class or one of its bases has one of these full names, without importing them."""
    return any(f"{base.__module__}.{base.__qualname__}" in names for base in type(module).__mro__)


def with_weights(module: nn.Module) -> Iterator[nn.Module]:
    """The module and all below it that have parameters of their own."""
    return (m for m in module.modules() if any(True for _ in m.parameters(recurse=False)))
