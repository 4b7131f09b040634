"""Weights files that are made to hurt whoever reads them, by what they do."""

import json
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO

from tests.support.payloads import STATE, saved, with_pickle

PROTO, EMPTY_TUPLE, EMPTY_DICT, STOP = b"\x80\x02", b")", b"}", b"."


def nested(depth: int) -> bytes:
    """A checkpoint that is a tuple in a tuple, and so on."""
    return with_pickle(saved(STATE), PROTO + EMPTY_TUPLE + b"\x85" * depth + STOP)


def nested_key(depth: int) -> bytes:
    """The same as a key of a dict: its hash goes all the way down, on the stack of the processor."""
    return with_pickle(saved(STATE), PROTO + EMPTY_DICT + EMPTY_TUPLE + b"\x85" * depth + b"K\x01s" + STOP)


def _doubled(levels: int) -> bytes:
    """Pairs of the same pair, and so on: 2 to the power of ``levels`` things to whoever goes through them."""
    pairs = (b"h%c" % level * 2 + b"\x86q%c" % (level + 1) for level in range(levels))
    return EMPTY_TUPLE + b"q\x00" + b"".join(pairs)


def doubling_key(levels: int) -> bytes:
    """A checkpoint with a key whose hash takes twice as long at each level."""
    entry = EMPTY_DICT + b"h%c" % levels + b"K\x01s"
    return with_pickle(saved(STATE), PROTO + _doubled(levels) + entry + STOP)


def doubling_text(levels: int) -> bytes:
    """A checkpoint that calls what is no function: the error has its text, which doubles at each level."""
    return with_pickle(saved(STATE), PROTO + _doubled(levels) + EMPTY_TUPLE + b"R" + STOP)


def many_objects(count: int) -> bytes:
    """A checkpoint of so many empty lists, a byte each."""
    return with_pickle(saved(STATE), PROTO + b"](" + b"]" * count + b"e" + STOP)


def takes_memory(size: int) -> bytes:
    """A checkpoint that asks for a buffer of so many bytes, by a call that torch allows."""
    call = b"c__builtin__\nbytearray\n" + b"\x8a\x08" + struct.pack("<q", size) + b"\x85R"
    return with_pickle(saved(STATE), PROTO + call + STOP)


def zip_bomb(size: int) -> bytes:
    """An archive whose one storage unpacks to so many zeros."""
    file = BytesIO()
    packed = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(BytesIO(saved(STATE))) as old, zipfile.ZipFile(file, "w", packed) as new:
        for name in old.namelist():
            new.writestr(name, bytes(size) if name.endswith("data/0") else old.read(name))
    return file.getvalue()


def safetensors_header(entries: dict[str, object], length: int = 0) -> bytes:
    """A safetensors file that is nothing but a header; ``length`` is what it claims instead of its own."""
    text = json.dumps(entries).encode()
    return struct.pack("<Q", length or len(text)) + text


def huge_shape(side: int) -> bytes:
    """A safetensors file with such a shape in an empty tensor."""
    return safetensors_header({"x": {"dtype": "F32", "shape": [0, side], "data_offsets": [0, 0]}})


def long_name(repeats: int) -> bytes:
    """A safetensors file with a name that is a prefix again and again."""
    return safetensors_header({"module." * repeats: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}})


def many_tensors(count: int) -> bytes:
    """A safetensors file with so many tensors of no value."""
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    return safetensors_header({f"t{number}": empty for number in range(count)})


def deep_header(depth: int) -> bytes:
    """A safetensors file whose header is a list in a list, and so on."""
    return struct.pack("<Q", 1 + depth) + b"{" + b"[" * depth


def deep_pickle(depth: int) -> bytes:
    """A plain pickle of tuples in tuples."""
    return PROTO + EMPTY_TUPLE + b"\x85" * depth + STOP


KINDS: dict[str, tuple[Callable[[int], bytes], int]] = {
    "a tuple in a tuple": (nested, 200_000),
    "a tuple in a tuple, less deep": (nested, 10_000),
    "a key in a key": (nested_key, 200_000),
    "a key whose hash doubles": (doubling_key, 60),
    "an error whose text doubles": (doubling_text, 34),
    "empty lists": (many_objects, 5_000_000),
    "a buffer of 100 GB": (takes_memory, 10**11),
    "zeros, compressed": (zip_bomb, 10**9),
    "a huge shape": (huge_shape, 2**63),
    "a name of prefixes": (long_name, 400_000),
    "empty tensors": (many_tensors, 200_000),
    "a deep header": (deep_header, 100_000),
    "a deep plain pickle": (deep_pickle, 200_000),
}
"""Each kind with the size at which it was seen to hurt, where nothing limits it."""
