"""Runs a network once and returns, bit for bit, what chosen layers and steps returned."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

from actviz_core.hooks.edits import Edit, Editing
from actviz_core.hooks.memory import CopyBeforeWrite, tensors_of_model
from actviz_core.hooks.nesting import named_tensors, tensors_in
from actviz_core.hooks.passes import StopPass, left_as_found, observed, run, unwrap
from actviz_core.hooks.record import Record, unknown_name
from actviz_core.hooks.selection import Wanted, last_calls, names_of_layers, names_of_steps, parse
from actviz_core.hooks.steps import StepWatch
from actviz_core.names import CallName, Selector

K = TypeVar("K")


def capture(
    module: nn.Module,
    inputs: Tensor | tuple[Any, ...],
    layers: Sequence[str] | None = None,
    *,
    steps: bool = False,
    keep_mode: bool = False,
    gradients: bool = False,
    edits: Mapping[str, Edit] | None = None,
) -> Record:
    """Run ``module`` on ``inputs`` and keep what ``layers`` returned, at the moment they returned it.

    ``inputs`` is one tensor of any shape the module takes, or a tuple of its arguments. ``layers`` holds
    layer names (all calls of that layer) or call names (``relu#2``); None means every module below the root,
    and ``""`` is the root itself. The result maps call names to detached CPU tensors of the shapes and dtypes
    that the layers returned, in the order of execution.

    With ``steps``, functional steps count like layers: ``layer1.0/add`` are the sums in the code of
    ``layer1.0``, ``layer1.0/add#1`` is the first of the pass, ``/flatten#1`` is in the root's code, and None
    takes in every step. Steps always have their number. What is a step is told in `actviz_core.hooks.steps`.

    ``edits`` maps layer or call names to functions: each gets the tensor that the call returned, and the
    network goes on with the one that it gives back, which is also what the result holds. A layer's name edits
    all its calls and every tensor they return; ``relu#2`` and ``lstm[0]`` one of them. Steps can be edited
    with ``steps``. Several edits of one call are made in their order. An edit of what runs after everything
    that ``layers`` asks for changes nothing. Ready-made are `switch_off`, `scale` and `only_positive`.

    The pass runs in eval mode unless ``keep_mode``, without gradients unless ``gradients``, and ends as soon
    as nothing more is wanted. The module is left as found, also after an exception: its modes, parameters,
    buffers and own attributes, but not what other objects inside it remember. What is under ``torch.compile``
    runs uncompiled: its values are those of the uncompiled module, bit for bit. Several threads may
    capture from the same module. Raises `UnknownLayerError` for a name that does not exist (for a step's name
    after the pass, since only the pass tells), and `EditError` for an edit that cannot be made; what the
    module raises passes through.
    """
    network = unwrap(module)
    root = network.root
    aliases = names_of_layers(root, network.prefix)
    all_layers = [name for name in dict.fromkeys(aliases.values()) if name]
    wanted = parse(all_layers if layers is None else layers, aliases, steps=steps)
    editing = Editing(edits, aliases, steps=steps) if edits else None
    keeper = CopyBeforeWrite()
    seen = Seen(
        keeper.keep,
        wanted,
        None if layers is None else last_calls(root, wanted, aliases),
        every_step=steps and layers is None,
    )
    watch = None
    of_steps = not wanted.keys() <= aliases.keys() or (editing is not None and editing.of_steps)
    if steps and (layers is None or of_steps):
        watch = StepWatch(root, seen, editing)
    if wanted or watch is not None:
        with ExitStack() as stack:
            stack.enter_context(left_as_found(root, keep_mode=keep_mode, gradients=gradients))
            edited = None if editing is None else editing.edited
            if watch is None:
                stack.enter_context(observed(root, seen.returned, edited=edited))
            else:
                stack.enter_context(observed(root, seen.returned, watch.entered, watch.left, edited))
                stack.enter_context(watch.ready())
            try:
                with keeper:
                    run(root, inputs)
                if editing is not None:
                    editing.all_made()
            except StopPass:
                pass
            keeper.release(tensors_in(inputs))
            keeper.release(tensors_of_model(root))
    named = seen.named(aliases)
    return Record({call: kept.value for call, kept in named.kept.items()}, named.calls, named.aliases)


@dataclass(frozen=True)
class Named(Generic[K]):
    """What was kept of each call, the calls of each layer, and every name that a layer or step answers to."""

    kept: dict[str, K]
    calls: dict[str, tuple[str, ...]]
    aliases: dict[str, str]


class Seen(Generic[K]):
    """Collects the wanted calls of one pass with ``keep``, and ends it after the last of them."""

    def __init__(
        self, keep: Callable[[Tensor], K], wanted: Wanted, last: dict[str, int] | None, *, every_step: bool
    ) -> None:
        self._keep_tensor = keep
        self._wanted = wanted
        self._last = last
        self._waiting_for = None if last is None else dict(last)
        self._every_step = every_step
        self._counts = dict.fromkeys(wanted, 0)
        self._kept: list[tuple[str, int, str, K]] = []
        self._steps: dict[str, int] = {}

    def returned(self, layer: str, output: Any) -> None:
        """Keep what a layer returned, if that is wanted."""
        self._keep(layer, output)
        self._stop_if_done()

    def began(self) -> None:
        """Nothing to do before a step: it is kept when it returns."""

    def stepped(self, name: str, result: Any, *, certain: bool) -> None:
        """Keep what a step returned, if that is wanted."""
        self._steps[name] = self._steps.get(name, 0) + 1
        if self._every_step and name not in self._wanted:
            self._wanted[name] = (Selector(),)
            self._counts[name] = 0
        self._keep(name, result)
        if certain:
            self._stop_if_done()

    def withdrawn(self, name: str) -> None:
        """Forget the last step of this name: it is its module's own output."""
        self._steps[name] -= 1
        if name in self._counts:
            number = self._counts[name]
            while self._kept and self._kept[-1][:2] == (name, number):
                self._kept.pop()
            self._counts[name] -= 1
            if self._last is not None and self._waiting_for is not None and self._last[name] == number:
                self._waiting_for[name] = number
            if self._every_step and not self._counts[name]:
                del self._wanted[name], self._counts[name]

    def settled(self) -> None:
        """End the pass if nothing more is wanted."""
        self._stop_if_done()

    def _keep(self, layer: str, output: Any) -> None:
        if layer not in self._counts:
            return
        self._counts[layer] += 1
        number = self._counts[layer]
        selectors = self._wanted[layer]
        self._kept.extend(
            (layer, number, place, self._keep_tensor(tensor))
            for place, tensor in named_tensors(output)
            if any(selector.selects(number, place) for selector in selectors)
        )
        if self._waiting_for is not None and self._waiting_for.get(layer) == number:
            del self._waiting_for[layer]

    def _stop_if_done(self) -> None:
        if self._waiting_for is not None and not self._waiting_for:
            raise StopPass

    def named(self, aliases: dict[str, str]) -> Named[K]:
        """Everything kept by its call name. Raises `UnknownLayerError` for what was wanted and not there."""
        happened = {name: None for name, count in self._steps.items() if count}
        values: dict[str, K] = {}
        calls: dict[str, list[str]] = {
            layer: [] for layer in self._wanted if layer in aliases or layer in happened
        }
        for layer in self._wanted:
            if layer not in calls:
                raise unknown_name(layer, happened, "is not a step of this forward pass")
        for layer, number, place, kept in self._kept:
            alone = (
                layer not in happened
                and self._counts[layer] == 1
                and all(selector.number is None for selector in self._wanted[layer])
            )
            name = str(CallName.written(layer, number, place, aliases, alone=alone))
            values[name] = kept
            calls[layer].append(name)
        for layer, selectors in self._wanted.items():
            for selector in filter(None, selectors):
                if not any(
                    selector.selects(number, place) for of, number, place, _ in self._kept if of == layer
                ):
                    ran = f"{layer!r} ran {self._counts[layer]} times"
                    raise unknown_name(
                        f"{layer}{selector}", values, f"did not happen in this forward pass; {ran}"
                    )
        names = aliases | names_of_steps(happened, aliases)
        return Named(values, {layer: tuple(names) for layer, names in calls.items()}, names)
