"""Takes networks out of what training scripts wrap them in, so that their names are their own."""

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

UNCOMPILED_NOTE = (
    "What this network compiles (torch.compile) runs uncompiled here, so that its layers can be seen: its "
    "answers may differ from the compiled ones in their last digits."
)
SCRIPTED_NOTE = (
    "What this network has as TorchScript shows only what it returns: PyTorch lets nobody look at the layers "
    "inside."
)


def unwrapped(module: nn.Module) -> tuple[nn.Module, str]:
    """The network without data-parallel wrappers and ``torch.compile``, and a note about it, or "".

    Wrapped parts of the network are replaced in it by what they hold. Parameters and buffers are the same
    ones. The note says what a person should know of the values that follow.
    """
    found = _Found()
    module = found.inside(module)
    for parent in list(module.modules()):
        if not found.scripted(parent):
            for name, child in parent._modules.items():
                if child is not None:
                    parent._modules[name] = found.inside(child)
            found.uncompile(parent)
    notes = ((found.any_compiled, UNCOMPILED_NOTE), (found.any_scripted, SCRIPTED_NOTE))
    return module, " ".join(note for here, note in notes if here)


class _Found:
    """What was met on the way."""

    def __init__(self) -> None:
        self.any_compiled = False
        self.any_scripted = False

    def scripted(self, module: nn.Module) -> bool:
        here = type(module).__module__.startswith("torch.jit.")
        self.any_scripted |= here
        return here

    def inside(self, module: nn.Module) -> nn.Module:
        """What is left of a part of a network when all its wrappers are taken off."""
        while not self.scripted(module):
            if isinstance(module, (DataParallel, DistributedDataParallel)):
                module = module.module
            elif isinstance(inner := module._modules.get("_orig_mod"), nn.Module):
                module, self.any_compiled = inner, True
            else:
                break
        return module

    def uncompile(self, module: nn.Module) -> None:
        """Undo ``module.compile()``, which leaves the module what it is and replaces its call."""
        if vars(module).get("_compiled_call_impl") is not None:
            module._compiled_call_impl, self.any_compiled = None, True
