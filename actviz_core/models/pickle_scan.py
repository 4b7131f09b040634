"""Reads what a pickle asks for, opcode by opcode, without running any of it."""

import pickletools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from actviz_core.errors import WeightsFileError
from actviz_core.models.names import plain

SAVE_SAFELY = (
    "Save the weights alone where the network is: torch.save(model.state_dict(), 'weights.pt'), or "
    "safetensors.torch.save_model(model, 'weights.safetensors')."
)
# Far above what a checkpoint of 3,000 tensors with its optimizer and average has (some 400,000), and low
# enough that the smallest opcodes cannot make more than about 400 MB of objects.
MAX_OPCODES = 2_000_000

# What a state dict made by torch.save asks for, and bytes per element of the storages. This list counts
# instead of torch's own, which `torch.serialization.add_safe_globals` widens for the whole process. It leaves
# out what torch allows but can be told to take any amount of memory: torch.Tensor, bytearray, UntypedStorage.
_CALLABLES = frozenset(
    {
        "collections OrderedDict",
        "collections Counter",
        "torch Size",
        "torch device",
        "torch._utils _rebuild_tensor",
        "torch._utils _rebuild_tensor_v2",
        "torch._utils _rebuild_parameter",
    }
)
_STORAGES = {
    "torch DoubleStorage": 8,
    "torch FloatStorage": 4,
    "torch HalfStorage": 2,
    "torch BFloat16Storage": 2,
    "torch LongStorage": 8,
    "torch IntStorage": 4,
    "torch ShortStorage": 2,
    "torch CharStorage": 1,
    "torch ByteStorage": 1,
    "torch BoolStorage": 1,
    "torch ComplexFloatStorage": 8,
    "torch ComplexDoubleStorage": 16,
}


@dataclass(frozen=True)
class _Mark:
    """What an opcode left on the stack that is no plain constant."""

    kind: str


_MARK, _TUPLE, _OPAQUE = _Mark("mark"), _Mark("tuple"), _Mark("opaque")
_Value = str | int | None | _Mark


@dataclass(frozen=True)
class PickleScan:
    """What one pickle holds: its storages (bytes by key) and the strings it writes out, in order."""

    storages: dict[str, int]
    strings: tuple[str, ...]


def scan_pickle(stream: BinaryIO, name: str) -> PickleScan:
    """Read one pickle from a stream, up to its end, and make sure that it only asks for tensors.

    Raises `WeightsFileError`, which calls the file by ``name``: the pickle asks for anything but what a state
    dict needs (the message names it), is cut short, too long, or written in a way that torch.save does not.
    """
    scan, damage = _follow(stream)
    if scan.foreign:
        raise WeightsFileError(_refusal(name, scan.foreign))
    if damage is not None:
        raise WeightsFileError(
            f"{name} is damaged or cut short: its pickle cannot be read ({plain(str(damage))})."
        )
    if scan.protocol != 2:
        raise WeightsFileError(
            f"{name} was saved with pickle protocol {scan.protocol}, not with torch.save's own. {SAVE_SAFELY}"
        )
    if scan.oddity:
        raise WeightsFileError(f"{name} was not written by torch.save: {scan.oddity}. {SAVE_SAFELY}")
    return PickleScan(scan.storages, tuple(scan.strings))


def names_asked_for(stream: BinaryIO) -> tuple[str, ...]:
    """List what a pickle of any kind asks for beyond tensors; empty where the bytes are no pickle at all."""
    scan, _ = _follow(stream)
    return tuple(scan.foreign)


def refuse_names(name: str, asked: tuple[str, ...]) -> WeightsFileError:
    """Make the error for a file that asks for more than tensors."""
    return WeightsFileError(_refusal(name, list(asked)))


def _refusal(name: str, asked: list[str]) -> str:
    shown = ", ".join(asked[:3]) + (f" and {len(asked) - 3} more" if len(asked) > 3 else "")
    return (
        f"{name} is refused, and nothing in it was run: it holds more than weights. Reading it would import "
        f"{shown}, and with that run code that came with the file. {SAVE_SAFELY}"
    )


def _follow(stream: BinaryIO) -> "tuple[_Scan, Exception | None]":
    """Read one pickle as far as it can be read; also return what went wrong, if something did."""
    scan = _Scan()
    try:
        for opcode, argument in _opcodes(stream):
            scan.take(opcode, argument)
    except Exception as error:  # bytes that are no pickle can make pickletools raise nearly anything
        return scan, error
    return scan, None


def _opcodes(stream: BinaryIO) -> Iterator[tuple[str, object]]:
    for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        if count >= MAX_OPCODES:
            raise ValueError(f"it has more than {MAX_OPCODES:,} steps")
        yield opcode.name, argument


class _Scan:
    """Follows constants through stack and memo as far as it takes to see each global and each storage."""

    def __init__(self) -> None:
        self.foreign: list[str] = []
        self.storages: dict[str, int] = {}
        self.strings: list[str] = []
        self.protocol = 0
        self.oddity = ""
        self._memo: dict[int, _Value] = {}
        self._trail: deque[_Value] = deque(maxlen=8)
        self._texts: deque[str] = deque(["?", "?"], maxlen=2)

    def take(self, opcode: str, argument: object) -> None:
        """Follow one opcode."""
        if opcode in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            index = argument if isinstance(argument, int) else len(self._memo)
            last = self._trail[-1] if self._trail else _OPAQUE
            self._memo[index] = last if isinstance(last, str | int) else _OPAQUE
            return
        value: _Value = _OPAQUE
        if opcode in ("GET", "BINGET", "LONG_BINGET") and isinstance(argument, int):
            value = self._memo.get(argument, _OPAQUE)
        elif opcode in ("GLOBAL", "INST"):
            value = str(argument)
            self._global(value)
        elif opcode == "STACK_GLOBAL":
            self._global(" ".join(self._texts))
        elif opcode.startswith("EXT"):
            self._global(f"copyreg extension_{argument}")
        elif opcode == "PROTO" and isinstance(argument, int):
            self.protocol = argument
            return
        elif opcode == "BINPERSID":
            self._storage()
        elif opcode == "PERSID":
            self.oddity = "it names a storage by text"
        elif opcode == "NONE":
            value = None
        elif opcode == "MARK":
            value = _MARK
        elif opcode == "TUPLE":
            value = _TUPLE
        elif isinstance(argument, str):
            value = argument
            self.strings.append(argument)
        elif isinstance(argument, int):
            value = argument
        self._trail.append(value)
        if isinstance(value, str):
            self._texts.append(value)

    def _global(self, full_name: str) -> None:
        if full_name not in _CALLABLES and full_name not in _STORAGES:
            shown = plain(full_name.replace("__builtin__", "builtins").replace(" ", "."))
            if shown not in self.foreign:
                self.foreign.append(shown)

    def _storage(self) -> None:
        """Read ``("storage", type, key, location, number of elements)``; the legacy format adds a None."""
        fields = list(self._trail)
        if fields[-2:] == [None, _TUPLE]:
            del fields[-2]
        match fields[-7:]:
            case [mark, "storage", str(kind), str(key), str(), int(count), end] if (
                mark is _MARK and end is _TUPLE and kind in _STORAGES and count >= 0
            ):
                size = count * _STORAGES[kind]
                if self.storages.setdefault(key, size) != size:
                    self.oddity = f"it gives two sizes for the storage {plain(key)!r}"
            case _:
                self.oddity = "it names a storage in an unknown way"
