"""Tells which calls and steps a pass consists of, without keeping what they returned."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from actviz_core.hooks.passes import left_as_found, observed, run, unwrap
from actviz_core.hooks.steps import StepWatch


@dataclass(frozen=True)
class Called:
    """One time a layer ran; ``shape`` is that of what it returned, None where that was no single tensor."""

    layer: str
    shape: tuple[int, ...] | None


def calls_of(module: nn.Module, inputs: Tensor | tuple[Any, ...]) -> list[Called]:
    """Run the network once in eval mode without gradients: its calls, in the order in which they returned."""
    root = unwrap(module).root
    calls: list[Called] = []

    def returned(layer: str, output: Any) -> None:
        calls.append(Called(layer, tuple(output.shape) if isinstance(output, Tensor) else None))

    with left_as_found(root, keep_mode=False, gradients=False), observed(root, returned):
        run(root, inputs)
    return calls


@dataclass
class StepNames:
    """The functions that a network's own code has called, as steps without numbers: ``layer1.0/add``."""

    happened: dict[str, int] = field(default_factory=dict)

    def began(self) -> None:
        """Nothing to do before a step."""

    def stepped(self, name: str, _result: Any, *, certain: bool) -> None:  # noqa: ARG002  # as the protocol has it
        """Count a step."""
        self.happened[name] = self.happened.get(name, 0) + 1

    def withdrawn(self, _name: str) -> None:
        """What a module hands back from its last step is still a function that its code has called."""

    def settled(self) -> None:
        """Nothing to do when a module has returned."""


@contextmanager
def step_names(root: nn.Module) -> Iterator[StepNames]:
    """Listen to which steps happen in this thread's passes through ``root``, whoever runs them."""
    names = StepNames()
    watch = StepWatch(root, names)
    with observed(root, lambda _layer, _output: None, watch.entered, watch.left), watch.ready():
        yield names


@dataclass
class Versions:
    """What a layer returned last, and how often its memory had been written to by then."""

    tensor: Tensor | None = None
    version: int = 0
    calls: int = 0

    @property
    def overwritten(self) -> bool:
        """Whether an in-place operation has written to it since."""
        return self.tensor is not None and self.tensor._version != self.version


@contextmanager
def versions_of(layer: nn.Module, look: Callable[[Versions, Any], None]) -> Iterator[Versions]:
    """Follow one layer of a network that this thread holds; ``look`` is told each output as it returns."""
    seen = Versions()

    def returned(name: str, output: Any) -> None:
        if name:  # of a layer below
            return
        seen.calls += 1
        if isinstance(output, Tensor):
            seen.tensor, seen.version = output, output._version
        look(seen, output)

    with observed(layer, returned):
        yield seen
