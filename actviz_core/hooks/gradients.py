"""Runs a network forward and backward, and returns the gradients of one number of its answer, bit for bit."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge

from actviz_core.hooks.capture import Seen
from actviz_core.hooks.edits import Edit, Editing
from actviz_core.hooks.gradient_marks import Mark, Marks
from actviz_core.hooks.gradient_record import GradientRecord
from actviz_core.hooks.memory import address_of, tensors_of_model
from actviz_core.hooks.nesting import named_tensors, with_tensors
from actviz_core.hooks.passes import left_as_found, observed, run, unwrap
from actviz_core.hooks.record import unknown_name
from actviz_core.hooks.selection import names_of_layers, parse
from actviz_core.hooks.steps import StepWatch
from actviz_core.hooks.target import Target, number_of

_NOT_FOLLOWED = "torch follows no gradient to what it returned (whole numbers, or computed without gradients)"
_NO_INFLUENCE = "the number does not depend on what it returned"


def capture_gradients(
    module: nn.Module,
    inputs: Tensor | tuple[Any, ...],
    target: Target,
    layers: Sequence[str] | None = None,
    *,
    steps: bool = False,
    edits: Mapping[str, Edit] | None = None,
    gradient_edits: Mapping[str, Edit] | None = None,
) -> GradientRecord:
    """Keep the gradient of one number of the answer with respect to what ``layers`` returned.

    Bit for bit what a tensor hook gets that is set on what each call returned, at the moment it returned, in
    the module's own eval-mode pass; also where a later in-place operation overwrites that tensor.

    ``target`` is a class index: the number is that class's value in the answer (its first tensor, of shape
    (N, classes, ...)), summed over the pictures and whatever other axes there are, so that each picture has
    its own gradient. Or it is a function from the answer, as the network returns it, to a tensor of one
    element.

    ``inputs``, ``layers`` and ``steps`` are those of `capture`. The gradient of the input has the name
    ``input``, ``input[0]`` where ``inputs`` is a tuple (``/input`` in a network with a layer called
    ``input``). It is there if ``layers`` names it or is None. The backward pass goes no further than the
    gradients that are wanted.

    ``edits`` change what calls return in the forward pass, as in `capture`. ``gradient_edits`` change the
    gradient at a call, by the same kind of names: the function gets the gradient with respect to what the
    call returned and gives the one that is passed on, which is also what the result holds. Everything before
    that call gets what torch computes from it.

    The result maps call names to detached CPU tensors of the shapes that the calls returned, in the order of
    the forward pass. A call that the number does not depend on has no gradient and is listed in ``without``.
    The module is left as found, ``.grad`` of its parameters included, also after an exception. Several
    threads may work on one module.

    Raises `UnknownLayerError` for a name that does not exist, `TargetError` for a class that isn't there or a
    function without a usable number, `EditError` for an edit that cannot be made; what the module raises
    passes through.
    """
    network = unwrap(module)
    root = network.root
    aliases = names_of_layers(root, network.prefix)
    own_input = "/input" if "input" in aliases else "input"
    named = [layers] if isinstance(layers, str) else layers
    of_input = [name for name in named or () if name == own_input or name.startswith(f"{own_input}[")]
    all_layers = [name for name in dict.fromkeys(aliases.values()) if name]
    wanted = parse(
        all_layers if named is None else [name for name in named if name not in of_input],
        aliases,
        steps=steps,
    )
    editing = Editing(edits, aliases, steps=steps) if edits else None
    changing = Editing(gradient_edits, aliases, steps=steps) if gradient_edits else None
    marks = Marks(changing)
    seen = _Observer(marks, Seen(marks.keep, wanted, None, every_step=steps and layers is None))
    watch = None
    of_steps = not wanted.keys() <= aliases.keys() or any(
        e is not None and e.of_steps for e in (editing, changing)
    )
    if steps and (layers is None or of_steps):
        watch = StepWatch(root, seen, editing)
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(left_as_found(root, keep_mode=False, gradients=True))
        passed, given = _with_gradients(inputs)
        edited = None if editing is None else editing.edited
        if watch is None:
            stack.enter_context(observed(root, seen.returned, edited=edited))
        else:
            stack.enter_context(observed(root, seen.returned, watch.entered, watch.left, edited))
            stack.enter_context(watch.ready())
        number = number_of(run(root, passed), target)
        for one in (editing, changing):
            if one is not None:
                one.all_made()
                one.repeating()
        marks.finished = True
        found = seen.collected.named(aliases)
        values = {
            f"{own_input}{place}": Mark(get_gradient_edge(tensor))
            for place, tensor in given
            if named is None or any(_wants(name, f"{own_input}{place}") for name in of_input)
        }
        for name in of_input:
            if not any(_wants(name, call) for call in values):
                there = dict.fromkeys(f"{own_input}{place}" for place, _ in given)
                raise unknown_name(name, there, "is no input with a gradient")
        calls = {own_input: tuple(values)} | found.calls if values else found.calls
        values |= found.kept
        gradients = marks.follow(number, values.values())
        mine = {address for tensor in tensors_of_model(root) if (address := address_of(tensor)) is not None}
    return _record(
        values, gradients, calls, {own_input: own_input} | found.aliases, float(number.detach()), mine
    )


class _Observer:
    """Tells of the forward pass's calls and steps, and of nothing that runs again in the backward pass."""

    def __init__(self, marks: Marks, collected: Seen[Mark]) -> None:
        self._marks = marks
        self.collected = collected

    def returned(self, layer: str, output: Any) -> None:
        if not self._marks.finished:
            self._marks.change(layer, output)
            self.collected.returned(layer, output)

    def began(self) -> None:
        """Nothing to do before a step."""

    def stepped(self, name: str, result: Any, *, certain: bool) -> None:
        if not self._marks.finished:
            self._marks.change(name, result)
            self.collected.stepped(name, result, certain=certain)

    def withdrawn(self, name: str) -> None:
        if not self._marks.finished:
            if self._marks.changing is not None:
                self._marks.changing.withdrawn(name)
            self.collected.withdrawn(name)

    def settled(self) -> None:
        if not self._marks.finished:
            self.collected.settled()


