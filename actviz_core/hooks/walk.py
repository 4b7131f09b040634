"""The modules of a network in the order of its tree: what ``named_modules()`` gives, many times faster."""

import torch
from torch import nn


def is_scripted(module: nn.Module) -> bool:
    """Whether this is TorchScript, as ``torch.jit.script`` makes it: nobody can hook what is inside."""
    return isinstance(module, torch.jit.ScriptModule)


def named_modules(root: nn.Module) -> list[tuple[str, nn.Module]]:
    """Dotted names and modules, the root first, as ``""``. A module with several names is listed once.

    What lies inside TorchScript is left out: it runs outside of Python, where no hook is told of it.
    """
    found: list[tuple[str, nn.Module]] = []
    _walk(root, "", found, set())
    return found


def all_names(root: nn.Module) -> list[tuple[str, nn.Module]]:
    """The same with every name of a module that has several."""
    found: list[tuple[str, nn.Module]] = []
    _walk(root, "", found, None)
    return found


def _walk(
    module: nn.Module, name: str, found: list[tuple[str, nn.Module]], known: set[nn.Module] | None
) -> None:
    if known is not None:
        if module in known:
            return
        known.add(module)
    found.append((name, module))
    if is_scripted(module):
        return
    below = f"{name}." if name else ""
    for own_name, child in module._modules.items():
        if child is not None:
            _walk(child, below + own_name, found, known)
