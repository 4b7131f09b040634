"""Finds the state dict inside what a training script saved around it."""

from collections import OrderedDict
from collections.abc import Iterator

import torch
from torch import Tensor

from actviz_core.errors import WeightsFileError
from actviz_core.untrusted.names import plain

# Where training scripts put a state dict, the preferred place first. Plain weights come before averaged ones.
WRAPPERS = ("state_dict", "model", "model_state_dict", "net", "ema")
# What DistributedDataParallel or DataParallel, and torch.compile, put in front of every name.
PREFIXES = ("module.", "_orig_mod.")
MAX_DEPTH = 4
MAX_PREFIXES = 8  # wrappers that lie around each other


def unwrap(content: object, name: str) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Find the state dict in the content of a file; return it with notes on what was chosen and stripped.

    A state dict is a mapping from names to tensors and nothing else. Looks in `WRAPPERS`, in that order and
    within each other; what lies deepest on the first of these ways counts. A prefix of `PREFIXES` goes where
    every name carries it, as often as that is so, up to `MAX_PREFIXES` times.

    Raises `WeightsFileError`, which calls the file by ``name`` and says what it holds instead.
    """
    found = list(_states(content, ()))
    if not found:
        raise WeightsFileError(_nothing_found(content, name))
    path, state = found[0]
    notes = []
    if path:
        others = [".".join(other) or "the top" for other, _ in found[1:]]
        also = f" (there are also weights at {', '.join(others)})" if others else ""
        notes.append(f"Taken from {'.'.join(path)}{also}.")
    stripped: list[str] = []
    while len(stripped) < MAX_PREFIXES and (prefix := _common_prefix(state)):
        state = {key.removeprefix(prefix): tensor for key, tensor in state.items()}
        stripped.append(prefix)
    if stripped:
        notes.append(f"Removed {''.join(stripped)} in front of every name.")
    return state, tuple(notes)


def _common_prefix(state: dict[str, Tensor]) -> str | None:
    return next((p for p in PREFIXES if all(key.startswith(p) and key != p for key in state)), None)


def _states(content: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Tensor]]]:
    """Go through the state dicts in the order of preference."""
    items = _items(content)
    if len(path) < MAX_DEPTH:
        for wrapper in WRAPPERS:
            if wrapper in items:
                yield from _states(items[wrapper], (*path, wrapper))
    state = {str(key): value for key, value in items.items() if isinstance(value, Tensor)}
    if state and len(state) == len(items) and all(type(key) is str for key in items):
        yield path, state


def _items(content: object) -> dict[object, object]:
    """Copy a mapping with dict's own method: an OrderedDict's attributes come out of the file."""
    return dict(dict.items(content)) if type(content) in (dict, OrderedDict) else {}  # type: ignore[arg-type]


def _nothing_found(content: object, name: str) -> str:
    places = [content, *(_items(content).get(wrapper) for wrapper in WRAPPERS)]
    nearly = max(places, key=lambda place: sum(isinstance(v, Tensor) for v in _items(place).values()))
    others = {key: value for key, value in _items(nearly).items() if not isinstance(value, Tensor)}
    if len(others) < len(_items(nearly)):
        shown = _listed([f"{plain(str(key), 40)} ({type(value).__name__})" for key, value in others.items()])
        problem = f"among its tensors are entries that are none: {shown or 'names that are no text'}"
    elif _items(content):
        problem = f"it holds {_listed([plain(str(key), 40) for key in _items(content)])}"
    else:
        problem = f"it holds {'an empty' if type(content) in (dict, OrderedDict) else 'a'} {_kind(content)}"
    return (
        f"{name} holds no state dict (names and tensors only), neither at the top nor in "
        f"{', '.join(WRAPPERS)}: {problem}. Save torch.save(model.state_dict(), 'weights.pt')."
    )


def _kind(content: object) -> str:
    return "single tensor" if isinstance(content, torch.Tensor) else type(content).__name__


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
