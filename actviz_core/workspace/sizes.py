"""The size of activations and gradients of every layer for one picture, in a pass and one back."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from actviz_core.analysis.layer_sizes import LayerSizes
from actviz_core.errors import ActVizError, ModelFailedError
from actviz_core.hooks import ModuleRow, capture_gradients, reduce_calls
from actviz_core.models import Model


def innermost(rows: Sequence[ModuleRow]) -> list[str]:
    """The layers that hold no other ones, that run and that return a tensor."""
    return [
        row.name for row in rows if row.name and not row.step and row.calls and row.shape and not row.children
    ]


def layer_sizes(
    model: Model, inputs: Callable[[], Tensor], layers: Sequence[str], target: int | None
) -> LayerSizes:
    """The root of the mean square of what each call of ``layers`` returned, and of a class's gradient there.

    With ``target`` None there are no gradients. Raises `ModelFailedError` where the network itself raised.
    """
    try:
        sizes = reduce_calls(model.module, inputs(), layers, lambda _call, _place, value: _size(value))
        if target is None:
            return LayerSizes(tuple(sizes), np.array([*sizes.values()], np.float64), None)
        found = capture_gradients(model.module, inputs(), target, layers)
    except ActVizError:
        raise
    except Exception as error:
        raise ModelFailedError(f"{model.key} could not be followed back: {error}") from error
    back = {call: _size(found[call]) for call in found}
    gradients = [back.get(call, np.nan) for call in sizes]
    return LayerSizes(tuple(sizes), np.array([*sizes.values()], np.float64), np.array(gradients, np.float64))


def _size(value: Tensor) -> float:
    numbers = value.detach()
    if numbers.is_nested or numbers.layout is not torch.strided or not numbers.numel():
        return float("nan")
    numbers = numbers.abs() if numbers.is_complex() else numbers
    return float(numbers.double().square().mean().sqrt())
