"""What a run was measured on."""

import os
import platform
from importlib.metadata import version

import torch

PACKAGES = ("torch", "torchvision", "numpy", "streamlit", "plotly", "orjson", "matplotlib", "playwright")


def machine() -> str:
    """One line on the machine, and one on the versions."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    threads = f"{os.cpu_count()} CPUs, {torch.get_num_threads()} torch threads{load}"
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{platform.system()} {platform.machine()}, {threads}\nPython {platform.python_version()}, {packages}"
    )
