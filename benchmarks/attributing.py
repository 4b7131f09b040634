"""Each method of attribution against captum called by hand with the same settings, on the bundled network."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from captum.attr import (
    DeepLift,
    GuidedBackprop,
    GuidedGradCam,
    InputXGradient,
    IntegratedGradients,
    LayerGradCam,
    NoiseTunnel,
    Occlusion,
    Saliency,
)
from torch import Tensor, nn

from actviz_core import load_model
from actviz_core.attribution import ABOUT, Method, Settings, attribute
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row

LAYER = "layer3"
TARGET = 3
ROUNDS = 7


def rows() -> Iterator[Row]:
    """One row a method that captum has."""
    model = load_model("cifar-resnet20")
    x = torch.randn((1, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    settings = Settings(layer=LAYER)
    for method, by_hand in _by_hand(model.module, x).items():

        def ours(method: Method = method) -> object:
            return attribute(model.module, x, TARGET, method, settings)

        timings = in_turns({"hand": timed(by_hand), "ours": timed(ours)}, rounds=ROUNDS, warm_up=2)
        measured = f"{ABOUT[method].title}, cifar-resnet20"
        yield ratio_row(measured, "captum by hand", timings["ours"], timings["hand"], 1.1)


def _by_hand(module: nn.Module, x: Tensor) -> dict[Method, Callable[[], Any]]:
    given = x.clone().requires_grad_()
    spread = float(0.15 * (x.max() - x.min()))
    layer = module.get_submodule(LAYER)
    noise = {"nt_samples": 25, "nt_samples_batch_size": 25, "stdevs": spread, "abs": False}
    window = {"sliding_window_shapes": (3, 4, 4), "strides": (3, 2, 2), "perturbations_per_eval": 490}
    return {
        Method.SALIENCY: lambda: Saliency(module).attribute(given, TARGET),
        Method.INPUT_X_GRADIENT: lambda: InputXGradient(module).attribute(given, TARGET),
        Method.INTEGRATED_GRADIENTS: lambda: IntegratedGradients(module).attribute(given, target=TARGET),
        Method.SMOOTH_GRAD: lambda: NoiseTunnel(Saliency(module)).attribute(given, target=TARGET, **noise),
        Method.GUIDED_BACKPROP: lambda: GuidedBackprop(module).attribute(given, TARGET),
        Method.DEEP_LIFT: lambda: DeepLift(module).attribute(given, target=TARGET),
        Method.OCCLUSION: lambda: Occlusion(module).attribute(x, target=TARGET, **window),
        Method.GRAD_CAM: lambda: LayerGradCam(module, layer).attribute(given, TARGET, relu_attributions=True),
        Method.GUIDED_GRAD_CAM: lambda: GuidedGradCam(module, layer).attribute(given, TARGET),
    }
