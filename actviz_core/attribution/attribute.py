"""Runs one method of attribution on one picture, and leaves the network as found."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from captum.attr import (
    DeepLift,
    GuidedBackprop,
    InputXGradient,
    IntegratedGradients,
    NoiseTunnel,
    Occlusion,
    Saliency,
)
from torch import Tensor, nn

from actviz_core.attribution.answer import Answer, Progress, Question
from actviz_core.attribution.grad_cam import grad_cam_layer
from actviz_core.attribution.methods import ABOUT, Method
from actviz_core.attribution.on_layer import on_layer
from actviz_core.attribution.possible import watched, why_not
from actviz_core.attribution.rollout import attention_rollout
from actviz_core.errors import NotPossibleError, ShapeError
from actviz_core.hooks.lent import lent
from actviz_core.hooks.passes import unwrap

_PIXELS_AT_ONCE = 10 * 224 * 224  # of all pictures of one pass: more is hardly faster, and takes gigabytes
_ON_LAYER = (Method.GRAD_CAM, Method.GUIDED_GRAD_CAM)


@dataclass(frozen=True)
class Settings:
    """What the methods can be told; each setting is that of one method but ``batch`` and ``layer``.

    Attributes:
        layer: the layer that Grad-CAM and Guided Grad-CAM look at; None for `grad_cam_layer`'s.
        steps: points between the empty picture and this one (Integrated Gradients).
        samples: noisy copies (SmoothGrad).
        noise: the noise's standard deviation, as a share of the input's range (SmoothGrad).
        seed: of the noise (SmoothGrad).
        window: side of the window in pixels; None for an eighth of the picture's shorter side (Occlusion).
        stride: pixels between two windows; None for half a window (Occlusion).
        batch: pictures in one pass; None for what is quick without taking much memory.

    """

    layer: str | None = None
    steps: int = 50
    samples: int = 25
    noise: float = 0.15
    seed: int = 0
    window: int | None = None
    stride: int | None = None
    batch: int | None = None


@dataclass(frozen=True, eq=False)
class Attribution:
    """What one method says of one picture.

    Attributes:
        method: the method.
        values: as the method gives them: (1, C, H, W), or (1, 1, rows, columns) on a grid or on patches.
        map: one value a pixel, of shape (H, W): the largest of the channels' absolute values where the method
            knows no against, the mean over channels for Occlusion, else the sum; a grid is interpolated.
        layer: the layer that a Grad-CAM looked at, None for other methods.

    """

    method: Method
    values: Tensor
    map: Tensor
    layer: str | None = None


def attribute(
    module: nn.Module,
    x: Tensor,
    question: Question,
    method: Method,
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Attribution:
    """Say which parts of the picture ``x``, of shape (1, C, H, W), the network's answer rests on.

    ``question`` is a class index, or two for what speaks for the first rather than the second; its number is
    the class's value in the answer, before any softmax. An empty picture is one of zeros, for the network.

    The methods are captum's, as captum computes them; the project's own are Grad-CAM on tokens, with the
    channels last or where an in-place operation overwrites the layer, and attention rollout. ``progress`` is
    told how many passes of how many are done; once ``stop`` is set, the next pass raises `StoppedError`.
    One method at a time works on a module, beside no capture; hooks, attributes, modes, gradients and the
    random state are those from before afterwards.

    Raises `NotPossibleError` with a sentence where the method cannot work on this network, `TargetError` for
    a class that isn't there, `UnknownLayerError` for a layer, `ShapeError` for another input.
    """
    settings = settings or Settings()
    if x.dim() != 4 or x.shape[0] != 1 or not x.is_floating_point():
        raise ShapeError(
            f"One picture (1, C, H, W) of real numbers is needed, not {tuple(x.shape)} of {x.dtype}."
        )
    root = unwrap(module).root
    reason = why_not(root, method)
    if reason is not None:
        raise NotPossibleError(reason)
    if method is Method.ATTENTION_ROLLOUT:
        return _attribution(method, attention_rollout(module, x)[None, None], x, None)
    layer = (settings.layer or grad_cam_layer(module, x)) if method in _ON_LAYER else None
    total = _passes(method, settings, x)
    answer = Answer(root, question, total, progress, stop)
    if layer is not None:
        return _attribution(method, on_layer(module, x, question, method, layer, answer), x, layer)
    with lent(root):
        given = x.detach().clone().requires_grad_()
        values = watched(root, method, lambda: _RUNS[method](answer, given, answer.column, settings))
    return _attribution(method, values, x, None)


def _saliency(answer: Answer, x: Tensor, column: int, _: Settings) -> Tensor:
    return Saliency(answer).attribute(x, column)


def _input_x_gradient(answer: Answer, x: Tensor, column: int, _: Settings) -> Tensor:
    return InputXGradient(answer).attribute(x, column)


def _integrated_gradients(answer: Answer, x: Tensor, column: int, settings: Settings) -> Tensor:
    batch = _batch(settings, x)
    at_once = None if batch >= settings.steps else batch
    return IntegratedGradients(answer).attribute(
        x, target=column, n_steps=settings.steps, internal_batch_size=at_once
    )


def _smooth_grad(answer: Answer, x: Tensor, column: int, settings: Settings) -> Tensor:
    spread = float(settings.noise * (x.detach().max() - x.detach().min()))
    return _SeededNoise(Saliency(answer), settings.seed).attribute(
        x,
        nt_type="smoothgrad",
        nt_samples=settings.samples,
        nt_samples_batch_size=min(settings.samples, _batch(settings, x)),
        stdevs=spread,
        target=column,
        abs=False,
    )


def _guided_backprop(answer: Answer, x: Tensor, column: int, _: Settings) -> Tensor:
    return GuidedBackprop(answer).attribute(x, column)


def _deep_lift(answer: Answer, x: Tensor, column: int, _: Settings) -> Tensor:
    return DeepLift(answer).attribute(x, target=column)


def _occlusion(answer: Answer, x: Tensor, column: int, settings: Settings) -> Tensor:
    window, stride = _window(settings, x)
    channels = x.shape[1]
    return Occlusion(answer).attribute(
        x.detach(),
        sliding_window_shapes=(channels, window, window),
        strides=(channels, stride, stride),
        target=column,
        perturbations_per_eval=_batch(settings, x),
    )


_RUNS: dict[Method, Callable[[Answer, Tensor, int, Settings], Tensor]] = {
    Method.SALIENCY: _saliency,
    Method.INPUT_X_GRADIENT: _input_x_gradient,
    Method.INTEGRATED_GRADIENTS: _integrated_gradients,
    Method.SMOOTH_GRAD: _smooth_grad,
    Method.GUIDED_BACKPROP: _guided_backprop,
    Method.DEEP_LIFT: _deep_lift,
    Method.OCCLUSION: _occlusion,
}


class _SeededNoise(NoiseTunnel):  # type: ignore[misc]  # captum ships no types
    """Draws its noise from a stream of its own: torch's default one is shared by all threads."""

    def __init__(self, method: Saliency, seed: int) -> None:
        super().__init__(method)
        self._seed = seed
        self._stream: torch.Generator | None = None

    def _add_noise_to_input(self, input: Tensor, stdev: float, nt_samples_partition: int) -> Tensor:  # noqa: A002  # captum's names
        if self._stream is None:
            self._stream = torch.Generator(input.device).manual_seed(self._seed)
        copies = input.detach().repeat_interleave(nt_samples_partition, dim=0)
        spread = torch.full_like(copies, stdev)
        return copies + torch.normal(0.0, spread, generator=self._stream)


