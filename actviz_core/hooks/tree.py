"""The module tree of a network with what a forward pass tells about each row: shape, calls, compute."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from actviz_core.hooks.flops import FlopsOfModules
from actviz_core.hooks.nesting import kind_of, named_tensors, shape_of
from actviz_core.hooks.passes import left_as_found, observed, run, unwrap
from actviz_core.hooks.steps import StepWatch
from actviz_core.hooks.walk import is_scripted, named_modules
from actviz_core.names import CallName, Selector, step_parts


@dataclass(frozen=True)
class ModuleRow:
    """One module, or one step between modules: its place in the tree and what it did in one forward pass.

    ``shape`` is the shape of the first tensor that it returned, None when there is none; ``returned`` then
    says what its first call returned instead (``None``, ``a number (int)``), and is "" if it never ran.
    ``parameters`` and ``flops`` (floating point operations, as `torch.utils.flop_counter` counts them)
    include its children.
    A step's ``name`` is a call name (``layer1.0/add#1``) and its ``type`` is the function (``add``).
    """

    name: str
    type: str
    depth: int
    shape: tuple[int, ...] | None
    parameters: int
    flops: int
    calls: int
    children: int
    step: bool = False
    returned: str = ""


def module_tree(
    module: nn.Module, inputs: Tensor | tuple[Any, ...], *, steps: bool = False
) -> tuple[ModuleRow, ...]:
    """Run ``module`` once on ``inputs`` in eval mode; one row a module, in the tree's order, root first.

    With ``steps``, every functional step of the pass has a row too (as `capture` names them): below its
    module, in the order of execution, after the child of that module that ran last before it.
    The module is left as found. What the module raises passes through.
    """
    root = unwrap(module).root
    seen = Observations(root)
    with ExitStack() as stack:
        stack.enter_context(left_as_found(root, keep_mode=False, gradients=False))
        stack.enter_context(seen.watching(steps=steps))
        run(root, inputs)
    return seen.rows()


@dataclass(frozen=True)
class _Step:
    """One step as it ran; ``row`` is the row of the tree that it follows."""

    function: str
    shape: tuple[int, ...] | None
    flops: int
    row: int


@dataclass(frozen=True)
class TensorSize:
    """A tensor that the ``number``-th call of a layer or step returned, at ``place`` of its result."""

    layer: str
    number: int
    place: str
    shape: tuple[int, ...]
    bytes: int


class Observations:
    """What one pass shows of every module and step: shapes, calls and floating point operations."""

    def __init__(self, root: nn.Module) -> None:
        self._root = root
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._calls: dict[str, int] = {}
        self._returned_instead: dict[str, str] = {}
        self._steps: dict[str, list[_Step]] = {}
        self.sizes: list[TensorSize] = []
        self._flops = FlopsOfModules()
        self._last_row = _last_rows([name for name, _ in named_modules(root)])
        self._row_so_far = {name: row for row, name in enumerate(self._last_row)}

    @contextmanager
    def watching(self, *, steps: bool) -> Iterator[None]:
        """Watch the passes of this thread."""
        with ExitStack() as stack:
            if steps:
                watch = StepWatch(self._root, self)

                def entered(name: str) -> None:
                    self._entered(name)
                    watch.entered(name)

                def left(output: Any) -> None:
                    watch.left(output)
                    self._left(output)

                stack.enter_context(observed(self._root, self._returned, entered, left))
                stack.enter_context(watch.ready())
            else:
                stack.enter_context(observed(self._root, self._returned, self._entered, self._left))
            stack.enter_context(self._flops)
            yield

    def _entered(self, name: str) -> None:
        for parent in self._flops.running[-1:]:
            below = f"{parent}." if parent else ""
            if name.startswith(below):  # a shared module may have its row elsewhere in the tree
                child = below + name[len(below) :].split(".")[0]
                self._row_so_far[parent] = max(self._row_so_far[parent], self._last_row[child])
        self._flops.running.append(name)

    def _left(self, _output: Any) -> None:
        self._flops.running.pop()

    def _returned(self, name: str, output: Any) -> None:
        self._calls[name] = self._calls.get(name, 0) + 1
        self._measure(name, self._calls[name], output)
        shape = _shape_of(output)
        if shape is not None:
            self._shapes.setdefault(name, shape)
        else:
            self._returned_instead.setdefault(name, kind_of(output))

    def began(self) -> None:
        """Count the operations of the step that follows."""
        self._flops.since_step = 0

    def stepped(self, name: str, result: Any, *, certain: bool) -> None:  # noqa: ARG002  # see `withdrawn`
        """Note a step, and the row that it follows."""
        module, function = step_parts(name)
        steps = self._steps.setdefault(module, [])
        steps.append(_Step(function, _shape_of(result), self._flops.since_step, self._row_so_far[module]))
        self._measure(name, sum(step.function == function for step in steps), result)

    def withdrawn(self, name: str) -> None:
        """Forget the last step of a module."""
        self._steps[step_parts(name)[0]].pop()
        while self.sizes and self.sizes[-1].layer == name:
            self.sizes.pop()

    def settled(self) -> None:
        """Nothing to do: rows are made after the pass."""

    def _measure(self, layer: str, number: int, output: Any) -> None:
        self.sizes.extend(
            TensorSize(layer, number, place, shape_of(tensor), tensor.numel() * tensor.element_size())
            for place, tensor in named_tensors(output)
        )

    def rows(self) -> tuple[ModuleRow, ...]:
        """One row a module in the tree's order, steps in between."""
        following: dict[int, list[ModuleRow]] = {}
        for module in sorted(self._steps, key=_depth, reverse=True):  # a row's own steps before its parent's
            numbers: dict[str, int] = {}
            for step in self._steps[module]:
                numbers[step.function] = numbers.get(step.function, 0) + 1
                name = str(CallName(module, step.function, Selector(numbers[step.function])))
                row = ModuleRow(
                    name, step.function, _depth(module) + 1, step.shape, 0, step.flops, 1, 0, step=True
                )
                following.setdefault(step.row, []).append(row)
        rows: list[ModuleRow] = []
        for index, (name, part) in enumerate(named_modules(self._root)):
            rows.append(self._row(name, part))
            rows.extend(following.get(index, ()))
        return tuple(rows)

    def _row(self, name: str, module: nn.Module) -> ModuleRow:
        return ModuleRow(
            name=name,
            type=type_name(module),
            depth=_depth(name),
            shape=self._shapes.get(name),
            parameters=sum(parameter.numel() for parameter in module.parameters()),
            flops=self._flops.by_module.get(name, 0),
            calls=self._calls.get(name, 0),
            children=0 if is_scripted(module) else len(module._modules),
            returned="" if name in self._shapes else self._returned_instead.get(name, ""),
        )


def type_name(module: nn.Module) -> str:
    """The class of a module; of TorchScript that of the module which it was made from."""
    if is_scripted(module):
        return f"{module.original_name} (TorchScript)"
    return type(module).__name__


def _depth(name: str) -> int:
    return name.count(".") + 1 if name else 0


def _shape_of(output: Any) -> tuple[int, ...] | None:
    first = next(named_tensors(output), None)
    return None if first is None else shape_of(first[1])


def _last_rows(names: list[str]) -> dict[str, int]:
    """The last row of each module's part of the tree, in the tree's order."""
    last = dict.fromkeys(names, 0)
    for row, name in enumerate(names):
        while name:
            last[name] = row
            name = name.rpartition(".")[0]
    last[""] = len(names) - 1
    return last
