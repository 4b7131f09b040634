"""The functions that replay scripts are made of: plain torch and torchvision, but for `built`.

`actviz_core.export.script` copies those that a script needs into it, word for word. The one hook outside of
`actviz_core.hooks` is here, because a script must not need that package.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

from actviz_core.errors import ActVizError
from actviz_core.hooks.arrays import as_stored
from actviz_core.models import load_model


def missing_file(*files: Path) -> bool:
    """Name a file that is not there, if one is."""
    for file in files:
        if not file.is_file():
            print(f"{file.name} is not in {file.parent}: unpack the whole ZIP file that this script is from.")
            return True
    return False


def built(key: str) -> nn.Module:
    """Build a network that only the activation dashboard can build; ends the script if it can't here."""
    if ":" in key:  # a network of the team's own, which the dashboard wants to be named there
        os.environ["ACTVIZ_MODELS"] = key
    try:
        return load_model(key).module.cpu()
    except ActVizError as error:
        print(f"{key} cannot be built here. {error}")
        sys.exit(2)


def switch(layer: nn.Module, channel: int, factor: float, axis: int) -> None:
    """Let a layer return one of its channels multiplied by a factor, or zero, from now on."""

    def changed(output: Any) -> Any:
        if isinstance(output, Tensor):
            where = torch.tensor([channel], device=output.device)
            if factor == 0:
                return output.index_fill(axis, where, 0)
            return output.index_copy(axis, where, output.index_select(axis, where) * factor)
        if isinstance(output, (tuple, list)):
            return type(output)(changed(item) for item in output)
        return {key: changed(item) for key, item in output.items()} if isinstance(output, dict) else output

    layer.register_forward_hook(lambda _module, _arguments, output: changed(output))


def middle(picture: Image.Image, longest: int) -> Image.Image:
    """Cut a picture that is longer than so many times its other side around its middle."""
    limit = longest * min(picture.size)
    cut: Image.Image = F.center_crop(picture, [min(picture.height, limit), min(picture.width, limit)])
    return cut if max(picture.size) > limit else picture


def prepare(
    picture: Image.Image,
    resize: list[int],
    crop: list[int] | None,
    mean: list[float],
    std: list[float],
    interpolation: InterpolationMode,
) -> Tensor:
    """Turn a picture into the network's input, (1, 3, H, W) float32."""
    picture = F.resize(picture, resize, interpolation=interpolation)
    if crop is not None:
        picture = F.center_crop(picture, crop)
    values = F.convert_image_dtype(F.pil_to_tensor(picture), torch.float32)
    normalised: Tensor = F.normalize(values, mean=mean, std=std)
    return normalised.unsqueeze(0)


def tensors(output: Any, place: str = "") -> Iterator[tuple[str, Tensor]]:
    """Each tensor that a layer returned, with its place: "", "[0]", "[key]", "[0][key]"."""
    if isinstance(output, Tensor) and output.is_nested:
        yield from tensors(output.unbind(), place)
    elif isinstance(output, Tensor):
        yield place, output
    elif isinstance(output, dict):
        for key, item in output.items():
            yield from tensors(item, f"{place}[{key}]")
    elif isinstance(output, (tuple, list)):
        for index, item in enumerate(output):
            yield from tensors(item, f"{place}[{index}]")
    elif hasattr(output, "__dataclass_fields__"):
        for key in output.__dataclass_fields__:
            yield from tensors(getattr(output, key), f"{place}[{key}]")


def call_names(layer: str, number: int, place: str, modules: dict[str, nn.Module]) -> list[str]:
    """What a layer's call is named: by the layer alone where it is the first, and by "name#2"."""
    alone = number == 1 and not any(
        layer[:end] in modules and (letter in "#[" or (letter == "/" and "#" in layer[end:]))
        for end, letter in enumerate(layer)
    )
    return [f"{layer}#{number}{place}", *([f"{layer}{place}"] if alone else [])]


