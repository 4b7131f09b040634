"""Files that would write a marker if any code in them ran, and files that are larger inside than outside."""

import builtins
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

STATE = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.tensor([1.0, 2.0])}


class Calls:
    """Unpickles into a call of any function."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


class WritesWhenRestored:
    """Writes its marker when its state is restored."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __setstate__(self, state: dict[str, str]) -> None:
        Path(state["marker"]).touch()


class WholeNetwork(nn.Linear):
    """A network that writes its marker when it is restored."""

    def __init__(self, marker: str) -> None:
        super().__init__(3, 2)
        self.marker = marker

    def __setstate__(self, state: dict[str, object]) -> None:
        Path(str(state["marker"])).touch()


def saved(content: object, *, legacy: bool = False) -> bytes:
    """What torch.save writes."""
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], bytes], **added: bytes) -> bytes:
    """An archive of torch.save with every record passed through ``change``, and further records."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, record in added.items():
            new.writestr(f"{old.namelist()[0].partition('/')[0]}/{name.replace('__', '/')}.pkl", record)
    return buffer.getvalue()


def with_pickle(content: bytes, record: bytes) -> bytes:
    """An archive of torch.save whose pickle is another one."""
    return rewritten(content, lambda name, old: record if name.endswith("/data.pkl") else old)


def touching(marker: Path) -> Calls:
    """Creates ``marker`` when it is unpickled."""
    return Calls(os.system, f"touch {marker}")


def payloads(marker: Path) -> dict[str, tuple[bytes, str]]:
    """Files by what they try, each with the name that it asks for; all would create ``marker``."""
    system = touching(marker)
    evaluated = Calls(builtins.eval, f"__import__('pathlib').Path({str(marker)!r}).touch()")
    here = __name__
    return {
        "os.system in the state dict": (saved({**STATE, "x": system}), f"{os.name}.system"),
        "os.system instead of one": (saved(system), f"{os.name}.system"),
        "os.system in the old format": (saved({**STATE, "x": system}, legacy=True), f"{os.name}.system"),
        "os.system in a plain pickle": (pickle.dumps(system), f"{os.name}.system"),
        "os.system in an ancient pickle": (pickle.dumps(system, 0), f"{os.name}.system"),
        "os.system in another protocol": (
            with_pickle(saved(STATE), pickle.dumps({"x": system}, 4)),
            f"{os.name}.system",
        ),
        "os.system before bytes that are no pickle": (
            with_pickle(saved(STATE), pickle.dumps(system, 2)[:-1] + b"\xff\xff"),
            f"{os.name}.system",
        ),
        "eval": (saved({"state_dict": STATE, "x": evaluated}), "builtins.eval"),
        "__setstate__": (
            saved({**STATE, "x": WritesWhenRestored(str(marker))}),
            f"{here}.WritesWhenRestored",
        ),
        "a whole network": (saved(WholeNetwork(str(marker))), f"{here}.WholeNetwork"),
        "a whole network in the old format": (
            saved(WholeNetwork(str(marker)), legacy=True),
            f"{here}.WholeNetwork",
        ),
    }
