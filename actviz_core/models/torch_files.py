"""Reads what torch.save wrote, without running anything that came with the file.

Three things stand between a file and this process. The archive's table is checked against the file's real
size before anything is read. Each pickle is read opcode by opcode against a list of this project, so that
names added with `torch.serialization.add_safe_globals` widen nothing here. Only then does
``torch.load(weights_only=True)`` read it.
"""

import io
import struct
import zipfile
import zlib
from typing import BinaryIO

import torch

from actviz_core.errors import WeightsFileError
from actviz_core.models.names import plain
from actviz_core.models.pickle_scan import SAVE_SAFELY, scan_pickle

ZIP_START = b"PK\x03\x04"
# torch's magic number 0x1950A86A20F9469CFC6C as a pickle: how torch.save began a file before torch 1.6.
LEGACY_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
MAX_PICKLE_BYTES = 16 * 2**20

_END = struct.Struct("<4s4H2LH")  # zip's end of central directory
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")


def read_zip(file: BinaryIO, size: int, name: str) -> object:
    """Read the zip archive that torch.save writes since torch 1.6: CPU tensors in plain containers.

    Raises `WeightsFileError`, which calls the file by ``name``.
    """
    _check_table(file, size, name)
    try:
        with zipfile.ZipFile(file) as archive:
            records = _records(archive, size, name)
            if records["data.pkl"].file_size > MAX_PICKLE_BYTES:
                raise _too_long(name)
            scan = scan_pickle(io.BytesIO(archive.read(records["data.pkl"])), name)
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, UnicodeError, ValueError, EOFError) as error:
        raise _damaged(name, error) from error
    if damaged is not None:
        raise _damaged(name, f"the checksum of {plain(damaged)} is wrong")
    for key, claimed in scan.storages.items():
        there = records.get(f"data/{key}".casefold())
        if there is None or there.file_size != claimed:
            found = "is missing" if there is None else f"has {there.file_size:,} bytes"
            raise _damaged(name, f"storage {plain(key)} should have {claimed:,} bytes and {found}")
    return _load(file, name)


def read_legacy(file: BinaryIO, size: int, name: str) -> object:
    """Read what torch.save wrote before torch 1.6: five pickles, then the storages one behind the other.

    Raises `WeightsFileError`, which calls the file by ``name``.
    """
    start = io.BytesIO(file.read(MAX_PICKLE_BYTES))
    scans = [scan_pickle(start, name) for _ in range(5)]
    storages, order = scans[3].storages, scans[4].strings
    if sorted(storages) != sorted(order):  # torch would leave the memory of a storage left out as it found it
        raise _damaged(name, "its list of storages is not that of its tensors")
    if size - start.tell() != sum(8 + claimed for claimed in storages.values()):
        raise _damaged(name, f"its tensors take {sum(storages.values()):,} bytes, which are not there")
    return _load(file, name)


def _check_table(file: BinaryIO, size: int, name: str) -> None:
    """Make sure that there is one central directory, in the one place where every reader looks for it.

    Else Python's reader, which checks, and torch's, which loads, could see two archives in one file.
    """
    length = min(size, _END.size + _LOCATOR64.size + _END64.size)
    file.seek(size - length)
    tail = file.read(length)
    signature, *_, table_size, table_start, comment = _END.unpack(tail[-_END.size :].rjust(_END.size, b"\0"))
    end = size - _END.size
    if signature != b"PK\x05\x06" or comment:
        raise _damaged(name, "the archive has no end")
    locator = tail[-_END.size - _LOCATOR64.size : -_END.size]
    if locator.startswith(b"PK\x06\x07") and length == _END.size + _LOCATOR64.size + _END64.size:
        end = size - length
        signature, *_, table_size, table_start = _END64.unpack(tail[: _END64.size])
        if signature != b"PK\x06\x06" or _LOCATOR64.unpack(locator)[2] != end:
            raise _damaged(name, "the archive's end is not where it should be")
    if table_start + table_size != end:
        raise _damaged(name, "the archive's table is not where it should be")
    file.seek(0)


def _records(archive: zipfile.ZipFile, size: int, name: str) -> dict[str, zipfile.ZipInfo]:
    """List the archive's records by their case-folded names below its one folder, and check their sizes."""
    infos = archive.infolist()
    root = infos[0].filename.partition("/")[0].casefold() + "/" if infos else "/"
    records = {info.filename.casefold().removeprefix(root): info for info in infos}
    if "constants.pkl" in records or any(record.startswith("code/") for record in records):
        raise WeightsFileError(
            f"{name} is refused, and nothing in it was run: it is a TorchScript archive, which holds a "
            f"program. {SAVE_SAFELY}"
        )
    if "data.pkl" not in records or not all(info.filename.casefold().startswith(root) for info in infos):
        raise WeightsFileError(f"{name} is a zip archive, but not one that torch.save wrote. {SAVE_SAFELY}")
    if len(records) != len(infos):
        raise _damaged(name, "two of its records have the same name")
    packed = next(
        (info for info in infos if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1), None
    )
    if packed is not None:
        raise WeightsFileError(
            f"{name} is refused: {plain(packed.filename)} in it is compressed or encrypted, which torch.save "
            f"never does ({packed.file_size:,} bytes out of {packed.compress_size:,}). {SAVE_SAFELY}"
        )
    claimed = sum(info.file_size for info in infos)
    if claimed > size:
        raise WeightsFileError(
            f"{name} is refused: it claims to hold {claimed:,} bytes, but has {size:,}. {SAVE_SAFELY}"
        )
    further = sorted(record for record in records if record.endswith(".pkl") and record != "data.pkl")
    if further:
        raise WeightsFileError(
            f"{name} is refused, and nothing in it was run: it holds a further pickle, {plain(further[0])}, "
            f"where torch.save writes one. {SAVE_SAFELY}"
        )
    return records


def _load(file: BinaryIO, name: str) -> object:
    file.seek(0)
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a malformed pickle can make torch's reader raise nearly anything
        raise _damaged(name, error) from error


def _damaged(name: str, why: object) -> WeightsFileError:
    reason = plain(str(why) or type(why).__name__, 200)
    return WeightsFileError(
        f"{name} is damaged or cut short: {reason}. Copy it again from where it came from, or save it again: "
        "torch.save(model.state_dict(), 'weights.pt')."
    )


def _too_long(name: str) -> WeightsFileError:
    return WeightsFileError(
        f"{name} holds more than {MAX_PICKLE_BYTES // 2**20} MB of structure beside its tensors. "
        f"{SAVE_SAFELY}"
    )
