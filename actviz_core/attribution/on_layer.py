"""Grad-CAM and Guided Grad-CAM by captum, or by an own pass where captum would see other values."""

from typing import Any

import torch.nn.functional as F
from captum.attr import GuidedBackprop, GuidedGradCam, LayerGradCam
from torch import Tensor, nn

from actviz_core.attribution.answer import Answer, Question
from actviz_core.attribution.grad_cam import grid_cam, layout_for_cam, no_influence
from actviz_core.attribution.methods import Method
from actviz_core.attribution.possible import watched
from actviz_core.errors import NotPossibleError, UnknownLayerError
from actviz_core.hooks.called import Versions, versions_of
from actviz_core.hooks.lent import lent
from actviz_core.hooks.passes import unwrap
from actviz_core.hooks.walk import named_modules
from actviz_core.layouts.layout import LayoutKind


class _NotCaptumsError(Exception):
    """The layer's channels are not where captum looks for them."""


def on_layer(
    module: nn.Module, x: Tensor, question: Question, method: Method, layer: str, answer: Answer
) -> Tensor:
    """Run one of the two on a layer: (1, 1, rows, columns) for Grad-CAM, (1, C, H, W) for the guided one.

    Raises `NotPossibleError` for a layer without a grid over the picture or that runs several times, and
    `UnknownLayerError`.
    """
    root = unwrap(module).root
    found = dict(named_modules(root)).get(layer)
    if found is None:
        raise UnknownLayerError(f"{layer!r} is not a layer of this network.")
    values = _by_captum(root, found, x, method, layer, answer)
    if values is not None:
        return values
    cam = grid_cam(module, x, question, layer)
    if method is Method.GRAD_CAM:
        answer.passed()
        return cam
    with lent(root):
        given = x.detach().clone().requires_grad_()
        guided = watched(root, method, lambda: GuidedBackprop(answer).attribute(given, answer.column))
    answer.passed()
    return guided.detach().cpu() * F.interpolate(cam, x.shape[-2:])


def _by_captum(
    root: nn.Module, found: nn.Module, x: Tensor, method: Method, layer: str, answer: Answer
) -> Tensor | None:
    """What captum gives; None where the layer's channels come last, or it is overwritten later."""
    size = (x.shape[-2], x.shape[-1])

    def look(seen: Versions, output: Any) -> None:
        if not isinstance(output, Tensor):
            raise NotPossibleError(f"Grad-CAM needs a layer that returns one tensor; {layer!r} did not.")
        if seen.calls > answer.done + 1:
            raise NotPossibleError(
                f"Grad-CAM needs a layer that runs once a pass; {layer!r} runs several times."
            )
        if layout_for_cam(root, layer, tuple(output.shape), size).kind is not LayoutKind.MAPS:
            raise _NotCaptumsError

    with lent(root), versions_of(found, look) as seen:
        given = x.detach().clone().requires_grad_()
        try:
            if method is Method.GUIDED_GRAD_CAM:
                run = GuidedGradCam(answer, found).attribute
                values: Tensor = watched(root, method, lambda: run(given, answer.column))
            else:
                values = LayerGradCam(answer, found).attribute(given, answer.column, relu_attributions=True)
        except _NotCaptumsError:
            return None
        except RuntimeError as error:
            if seen.overwritten:
                return None
            if "appears to not have been used in the graph" in str(error):
                raise no_influence(layer) from error
            raise
        if seen.tensor is None:
            raise NotPossibleError(f"Grad-CAM needs a layer that runs; {layer!r} never does.")
        return None if seen.overwritten else values.detach()
