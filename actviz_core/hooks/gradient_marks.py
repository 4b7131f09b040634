"""Marks in torch's graph: where the gradient of what a call returned arrives, and where it is changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge, get_gradient_edge

from actviz_core.hooks.edits import Edit, Editing, apply


@dataclass(frozen=True, eq=False)
class Mark:
    """Where in torch's graph the gradient of one call's tensor arrives; None where torch follows none.

    Calls that return the same tensor, such as a block and its last layer, share a place; ``earlier`` counts
    those whose edits at that place are only made after this call's gradient is known.
    """

    edge: GradientEdge | None
    earlier: int = 0


@dataclass
class _Changes:
    """The edits at one place, in groups by call; backward, the last call's come first."""

    edge: GradientEdge
    groups: list[tuple[int, list[tuple[Edit, str]]]] = field(default_factory=list)
    gradients: dict[int, Tensor] = field(default_factory=dict)

    def make(self, gradient: Tensor) -> Tensor:
        """Change a gradient as it arrives, and note how it is after each group."""
        self.gradients[len(self.groups)] = gradient
        for index in range(len(self.groups) - 1, -1, -1):
            for edit, name in self.groups[index][1]:
                gradient = apply(edit, gradient, name)
            self.gradients[index] = gradient
        return gradient


class Marks:
    """Marks tensors when they are returned, sets the hooks that change gradients, and goes backward."""

    def __init__(self, changing: Editing | None) -> None:
        self.finished = False
        self.changing = changing
        self._call = 0
        self._changes: dict[tuple[int, int], _Changes] = {}

    def keep(self, tensor: Tensor) -> Mark:
        """Mark a tensor as it is now: what overwrites it later gets another place in the graph."""
        if not tensor.requires_grad:
            return Mark(None)
        edge = get_gradient_edge(tensor)
        changes = self._changes.get(_place(edge))
        if changes is None:
            return Mark(edge)
        return Mark(edge, sum(call < self._call for call, _ in changes.groups))

    def change(self, name: str, output: Any) -> None:
        """Have the gradients of what a call returned changed before they are passed on."""
        if self.changing is not None:
            self._call += 1
            self.changing.hooked(name, output, self._hook)

    def _hook(self, edit: Edit, tensor: Tensor, name: str) -> None:
        if not tensor.requires_grad:
            return
        edge = get_gradient_edge(tensor)
        changes = self._changes.get(_place(edge))
        if changes is None:
            changes = self._changes.setdefault(_place(edge), _Changes(edge))
            tensor.register_hook(changes.make)
        if not changes.groups or changes.groups[-1][0] != self._call:
            changes.groups.append((self._call, []))
        changes.groups[-1][1].append((edit, name))

    def follow(self, number: Tensor, marks: Iterable[Mark]) -> dict[Mark, Tensor]:
        """The gradient at each mark that has one."""
        marks = list(marks)
        edges = {_place(edge): edge for mark in marks if (edge := mark.edge) is not None}
        if not edges or not number.requires_grad:
            return {}
        found = torch.autograd.grad(number, list(edges.values()), allow_unused=True)
        gradients = dict(zip(edges, found, strict=True))
        at_marks: dict[Mark, Tensor] = {}
        for mark in marks:
            if mark.edge is None:
                continue
            place = _place(mark.edge)
            gradient = gradients[place]
            if gradient is not None and place in self._changes:
                gradient = self._changes[place].gradients[mark.earlier]
            if gradient is not None:
                at_marks[mark] = gradient
        return at_marks


def _place(edge: GradientEdge) -> tuple[int, int]:
    """Names a place in the graph; torch gives the same node object for as long as somebody holds it."""
    return id(edge.node), edge.output_nr
