"""Reads what torch.save wrote. Runs in a process of its own, where a file can hurt nobody.

``torch.load(weights_only=True)`` runs nothing that came with the file. What is added here says why a file
cannot be read.
"""

import pickle
import pickletools
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import torch

from actviz_core.errors import WeightsFileError
from actviz_core.untrusted.names import plain

SAVE_SAFELY = (
    "Save the weights alone where the network is: torch.save(model.state_dict(), 'weights.pt'), or "
    "safetensors.torch.save_model(model, 'weights.safetensors')."
)
ZIP_START = b"PK\x03\x04"
# torch's magic number 0x1950A86A20F9469CFC6C as a pickle: how torch.save began a file before torch 1.6.
LEGACY_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_OWN = ("torch.", "collections.")  # what state dicts ask for; what else a pickle asks for tells more
_PICKLES = 5  # one behind the other, in the format of before torch 1.6
_SEARCHED_BYTES = 16 * 2**20  # of a pickle, for the names it asks for


def read_torch_file(path: Path, name: str) -> object:
    """Read a file that torch.save wrote, in its format of today or of before torch 1.6, on the CPU.

    Raises `WeightsFileError`, which calls the file by ``name``: it holds a program, asks for more than
    tensors (the message says for what), is damaged, or is no such file; MemoryError where it needs too much.
    """
    with path.open("rb") as file:
        start = file.read(len(LEGACY_START))
    if start.startswith(ZIP_START):
        _check_archive(path, name)
    elif start != LEGACY_START:
        raise _unknown(path, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # a malformed pickle can make torch's reader raise nearly anything
        if "allocate memory" in str(error):
            raise MemoryError from error
        asked = _names_asked_for(path)
        blocked = re.search(r"(?i)unsupported global(?:: global)? (\S+)", str(error))
        foreign = [one for one in asked if not one.startswith(_OWN)] or [
            one for one in asked if blocked and one == blocked[1]
        ]
        if foreign:
            raise _refusal(name, foreign) from error
        raise damaged(name, _reason(error)) from error


def _unknown(path: Path, name: str) -> WeightsFileError:
    """Make the error for a file of another kind; it may be a plain pickle, which can ask for things too."""
    if asked := _names_asked_for(path):
        return _refusal(name, asked)
    return WeightsFileError(
        f"{name} is neither a safetensors file nor one that torch.save wrote, or its beginning is damaged. "
        f"{SAVE_SAFELY}"
    )


def damaged(name: str, why: object) -> WeightsFileError:
    """Make the error for a file that cannot be read to its end."""
    reason = plain(str(why).strip().partition("\n")[0] or type(why).__name__, 200).rstrip(".")
    return WeightsFileError(
        f"{name} is damaged or cut short: {reason}. Copy it again from where it came from, or save it again: "
        "torch.save(model.state_dict(), 'weights.pt')."
    )


def _reason(error: Exception) -> str:
    """Take out of torch's message, which is long and advises to run the file all the same, what was wrong."""
    _, told, reason = str(error).partition("WeightsUnpickler error:")
    if told:
        return reason
    return "it cannot be unpickled" if isinstance(error, pickle.UnpicklingError) else str(error)


def _check_archive(path: Path, name: str) -> None:
    """Refuse a TorchScript program, and an archive whose checksums are wrong: torch does not look at them."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [record.partition("/")[2] for record in archive.namelist()]
            wrong = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError, EOFError) as error:
        raise damaged(name, error) from error
    if any(record == "constants.pkl" or record.startswith("code/") for record in inside):
        raise WeightsFileError(
            f"{name} is refused, and nothing in it was run: it is a TorchScript archive, which holds a "
            f"program. {SAVE_SAFELY}"
        )
    if "data.pkl" not in inside:
        raise WeightsFileError(f"{name} is a zip archive, but not one that torch.save wrote. {SAVE_SAFELY}")
    if wrong is not None:
        raise damaged(name, f"the checksum of {plain(wrong)} is wrong")


def _names_asked_for(path: Path) -> list[str]:
    """List the functions and classes that a pickle would import, as far as it can be followed."""
    names: dict[str, None] = {}
    with _pickle_in(path) as stream, suppress(Exception):  # pickletools raises nearly anything
        for name in _globals(stream):
            names[plain(name.replace("__builtin__", "builtins"))] = None
    return list(names)


def _pickle_in(path: Path) -> BinaryIO:
    if not zipfile.is_zipfile(path):
        return path.open("rb")
    archive = zipfile.ZipFile(path)
    record = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
    return archive.open(record)  # type: ignore[return-value]  # reads like one


def _globals(stream: BinaryIO) -> Iterator[str]:
    texts = ["?", "?"]
    for _ in range(_PICKLES):
        for opcode, argument, position in pickletools.genops(stream):
            if (position or 0) > _SEARCHED_BYTES:
                return
            if opcode.name in ("GLOBAL", "INST"):
                yield str(argument).replace(" ", ".")
            elif opcode.name == "STACK_GLOBAL":
                yield ".".join(texts)
            elif isinstance(argument, str):
                texts = [texts[1], argument]


def _refusal(name: str, asked: list[str]) -> WeightsFileError:
    shown = ", ".join(asked[:3]) + (f" and {len(asked) - 3} more" if len(asked) > 3 else "")
    return WeightsFileError(
        f"{name} is refused, and nothing in it was run: it holds more than weights. Reading it would import "
        f"{shown}, and with that run code that came with the file. {SAVE_SAFELY}"
    )