def _with_gradients(inputs: Tensor | tuple[Any, ...]) -> tuple[Any, list[tuple[str, Tensor]]]:
    """The inputs as copies that gradients are followed to, and those with their places.

    Copies rather than leaves: a network may write to its input.
    """

    def followed(_place: str, tensor: Tensor) -> Tensor:
        if not (tensor.is_floating_point() or tensor.is_complex()):
            return tensor
        return tensor.detach().requires_grad_().clone()

    passed = with_tensors(inputs, followed)
    return passed, [(place, tensor) for place, tensor in named_tensors(passed) if tensor.requires_grad]


def _wants(name: str, call: str) -> bool:
    return call == name or call.startswith(f"{name}[")


def _record(
    marks: Mapping[str, Mark],
    gradients: Mapping[Mark, Tensor],
    calls: Mapping[str, tuple[str, ...]],
    aliases: Mapping[str, str],
    number: float,
    mine: set[int],
) -> GradientRecord:
    values: dict[str, Tensor] = {}
    without: dict[str, str] = {}
    own: dict[int, Tensor] = {}
    for call, mark in marks.items():
        gradient = gradients.get(mark)
        if gradient is None:
            without[call] = _NOT_FOLLOWED if mark.edge is None else _NO_INFLUENCE
        else:
            if id(gradient) not in own:
                own[id(gradient)] = _owned(gradient, mine)
            values[call] = own[id(gradient)]
    there = {layer: tuple(name for name in names if name in values) for layer, names in calls.items()}
    return GradientRecord(values, there, aliases, number=number, without=without)


def _owned(gradient: Tensor, mine: set[int]) -> Tensor:
    """On the CPU, and neither a small part of something large nor memory that the network goes on using."""
    gradient = gradient.detach().cpu()
    address = address_of(gradient)
    shared = address is None or address in mine or gradient.untyped_storage().nbytes() > gradient.nbytes
    return gradient.clone() if shared else gradient
