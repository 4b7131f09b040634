"""Reads weights files as a process of its own does, but in this one, where the process is not the point."""

import hashlib
import tempfile
from pathlib import Path

import safetensors.torch

from actviz_core.weights.file_reading import read_weights_file
from actviz_core.weights.state_dicts import StateDict


def read_here(content: bytes, name: str) -> StateDict:
    """Read a file's content in this process. Raises what the process would answer."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "source", Path(folder) / "output"
        source.write_bytes(content)
        notes = read_weights_file(source, output, {"name": name})["notes"]
        tensors = safetensors.torch.load(output.read_bytes())
    return StateDict(tensors, hashlib.sha256(content).hexdigest(), name, tuple(notes))
