"""The parts of a replay script that compute calls and their gradients, and that switch channels off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from actviz_core.export import replay
from actviz_core.export.script_head import CAPTURE, CAPTURE_GRADIENTS
from actviz_core.hooks.selection import is_step
from actviz_core.models import Model
from actviz_core.models.edited import channel_axis
from actviz_core.names import ChannelEdit
from actviz_core.workspace.gradients import Followed, Values

Asked = tuple[str, Followed | None]
"""A call, and how its gradients are followed back if these are wanted."""


@dataclass(frozen=True)
class Part:
    """Some lines of a script, with the imports and the functions that they need."""

    lines: tuple[str, ...]
    imports: tuple[str, ...] = ()
    functions: tuple[Callable[..., Any], ...] = ()


_HOOKS = Part(
    (),
    ("from collections.abc import Iterator", "from typing import Any", "from torch import nn"),
    (replay.tensors, replay.call_names, replay.returned),
)

_GRADIENTS = Part((), _HOOKS.imports, (replay.tensors, replay.call_names, replay.gradients))


def results_of(model: Model, calls: list[str], given: str, followed: Followed | None, prefix: str) -> Part:
    """The lines that compute calls, or their gradients, by hooks and, for steps, by this project."""
    steps = [call for call in calls if is_step(model.module, call)]
    layers = [call for call in calls if call not in steps]
    ways: list[str] = []
    imports: list[str] = []
    functions: list[Callable[..., Any]] = []
    for names, plain in ((layers, True), (steps, False)):
        if not names:
            continue
        kept = f"{'returned' if plain else 'capture'}({given}, {names!r}{'' if plain else ', steps=True'})"
        needs_kept = followed is None or followed.values is Values.PRODUCT
        if needs_kept:
            imports += _HOOKS.imports if plain else (CAPTURE,)
            functions += _HOOKS.functions if plain else ()
        if followed is None:
            ways.append(_renamed(prefix, kept))
            continue
        imports += _GRADIENTS.imports if plain else (CAPTURE_GRADIENTS,)
        functions += _GRADIENTS.functions if plain else ()
        target = followed.target
        back = (
            f"gradients({given}, {names!r}, {target})"
            if plain
            else f"capture_gradients({given}, {target}, {names!r}, steps=True)"
        )
        named = prefix + followed.of("")
        if needs_kept:
            ways += [f"gradient, activation = {back}, {kept}"]
            ways += [
                f"computed |= {{{named!r} + call: gradient[call] * activation[call] for call in gradient}}"
            ]
        else:
            ways.append(_renamed(named, back))
    return Part(tuple(ways), tuple(imports), tuple(functions))


def _renamed(prefix: str, result: str) -> str:
    if not prefix:
        return f"computed |= {result}"
    return f"computed |= {{{prefix!r} + call: value for call, value in {result}.items()}}"


def switched(model: Model, edits: Sequence[str]) -> Part:
    """The lines that switch channels of the script's network off, or scale them."""
    lines = [
        f"switch(network.get_submodule({edit.layer!r}), {edit.channel}, {edit.factor!r}, "
        f"axis={channel_axis(model.module, edit.layer)})"
        for edit in map(ChannelEdit.parse, edits)
    ]
    return Part(tuple(lines), _HOOKS.imports, (replay.switch,))
