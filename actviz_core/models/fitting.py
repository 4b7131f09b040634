"""Says whether a state dict is one of a network's, name by name and shape by shape."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from actviz_core.errors import WeightsFileError
from actviz_core.system.cache import ByteCache
from actviz_core.untrusted.names import plain

Shape = tuple[int, ...]

# A batch norm's counter. torch itself sets it to zero where a file from before torch 0.4.1 has none, and it
# plays no part in an evaluation.
_COUNTER = ".num_batches_tracked"

# Digests by name of the architecture: some 150 bytes each, so that a thousand architectures stay.
_digests: ByteCache[str, str] = ByteCache(256 * 2**10, lambda digest: 150 + len(digest))


@dataclass(frozen=True)
class WrongShape:
    """A tensor that is there, but not in the shape that the network has."""

    name: str
    expected: Shape
    found: Shape


@dataclass(frozen=True)
class Fit:
    """How a state dict differs from a network's names and shapes, in the order of the network or the file."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    wrong_shape: tuple[WrongShape, ...]

    @property
    def fits(self) -> bool:
        """Whether they do not differ at all."""
        return not (self.missing or self.unexpected or self.wrong_shape)

    def sentence(self) -> str:
        """Say in one sentence how they differ, with the first name of each kind."""
        if self.fits:
            return "Every name and every shape fits."
        parts = []
        if len(self.missing) == len(self.unexpected) > 0:
            count = "1 name differs" if len(self.missing) == 1 else f"{len(self.missing):,} names differ"
            first = f"{plain(self.missing[0])} here, {plain(self.unexpected[0])} in the file"
            parts.append(f"{count} ({first}{_more(self.missing)})")
        else:
            parts += [
                f"{len(names):,} {'name' if len(names) == 1 else 'names'} {where} "
                f"({plain(names[0])}{_more(names)})"
                for where, names in (("only here", self.missing), ("only in the file", self.unexpected))
                if names
            ]
        if self.wrong_shape:
            wrong = self.wrong_shape[0]
            parts.append(
                f"{len(self.wrong_shape):,} of another shape ({wrong.name}: {wrong.expected} here, "
                f"{wrong.found} in the file{_more(self.wrong_shape)})"
            )
        return f"The weights do not fit: {', '.join(parts)}."


def _more(things: Sequence[object]) -> str:
    return ", ..." if len(things) > 1 else ""


def signature(module: nn.Module) -> dict[str, Shape]:
    """List the names and shapes of a network's state dict; the network may be on the meta device."""
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def fit(state: Mapping[str, Tensor], module: nn.Module) -> Fit:
    """Compare a state dict with a network, strictly.

    Only a missing ``num_batches_tracked`` is none: torch sets it to zero in files that are old enough.
    """
    expected = signature(module)
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    return Fit(
        missing=tuple(name for name in expected if name not in found and not name.endswith(_COUNTER)),
        unexpected=tuple(name for name in found if name not in expected),
        wrong_shape=tuple(
            WrongShape(name, shape, found[name])
            for name, shape in expected.items()
            if name in found and found[name] != shape
        ),
    )


def converted(state: Mapping[str, Tensor], module: nn.Module) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Bring a state dict that fits into the dtypes of the network; return it with notes on what changed.

    Raises `WeightsFileError` where whole numbers stand for fractions or the other way around.
    """
    result, changes = {}, dict[tuple[torch.dtype, torch.dtype], int]()
    for name, own in module.state_dict().items():
        if name not in state:
            continue
        tensor = state[name].detach().resolve_conj().resolve_neg()
        if _kind(tensor.dtype) != _kind(own.dtype):
            raise WeightsFileError(
                f"{plain(name)} holds {_shown(tensor.dtype)}, and the network's own is {_shown(own.dtype)}. "
                "Quantised weights have to be turned back into fractions before they are saved."
            )
        if tensor.dtype != own.dtype:
            change = (tensor.dtype, own.dtype)
            changes[change] = changes.get(change, 0) + 1
        result[name] = tensor.to(own.dtype)
    return result, tuple(_converted_note(old, new, count) for (old, new), count in changes.items())


def likely_architectures(
    state: Mapping[str, Tensor],
    candidates: Mapping[str, Callable[[], Mapping[str, Shape]]],
    *,
    parameters: Mapping[str, int] | None = None,
) -> list[str]:
    """List the architectures whose names and shapes are exactly those of a state dict, in the given order.

    ``candidates`` gives each architecture's `signature` when it is asked for, and is asked once per name for
    as long as the process runs. ``parameters`` gives the number of parameters where that is known beforehand
    (as torchvision's weights do): an architecture whose number cannot be the state dict's is not built.
    """
    known = parameters or {}
    elements = sum(tensor.numel() for tensor in state.values())
    wanted = _digest({name: tuple(tensor.shape) for name, tensor in state.items()})
    return [
        name
        for name, build in candidates.items()
        if _possible(known.get(name), elements)
        and _digests.get(name, partial(_built_digest, build)) == wanted
    ]


def _possible(parameters: int | None, elements: int) -> bool:
    """Whether a state dict of so many elements can belong to so many parameters.

    Buffers come on top of the parameters, and auxiliary classifiers, which torchvision does not count for
    GoogLeNet, can double them.
    """
    return parameters is None or 0.45 * elements <= parameters <= elements


def _built_digest(build: Callable[[], Mapping[str, Shape]]) -> str:
    return _digest(build())


def _digest(shapes: Mapping[str, Shape]) -> str:
    lines = sorted(f"{name} {tuple(shape)}" for name, shape in shapes.items() if not name.endswith(_COUNTER))
    return hashlib.sha256("\n".join(lines).encode(errors="surrogatepass")).hexdigest()


def _kind(dtype: torch.dtype) -> str:
    return "complex" if dtype.is_complex else "fraction" if dtype.is_floating_point else "whole"


def _converted_note(old: torch.dtype, new: torch.dtype, count: int) -> str:
    tensors = "1 tensor" if count == 1 else f"{count} tensors"
    rounding = "" if torch.promote_types(old, new) == new else ", which rounds its values"
    return f"Converted {tensors} from {_shown(old)} to {_shown(new)}{rounding}."


def _shown(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