def _batch(settings: Settings, x: Tensor) -> int:
    return settings.batch or max(1, _PIXELS_AT_ONCE // (x.shape[-2] * x.shape[-1]))


def _window(settings: Settings, x: Tensor) -> tuple[int, int]:
    window = settings.window or max(1, min(x.shape[-2:]) // 8)
    return window, settings.stride or max(1, window // 2)


def _passes(method: Method, settings: Settings, x: Tensor) -> int:
    """How often the network runs."""
    batch = _batch(settings, x)
    if method is Method.INTEGRATED_GRADIENTS:
        return math.ceil(settings.steps / batch)
    if method is Method.SMOOTH_GRAD:
        return math.ceil(settings.samples / min(settings.samples, batch))
    if method is Method.OCCLUSION:
        window, stride = _window(settings, x)
        places = math.prod(math.ceil((side - window) / stride) + 1 for side in x.shape[-2:])
        return math.ceil(places / batch) + 1
    return 2 if method is Method.GUIDED_GRAD_CAM else 1


def _attribution(method: Method, values: Tensor, x: Tensor, layer: str | None) -> Attribution:
    values = values.detach().cpu()
    if values.shape[-2:] != x.shape[-2:]:
        grid = F.interpolate(values, x.shape[-2:], mode="bilinear", align_corners=False)
        return Attribution(method, values, grid[0, 0], layer)
    if method is Method.OCCLUSION:
        return Attribution(method, values, values[0].mean(0), layer)
    signed = ABOUT[method].signed
    return Attribution(method, values, values[0].sum(0) if signed else values[0].abs().amax(0), layer)