def returned(network: nn.Module, inputs: Tensor, calls: list[str]) -> dict[str, Tensor]:
    """Run the network, and keep a copy of what each call returned, made the moment it returned."""
    counts: dict[str, int] = {}
    kept: dict[str, Tensor] = {}
    modules = dict(network.named_modules())
    scripted = {
        module: name for name, module in modules.items() if isinstance(module, torch.jit.ScriptModule)
    }

    def hook(layer: str) -> Any:
        def keep(_module: nn.Module, _arguments: Any, output: Any) -> None:
            counts[layer] = number = counts.get(layer, 0) + 1
            for place, tensor in tensors(output):
                for name in set(call_names(layer, number, place, modules)).intersection(calls):
                    kept[name] = tensor.detach().clone().cpu()

        return keep

    def keep_scripted(module: nn.Module, arguments: Any, output: Any) -> None:
        if module in scripted:  # TorchScript takes no hooks of its own, and shows what it returns alone
            hook(scripted[module])(module, arguments, output)

    handles = [nn.modules.module.register_module_forward_hook(keep_scripted)]
    try:
        for name, module in modules.items():
            if module not in scripted:
                handles.append(module.register_forward_hook(hook(name)))
        with torch.no_grad():
            network.eval()(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return {call: kept[call] for call in calls if call in kept}


def gradients(network: nn.Module, inputs: Tensor, calls: list[str], target: int) -> dict[str, Tensor]:
    """Run the network and go back from a class's value: the gradient at what each call returned.

    The hook is set at the moment the call returns, so that later in-place operations change nothing.
    """
    counts: dict[str, int] = {}
    kept: dict[str, Tensor] = {}
    modules = dict(network.named_modules())
    forward = [True]  # a checkpointed block runs again on the way back

    def hook(layer: str) -> Any:
        def watch(_module: nn.Module, _arguments: Any, output: Any) -> None:
            if not forward:
                return
            counts[layer] = number = counts.get(layer, 0) + 1
            for place, tensor in tensors(output):
                names = set(call_names(layer, number, place, modules)).intersection(calls)
                if names and tensor.requires_grad:
                    tensor.register_hook(lambda gradient, names=names: keep(names, gradient))

        return watch

    def keep(names: set[str], gradient: Tensor) -> None:
        kept.update({name: gradient.detach().clone().cpu() for name in names})

    handles = []
    try:
        for name, module in modules.items():
            if not isinstance(module, torch.jit.ScriptModule):
                handles.append(module.register_forward_hook(hook(name)))
        with torch.enable_grad():
            _, answer = next(tensors(network.eval()(inputs.detach().requires_grad_().clone())))
            forward.clear()
            (answer[None] if answer.dim() == 1 else answer)[:, target].sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    return {call: kept[call] for call in calls if call in kept}


def compare(computed: dict[str, Tensor], file: Path) -> bool:
    """Say of every array in the file whether it was computed again bit for bit, or by how much it differs."""
    alike = True
    with np.load(file) as stored:
        names = [name for name in stored.files if name != "__provenance__"]
        for name in dict.fromkeys([*computed, *names]):
            if name not in computed or name not in names:
                print(f"{name}: {'not computed here' if name not in computed else f'not in {file.name}'}")
                alike = False
                continue
            there, here = stored[name], as_stored(computed[name])
            if (here.shape, here.dtype) != (there.shape, there.dtype):
                print(f"{name}: {here.shape} {here.dtype} here, {there.shape} {there.dtype} in {file.name}")
                alike = False
            elif here.tobytes() == there.tobytes():
                print(f"{name or 'output'} {here.shape}: equal bit for bit")
            else:
                bits = (array.reshape(-1).view(np.uint8).reshape(array.size, -1) for array in (here, there))
                count = int(np.not_equal(*bits).any(axis=1).sum())
                gap = np.abs(here.astype(np.complex128) - there.astype(np.complex128))
                gap = gap[np.isfinite(gap)]
                most = f"by at most {gap.max():.3g}" if gap.size else "and are not finite"
                print(f"{name or 'output'} {here.shape}: {count} of {here.size} values differ, {most}")
                alike = False
    return alike
