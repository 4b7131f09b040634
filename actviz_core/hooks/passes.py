"""Runs a forward pass with an observer on every module, and leaves the module as it was found."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.utils.hooks import RemovableHandle

from actviz_core.hooks.attributes import Attributes
from actviz_core.hooks.buffers import BufferSnapshot
from actviz_core.hooks.locks import module_locks
from actviz_core.hooks.walk import is_scripted, named_modules

Entered = Callable[[str], None]
Returned = Callable[[str, Any], None]
Left = Callable[[Any], None]
Edited = Callable[[str, Any], Any]


class StopPass(BaseException):
    """Ends a forward pass early. No `Exception`, so that a network's own error handling lets it through."""


@dataclass(frozen=True)
class Unwrapped:
    """A network without its wrappers, and the prefix that they put before its layers' names."""

    root: nn.Module
    prefix: str


def unwrap(module: nn.Module) -> Unwrapped:
    """Look through ``torch.compile`` and data-parallel wrappers: hooks only see the network inside.

    A compiled network is run uncompiled, since compiled code fuses layers away.
    """
    prefix = ""
    while True:
        if isinstance(module, (DataParallel, DistributedDataParallel)):
            module, prefix = module.module, f"{prefix}module."
        elif is_scripted(module):
            return Unwrapped(module, prefix)
        elif isinstance(inner := module._modules.get("_orig_mod"), nn.Module):
            module, prefix = inner, f"{prefix}_orig_mod."
        else:
            return Unwrapped(module, prefix)


@contextmanager
def observed(
    root: nn.Module,
    returned: Returned,
    entered: Entered | None = None,
    left: Left | None = None,
    edited: Edited | None = None,
) -> Iterator[None]:
    """Report every module's call in this thread: ``entered(name)`` before, ``returned(name, output)`` after.

    ``left(output)`` comes right before that; with None where the module raised an `Exception` instead. The
    network goes on with ``edited(name, output)``, which is also what ``returned`` is told.

    Every module is hooked, also where nothing is wanted from it: some of torch's modules compute on another
    path when a hook sits inside, and so every pass takes the same one. Hooks are gone afterwards.

    TorchScript takes no hooks of its own, but its outermost module answers to those that torch has for all.
    """
    me = threading.get_ident()

    # The name is bound to the hook: a network may copy a module, with its hooks, in the middle of a pass.
    def before(name: str, _module: nn.Module, _args: Any) -> None:
        if entered is not None and threading.get_ident() == me:
            entered(name)

    def after(name: str, _module: nn.Module, _args: Any, output: Any) -> Any:
        if threading.get_ident() != me:
            return None
        if edited is None:
            returned(name, output)
            return None
        output = edited(name, output)
        returned(name, output)
        return output

    def at_end(_module: nn.Module, _args: Any, output: Any) -> None:
        if left is not None and threading.get_ident() == me:
            left(output)

    handles: list[RemovableHandle] = []
    scripted: dict[nn.Module, str] = {}

    def before_scripted(module: nn.Module, args: Any) -> None:
        if module in scripted:
            before(scripted[module], module, args)

    def at_end_of_scripted(module: nn.Module, args: Any, output: Any) -> None:
        if module in scripted:
            at_end(module, args, output)

    def after_scripted(module: nn.Module, args: Any, output: Any) -> None:
        if module in scripted:
            after(scripted[module], module, args, output)

    try:
        for name, module in named_modules(root):
            if is_scripted(module):
                scripted[module] = name
                continue
            if entered is not None:
                handles.append(module.register_forward_pre_hook(partial(before, name), prepend=True))
            if left is not None:
                handles.append(module.register_forward_hook(at_end, always_call=True))
            handles.append(module.register_forward_hook(partial(after, name)))
        if scripted:
            handles.append(register_module_forward_pre_hook(before_scripted))
            handles.append(register_module_forward_hook(at_end_of_scripted, always_call=True))
            handles.append(register_module_forward_hook(after_scripted))
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def left_as_found(root: nn.Module, *, keep_mode: bool, gradients: bool) -> Iterator[None]:
    """Hold the module for this thread, and restore it and the random state afterwards.

    That are modes, parameters and buffers, and what `Attributes` tells of the modules' own attributes; not
    what other objects remember that a module holds, such as a counter or a random generator of its own.

    Unless ``keep_mode``, every module runs in eval mode; the flags are set one by one, since a network's own
    ``train()`` may do more than that.
    """
    with (
        module_locks().hold(root),
        torch.random.fork_rng(_initialised_devices()),
        torch.set_grad_enabled(gradients),
    ):
        found = [module for _, module in named_modules(root)]
        inside = [inner for module in found if is_scripted(module) for inner in module.modules()]
        own = [module for module in found if not is_scripted(module)]
        modules = [*own, *inside]
        modes = [module.training for module in modules]
        registered = [(module, dict(module._buffers), dict(module._parameters)) for module in own]
        attributes = Attributes(own)
        values = BufferSnapshot(
            itertools.chain(
                (buffer for module in modules for _, buffer in module._buffers.items()), attributes.tensors()
            )
        )
        try:
            if not keep_mode:
                for module in modules:
                    if module.training:
                        module.training = False
            yield
        finally:
            for module, mode in zip(modules, modes, strict=True):
                if module.training is not mode:
                    module.training = mode
            for module, buffers, parameters in registered:
                _put_back(module._buffers, buffers)
                _put_back(module._parameters, parameters)
            attributes.restore()
            values.restore()


def _put_back(now: dict[str, Any], found: dict[str, Any]) -> None:
    if not now and not found:
        return
    if now.keys() != found.keys() or any(now[name] is not found[name] for name in found):
        now.clear()
        now.update(found)


def _initialised_devices() -> list[int]:
    return list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []


def run(root: nn.Module, inputs: Tensor | tuple[Any, ...]) -> Any:
    """Call the module with one tensor, or with a tuple of arguments; what it answers."""
    return root(*(inputs if isinstance(inputs, tuple) else (inputs,)))
